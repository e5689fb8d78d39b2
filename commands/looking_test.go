package commands_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
)

var petra = oversight.By{Actor: "petra", Known: oversight.Claimed, Reason: oversight.ForRequest}

func viewed(subject domain.SubjectKey, changes ...func(*oversight.RecordViewed)) oversight.RecordViewed {
	v := oversight.RecordViewed{By: petra, Controller: "fenland", Subjects: []domain.SubjectKey{subject}, View: oversight.Trail}
	for _, change := range changes {
		change(&v)
	}
	return v
}

// looked gives the looks in the log, once all are.
func (w *world) looked() (facts []domain.Fact) {
	w.Helper()
	end, err := w.ledger.LooksRecorded(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	events, _ := w.events()
	if len(events) < int(end) {
		w.Fatalf("%d events, the end is %s", len(events), end)
	}
	for _, e := range events {
		if e.Source == oversight.Source {
			facts = append(facts, e.Fact)
		}
	}
	return facts
}

func TestLooksWithinAMinuteAreOneEvent(t *testing.T) {
	later := func(d time.Duration) func(*world) { return func(w *world) { w.clock.add(d) } }
	look := func(v oversight.RecordViewed) func(*world) {
		return func(w *world) {
			if err := w.ledger.Looked(v); err != nil {
				w.Fatal(err)
			}
		}
	}
	reveal := func(w *world) {
		r := oversight.DetailsRevealed{By: petra, Controller: "fenland", Subjects: []domain.SubjectKey{1}, View: oversight.Trail}
		if err := w.ledger.Revealed(context.Background(), r); err != nil {
			w.Fatal(err)
		}
	}
	for rule, c := range map[string]struct {
		steps []func(*world)
		want  int
	}{
		"one look":                       {[]func(*world){look(viewed(1))}, 1},
		"the same look again":            {[]func(*world){look(viewed(1)), later(59 * time.Second), look(viewed(1))}, 1},
		"a minute later":                 {[]func(*world){look(viewed(1)), later(time.Minute), look(viewed(1))}, 2},
		"at another person":              {[]func(*world){look(viewed(1)), look(viewed(2))}, 2},
		"at another view":                {[]func(*world){look(viewed(1)), look(viewed(1, func(v *oversight.RecordViewed) { v.View = oversight.Places }))}, 2},
		"by another":                     {[]func(*world){look(viewed(1)), look(viewed(1, func(v *oversight.RecordViewed) { v.Actor = "sam" }))}, 2},
		"for another case":               {[]func(*world){look(viewed(1)), look(viewed(1, func(v *oversight.RecordViewed) { v.Case = "case-2" }))}, 2},
		"as of another position":         {[]func(*world){look(viewed(1)), look(viewed(1, func(v *oversight.RecordViewed) { v.At = 3 }))}, 2},
		"a look is not an opening":       {[]func(*world){look(viewed(1)), reveal}, 2},
		"openings within one minute too": {[]func(*world){reveal, reveal}, 1},
	} {
		t.Run(rule, func(t *testing.T) {
			w := declared(t)
			for _, step := range c.steps {
				step(w)
			}
			if got := w.looked(); len(got) != c.want {
				t.Errorf("%d events: %+v", len(got), got)
			}
			w.check()
		})
	}
}

// Nobody who looks waits for the log; whoever opens what is sealed does.
func TestLookingDoesNotWaitAndOpeningDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := declared(t)
		release := w.log.Hold()
		if err := w.ledger.Looked(viewed(1)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := w.ledger.Revealed(ctx, oversight.DetailsRevealed{By: petra, View: oversight.Contacts})
		if !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("while nothing can be recorded, opening is answered with %v", err)
		}
		release()
		if err := w.ledger.Revealed(t.Context(), oversight.DetailsRevealed{By: petra, View: oversight.Details}); err != nil {
			t.Errorf("after that with %v", err)
		}
		if got := w.looked(); len(got) != 3 {
			t.Errorf("recorded: %+v", got)
		}
		w.check()
	})
}

func TestOnlySoManyLooksWait(t *testing.T) {
	const most = 4_096
	synctest.Test(t, func(t *testing.T) {
		w := declared(t)
		release := w.log.Hold()
		for i := range most {
			if err := w.ledger.Looked(viewed(domain.SubjectKey(i + 1))); err != nil {
				t.Fatalf("look %d: %v", i, err)
			}
		}
		if err := w.ledger.Looked(viewed(most + 1)); !errors.Is(err, domain.ErrBusy) {
			t.Errorf("one more is answered with %v", err)
		}
		release()
		if got := w.looked(); len(got) != most {
			t.Errorf("%d are recorded", len(got))
		}
		if err := w.ledger.Looked(viewed(most + 1)); err != nil {
			t.Errorf("when there is room again: %v", err)
		}
		w.stop()
		if err := w.ledger.Looked(viewed(most + 2)); !errors.Is(err, commands.ErrClosed) {
			t.Errorf("after closing: %v", err)
		}
		if got := len(lookIDs(w)); got != most+1 {
			t.Errorf("%d are in the log after closing", got)
		}
	})
}

func lookIDs(w *world) (ids []string) {
	events, _ := w.events()
	for _, e := range events {
		if e.Source == oversight.Source {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// However an append goes wrong, a look is in the log once.
func TestLooksAreRecordedOnceThroughFaults(t *testing.T) {
	for _, fault := range []memlog.Fault{memlog.Refused, memlog.Lost, memlog.Unanswered} {
		t.Run(strconv.Itoa(int(fault)), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := declared(t)
				w.log.Inject(fault)
				for i := range 3 {
					if err := w.ledger.Looked(viewed(domain.SubjectKey(i + 1))); err != nil {
						t.Fatal(err)
					}
				}
				if got := w.looked(); len(got) != 3 {
					t.Errorf("%d looks are recorded", len(got))
				}
				w.check()
			})
		})
	}
}

func TestExportsAndVerificationsAreRecordedAsTheyAre(t *testing.T) {
	w := declared(t)
	export := oversight.ExportMade{By: petra, What: "trail", Format: "csv", Until: 7, Rows: 2, Bytes: 90, SHA256: strings.Repeat("0f", 32)}
	check := oversight.VerificationMade{By: petra, Until: 7, Intact: true}
	for rule, do := range map[string]func() (commands.Settled, error){
		"an export":      func() (commands.Settled, error) { return w.ledger.Exported(t.Context(), export) },
		"a verification": func() (commands.Settled, error) { return w.ledger.Verified(t.Context(), check) },
	} {
		if settled, err := do(); err != nil || settled.Events != 1 || settled.Position < facts {
			t.Errorf("%s: %+v, %v", rule, settled, err)
		}
	}
	bad := uint64(3)
	for rule, do := range map[string]func() error{
		"a digest that is none": func() error {
			e := export
			e.SHA256 = "x"
			_, err := w.ledger.Exported(t.Context(), e)
			return err
		},
		"a span beyond the end": func() error {
			_, err := w.ledger.Verified(t.Context(), oversight.VerificationMade{By: petra, Until: 99})
			return err
		},
		"intact with a wrong position": func() error {
			_, err := w.ledger.Verified(t.Context(), oversight.VerificationMade{By: petra, Intact: true, Bad: &bad})
			return err
		},
		"a root that is none": func() error {
			_, err := w.ledger.Verified(t.Context(), oversight.VerificationMade{By: petra, Root: "x"})
			return err
		},
	} {
		if err := do(); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if again, err := w.ledger.Verified(t.Context(), check); err != nil || again.Events != 1 {
		t.Errorf("the same check again: %+v, %v", again, err)
	}
	if got := w.looked(); len(got) != 2 {
		t.Errorf("recorded: %+v", got)
	}
	w.check()
}
