package history_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/history"
	"github.com/jigowatt/daybook/projections/orders"
	"github.com/jigowatt/daybook/projections/projectiontest"
	registers "github.com/jigowatt/daybook/projections/register"
	"github.com/jigowatt/daybook/projections/requests"
)

// book is a log with a history over it.
type book struct {
	*history.History
	t   *testing.T
	log *memlog.Log
	dir string
	end domain.Position
	now time.Time
}

func open(t *testing.T, views ...projections.Projection) *book {
	t.Helper()
	b := &book{t: t, log: memlog.New(memlog.Config{}), dir: t.TempDir(), now: projectiontest.Start}
	var err error
	b.History, err = history.New(b.log, projectiontest.Open, views, history.Config{Dir: b.dir, Now: func() time.Time { return b.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// at is a fact with the day on which it happened.
func (b *book) at(day int, facts ...domain.Fact) {
	b.t.Helper()
	for _, fact := range facts {
		events := projectiontest.Events(b.end, fact)
		events[0].Time = projectiontest.Start.AddDate(0, 0, day)
		if err := b.log.Append(b.t.Context(), b.end, projectiontest.Encode(b.t, events...)); err != nil {
			b.t.Fatal(err)
		}
		b.end++
	}
}

// on asks how a view was at the end of a day.
func (b *book) on(view string, day int, change ...func(*history.OnDate)) *history.Told {
	b.t.Helper()
	q := history.OnDate{On: projectiontest.Start.AddDate(0, 0, day).Add(time.Hour), End: b.end}
	for _, c := range change {
		c(&q)
	}
	told, release, err := b.OnDate(b.t.Context(), view, q)
	if err != nil {
		b.t.Fatalf("%+v", err)
	}
	release()
	return told
}

func used() domain.Fact {
	return dossier.ActionRecorded{Controller: "fenland-cycles", Subject: 7, Identifier: "email", Service: "webshop", Action: "a", Operation: domain.Use}
}

func (b *book) counts(day int, change ...func(*history.OnDate)) string {
	b.t.Helper()
	told := b.on("count", day, change...)
	return fmt.Sprintf("%d at %s", counted(b.t, told), told.End())
}

func TestEventsCountOnTheirDayAndSayWhereTheyStand(t *testing.T) {
	b := open(t, counter{})
	b.at(5, used()) // 0
	b.at(2, used()) // 1
	b.at(9, used()) // 2
	for day, want := range map[int]string{1: "", 2: "1", 4: "1", 5: "1 0", 9: "1 0 2"} {
		told := b.on("count", day)
		var got []string
		for number := range domain.Position(counted(t, told)) {
			at, recorded, err := told.Origin(number)
			if err != nil || !recorded.Equal(projectiontest.Start.Add(time.Duration(at)*time.Second)) {
				t.Fatalf("day %d: event %s recorded %s: %+v", day, at, recorded, err)
			}
			got = append(got, at.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("on day %d: %q, want %q", day, got, want)
		}
		if _, _, err := told.Origin(domain.Position(len(got))); !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("on day %d: beyond the last: %v", day, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(b.dir, "*", "happened*")); len(left) != 0 {
		t.Errorf("the order of events is left: %v", left)
	}
}

func TestWhatWasBuiltAnswersAsLongAsNothingSinceConcernsIt(t *testing.T) {
	b := open(t, counter{})
	fixed := func(at domain.Position) func(*history.OnDate) {
		return func(q *history.OnDate) { q.Fixed, q.End = true, at }
	}
	built := func() int {
		folders, _ := filepath.Glob(filepath.Join(b.dir, "count-*"))
		last := 0
		for _, f := range folders {
			n := 0
			if _, err := fmt.Sscanf(filepath.Base(f), "count-%d", &n); err != nil {
				t.Fatal(err)
			}
			last = max(last, n)
		}
		return last
	}
	b.at(1, used())
	for _, step := range []struct {
		rule  string
		day   int // of an event that is recorded before, -1 for none
		ask   func(*history.OnDate)
		want  string
		built int
	}{
		{"it is built", -1, nil, "1 at 1", 1},
		{"once", -1, nil, "1 at 1", 1},
		{"what happened later does not concern it", 6, nil, "1 at 2", 1},
		{"nor is another needed for a position at which it is the same", -1, fixed(1), "1 at 1", 1},
		{"what is reported late does", 2, nil, "2 at 3", 2},
		{"with what was known then", -1, fixed(2), "1 at 2", 3},
		{"and again", -1, fixed(2), "1 at 2", 3},
		{"and now", -1, nil, "2 at 3", 3},
	} {
		if step.day >= 0 {
			b.at(step.day, used())
		}
		var change []func(*history.OnDate)
		if step.ask != nil {
			change = append(change, step.ask)
		}
		if got := b.counts(5, change...); got != step.want || built() != step.built {
			t.Errorf("%s: %s, the %d. built; want %s, the %d.", step.rule, got, built(), step.want, step.built)
		}
	}
	if left, _ := os.ReadDir(b.dir); len(left) != 2 {
		t.Errorf("%d are kept", len(left))
	}
}

func TestWhoeverAsksAgainIsGivenWhatWasBuiltForThemThoughMoreCame(t *testing.T) {
	for rule, row := range map[string]struct {
		after time.Duration
		least domain.Position
		want  string
	}{
		"what was built meanwhile":              {time.Second, 0, "1 at 1"},
		"but not without what must be known":    {time.Second, 2, "2 at 2"},
		"nor after more than a minute":          {time.Hour, 0, "2 at 2"},
		"what must be known may be in it, too":  {time.Second, 1, "1 at 1"},
		"a minute is over when it is a minute":  {time.Minute, 0, "2 at 2"},
		"just before it is not":                 {time.Minute - time.Second, 0, "1 at 1"},
		"whatever must be known, after an hour": {time.Hour, 1, "2 at 2"},
	} {
		synctest.Test(t, func(t *testing.T) {
			gate := make(chan struct{})
			b := open(t, counter{gate})
			b.at(1, used())
			impatient, cancel := context.WithCancel(t.Context())
			cancel()
			q := history.OnDate{On: projectiontest.Start.AddDate(0, 0, 5), End: 1}
			if _, _, err := b.OnDate(impatient, "count", q); !errors.Is(err, domain.ErrUnavailable) {
				t.Fatalf("%s: %+v", rule, err)
			}
			if p, building := b.Building("count", q); !building || p.Of == 0 {
				t.Errorf("%s: %+v", rule, p)
			}
			close(gate)
			synctest.Wait() // it is built
			b.at(2, used())
			b.now = b.now.Add(row.after)
			if got := b.counts(5, func(q *history.OnDate) { q.On, q.Least = projectiontest.Start.AddDate(0, 0, 5), row.least }); got != row.want {
				t.Errorf("%s: %s, want %s", rule, got, row.want)
			}
		})
	}
}

func TestAnOrderIsAnsweredByWhenTheServiceActedAndNeverBeforeItWasSent(t *testing.T) {
	b := open(t, orders.Projection())
	of := dossier.Of{Controller: "fenland-cycles", Subject: 7}
	erased := used().(dossier.ActionRecorded)
	erased.Operation, erased.Order = domain.Erase, "o1"
	sent := dossier.OrderSent{Of: of, Order: "o1", Kind: dossier.TaskErase, Service: "webshop", Reason: "retention"}
	b.at(3, sent)
	b.at(1, erased) // by a clock that is wrong
	sent.Order, erased.Order = "o2", "o2"
	b.at(3, sent)
	b.at(8, dossier.OrderEscalated{Of: of, Order: "o2"})
	b.at(6, erased) // reported after that
	for day, want := range map[int]string{2: "", 3: "o1 answered; o2 open", 5: "o1 answered; o2 open", 6: "o1 answered; o2 answered", 8: "o1 answered; o2 answered"} {
		page, err := orders.New(b.on(orders.Name, day)).List(t.Context(), orders.Query{})
		if err != nil || page.Position != b.end {
			t.Fatalf("%+v", err)
		}
		var got []string
		for _, o := range page.Orders {
			got = append(got, o.Order+" "+string(o.State))
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("on day %d: %q, want %q", day, got, want)
		}
	}
}

func TestStepsOfACaseCountOnTheDayThatTheyNameAndInTheirOrder(t *testing.T) {
	b := open(t, requests.Projection())
	of := func(n int) request.Of {
		return request.Of{Controller: "fenland-cycles", Case: "c1", On: calendar.DateOf(projectiontest.Start.AddDate(0, 0, n))}
	}
	key := request.Key{Controller: "fenland-cycles", Case: "c1"}
	b.at(9, request.Received{Of: of(2), Kind: request.Access, Subjects: []domain.SubjectKey{7}, Owner: "petra", Regime: domain.UK, Calendar: calendar.EnglandAndWales})
	b.at(9, request.Acknowledged{Of: of(6)})
	b.at(9, request.Assigned{Of: of(4), Owner: "sam"}) // told after the acknowledgement, of a day before
	b.at(12, request.Withdrawn{Of: of(12)})
	for day, want := range map[int]int{1: 0, 2: 0, 3: 1, 5: 1, 7: 3, 11: 3, 12: 4} {
		_, steps, _, err := requests.New(b.on(requests.Name, day)).One(t.Context(), key)
		if want == 0 && errors.Is(err, domain.ErrNotFound) {
			continue
		}
		if err != nil || len(steps) != want {
			t.Errorf("on day %d: %d steps, want %d: %v", day, len(steps), want, err)
		}
	}
}

func TestAFirstDeclarationCountsFromTheBeginningAndAChangeSinceItWasDeclared(t *testing.T) {
	b := open(t, registers.Projection())
	in := func(country domain.Location) register.RecipientDeclared {
		return register.RecipientDeclared{Recipient: "northprint", Name: "Northprint", Kind: register.SubProcessor, Country: country}
	}
	announced := register.RecipientDeclared{Recipient: "skyhigh", Name: "Sky High", Kind: register.SubProcessor, Country: "US", Announced: projectiontest.Start.AddDate(0, 0, 4)}
	b.at(3, in("GB"))
	b.at(6, in("US"), announced)
	for day, want := range map[int]string{1: "GB ", 3: "GB ", 4: "GB US", 5: "GB US", 6: "US US"} {
		r, err := registers.New(b.on(registers.Name, day)).All(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(r.Recipients["northprint"].Country) + " " + string(r.Recipients["skyhigh"].Country); got != want {
			t.Errorf("on day %d: %q, want %q", day, got, want)
		}
	}
}

func TestAnEventAsLargeAsCanBeIsToldToo(t *testing.T) {
	b := open(t, counter{})
	fact := used().(dossier.ActionRecorded)
	e := projectiontest.Events(0, fact)[0]
	e.Recorded = projectiontest.Start.Truncate(time.Second) // as short as can be
	e.Time = e.Recorded.Add(-time.Hour - 7*time.Millisecond)
	for fact.Details = make(domain.Sealed, 40_000); ; fact.Details = append(fact.Details, 0) {
		e.Fact = fact
		stored := projectiontest.Encode(t, e)[0]
		if len(stored) >= domain.MaxEventBytes-3 {
			if err := b.log.Append(t.Context(), 0, [][]byte{stored}); err != nil {
				t.Fatal(err)
			}
			b.end = 1
			break
		}
		if room := domain.MaxEventBytes - len(stored); room > 8 {
			fact.Details = append(fact.Details, make([]byte, room*3/4-5)...)
		}
	}
	if got := b.counts(1); got != "1 at 1" {
		t.Errorf("%s", got)
	}
}
