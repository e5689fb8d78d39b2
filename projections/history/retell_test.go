package history_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/history"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

func happened() []domain.Event {
	act := func(op domain.Operation, system, from string) domain.Fact {
		return dossier.ActionRecorded{
			Controller: "fenland-cycles", Subject: 7, Identifier: "email", Service: "webshop", Action: "a", Operation: op, System: system, From: from,
			Categories: []domain.Category{"pd:Name"},
		}
	}
	return projectiontest.Events(0, act(domain.Store, "shop", ""), act(domain.Move, "crm", "shop"), act(domain.Erase, "crm", ""))
}

func TestEventsToldAgainGiveWhatTheirOrderGives(t *testing.T) {
	dir := t.TempDir()
	h, err := history.New(memlog.New(memlog.Config{}), projectiontest.Open, []projections.Projection{holdings.Projection()}, history.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	moved := happened()
	slices.Reverse(moved)
	for rule, row := range map[string]struct {
		events []domain.Event
		held   string
	}{
		"none":                             {nil, ""},
		"the first":                        {happened()[:1], "shop"},
		"a move takes away what was there": {happened()[:2], "crm"},
		"all":                              {happened(), ""},
		"what came last stands":            {moved, "crmshop"},
	} {
		view, release, err := h.Retell(t.Context(), holdings.Name, row.events)
		if err != nil {
			t.Fatalf("%s: %+v", rule, err)
		}
		person, err := holdings.New(view).Of(t.Context(), "fenland-cycles", []domain.SubjectKey{7})
		if err != nil || person.Position != domain.Position(len(row.events)) {
			t.Fatalf("%s: at %s, %+v", rule, person.Position, err)
		}
		got := ""
		for _, i := range person.Items {
			got += i.System
		}
		if got != row.held {
			t.Errorf("%s: held in %q, want %q", rule, got, row.held)
		}
		release()
		release()
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s: %d files are left", rule, len(left))
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Retell(t.Context(), holdings.Name, nil); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("after closing: %+v", err)
	}
}

func TestWhatCannotBeToldAgainIsRefused(t *testing.T) {
	h := past(t, 1, counter{}, history.Config{})
	if _, _, err := h.Retell(t.Context(), "count", make([]domain.Event, history.MaxRetold+1)); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("too many: %+v", err)
	}
	if _, _, err := h.Retell(t.Context(), "nothing", nil); !errors.HasAssertionFailure(err) {
		t.Errorf("no such view: %+v", err)
	}
}

func TestTwoAreToldAgainAtOnceAndAThirdWaitsAsLongAsItLikes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		h := past(t, 1, counter{gate}, history.Config{})
		ended := make(chan error)
		for range 2 {
			go func() {
				_, release, err := h.Retell(t.Context(), "count", happened()[:1])
				if err == nil {
					release()
				}
				ended <- err
			}()
		}
		synctest.Wait() // both stand at the gate
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := h.Retell(impatient, "count", nil); !errors.Is(err, domain.ErrBusy) {
			t.Errorf("a third: %+v", err)
		}
		close(gate)
		for range 2 {
			if err := <-ended; err != nil {
				t.Errorf("%+v", err)
			}
		}
		_, release, err := h.Retell(t.Context(), "count", happened())
		if err != nil {
			t.Fatalf("afterwards: %+v", err)
		}
		release()
	})
}
