package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
)

const (
	customer = "customer:4711"
	ofPeople = "/api/v1/controllers/fenland-cycles/people/"
)

// day is a morning of November 2026; the tests' ledger records everything on the 23rd.
func day(n int) time.Time { return time.Date(2026, 11, n, 9, 0, 0, 0, time.UTC) }

// happened records an action of which the service says when it happened.
func (l *ledger) happened(id string, at time.Time, data map[string]any) wire.Receipt {
	l.t.Helper()
	return as[wire.Receipt](l.t, l.request(http.MethodPost, recordPath, wire.ContentEvent,
		encoded(l.t, with(event(id, data), "time", at.Format(time.RFC3339)))))
}

// said records a matter of which somebody says when it was.
func (l *ledger) said(at time.Time, m wire.Matter) {
	l.t.Helper()
	m.Person, m.At = customer, &at
	as[wire.Settled](l.t, l.post(ofPeople+"matters", m))
}

// onDate tells in short how it was with the person: the trail, what was held, where it was, and what stood.
func (l *ledger) onDate(query string) string {
	l.t.Helper()
	person := as[wire.Person](l.t, l.post(ofPeople+"show?"+query, map[string]any{"person": customer, "order": "oldest"}))
	places := as[wire.Places](l.t, l.post(ofPeople+"places?"+query, map[string]any{"person": customer}))
	s := as[wire.Standing](l.t, l.post(ofPeople+"standing?"+query, map[string]any{"person": customer}))
	var told []string
	for _, e := range person.Trail.Entries {
		late := ""
		if e.Late {
			late = " late"
		}
		told = append(told, orType(e)+late)
	}
	for _, h := range person.Holdings {
		told = append(told, fmt.Sprintf("held in %s since %d by %d", h.System, h.Since.Day(), h.Position))
	}
	for _, p := range places.Places {
		told = append(told, fmt.Sprintf("%s open %v since %d", p.Name, p.Open, p.FirstPosition))
	}
	for _, x := range s.Consents {
		told = append(told, fmt.Sprintf("consent, withdrawn %v", x.Withdrawn != nil))
	}
	for _, x := range s.Restrictions {
		told = append(told, fmt.Sprintf("restriction, lifted %v", x.Lifted != nil))
	}
	for _, x := range s.Holds {
		told = append(told, "hold "+x.ID)
	}
	return strings.Join(told, "; ")
}

// caughtUp waits until every view has what is recorded.
func (l *ledger) caughtUp() {
	l.t.Helper()
	for _, view := range l.views.Status() {
		awaitView(l.t, l, view.Name, l.ledger.State().End)
	}
}

func orType(e wire.TrailEntry) string {
	if e.Service != "" {
		return e.ID
	}
	return strings.TrimSuffix(strings.TrimPrefix(e.Type, "daybook."), ".v1")
}

func TestHowItWasOnADateGivenAllThatIsKnown(t *testing.T) {
	name := func(operation, system string, more ...any) map[string]any {
		return with(action(operation, customer), append([]any{"categories", []string{"pd:Name"}, "system", system}, more...)...)
	}
	for _, row := range []struct {
		rule  string
		given func(*ledger)
		on    map[string]string
	}{
		{"a late report counts on the day on which it happened", func(l *ledger) {
			l.happened("stored", day(14), name("Store", "crm"))
		}, map[string]string{
			"on=2026-11-14":           "stored late; held in crm since 14 by 7; crm open true since 7",
			"on=2026-11-13":           "",
			"on=2026-11-14T08:59:59Z": "",
			"on=2026-11-14T09:00:00Z": "stored late; held in crm since 14 by 7; crm open true since 7",
			"on=2026-11-23":           "stored; held in crm since 14 by 7; crm open true since 7",
		}},
		{"what was erased after it was stored is gone, in whatever order it was reported", func(l *ledger) {
			l.happened("erased", day(16), name("Erase", "crm"))
			l.happened("stored", day(15), name("Store", "crm"))
		}, map[string]string{
			"on=2026-11-15": "stored late; held in crm since 15 by 8; crm open true since 8",
			"on=2026-11-16": "stored late; erased late; crm open false since 8",
		}},
		{"a move that was reported late took place when it did", func(l *ledger) {
			l.happened("stored", day(10), name("Store", "shop"))
			l.happened("used", day(20), name("Use", "crm"))
			l.happened("moved", day(12), name("Move", "crm", "from", "shop"))
		}, map[string]string{
			"on=2026-11-11": "stored late; held in shop since 10 by 7; shop open true since 7",
			"on=2026-11-12": "stored late; moved late; held in crm since 12 by 9; crm open true since 9; shop open false since 7",
		}},
		{"a consent that was withdrawn with a past date stood until then", func(l *ledger) {
			l.happened("stored", day(1), name("Store", "crm"))
			l.said(day(2), wire.Matter{Kind: wire.MatterConsentGiven, Instruction: "orders", How: "paper"})
			l.said(day(9), wire.Matter{Kind: wire.MatterConsentWithdrawn, Instruction: "orders", How: "letter"})
		}, map[string]string{
			"on=2026-11-08": "stored late; consent.given late; held in crm since 1 by 7; crm open true since 7; consent, withdrawn false",
			"on=2026-11-09": "stored late; consent.given late; consent.withdrawn late; held in crm since 1 by 7; crm open true since 7; consent, withdrawn true",
		}},
		{"a hold that was released stood until its release", func(l *ledger) {
			l.happened("stored", day(1), name("Store", "crm"))
			l.said(day(2), wire.Matter{Kind: wire.MatterHold, ID: "h1", Ground: "legal-claim", Reference: "Claim 7"})
			l.said(day(9), wire.Matter{Kind: wire.MatterHoldReleased, ID: "h1"})
		}, map[string]string{
			"on=2026-11-08": "stored late; hold.placed late; held in crm since 1 by 7; crm open true since 7; hold h1",
			"on=2026-11-09": "stored late; hold.placed late; hold.released late; held in crm since 1 by 7; crm open true since 7",
		}},
		{"on a date with what was known at a position", func(l *ledger) {
			l.happened("stored", day(14), name("Store", "crm"))
			l.happened("erased", day(15), name("Erase", "crm"))
		}, map[string]string{
			"on=2026-11-15&at=8": "stored late; held in crm since 14 by 7; crm open true since 7",
			"on=2026-11-15&at=9": "stored late; erased late; crm open false since 7",
			"on=2026-11-13&at=9": "",
		}},
		{"who is who is as it is known, whenever it became known", func(l *ledger) {
			l.happened("stored", day(14), with(name("Store", "crm"), "subjects", []string{"email:ada@example.org"}))
			l.happened("used", day(15), name("Use", "crm"))
			l.post(ofPeople+"matters", wire.Matter{Person: "email:ada@example.org", Kind: wire.MatterHold, ID: "h2", Ground: "legal-claim", Reference: "Claim 8", At: new(day(14))})
			as[wire.Linked](t, l.post(ofPeople+"link", wire.LinkRequest{Known: customer, Also: "email:ada@example.org"}))
		}, map[string]string{
			"on=2026-11-14":      "stored late; hold.placed late; held in crm since 14 by 7; crm open true since 7; hold h2",
			"on=2026-11-14&at=8": "stored late; held in crm since 14 by 7; crm open true since 7",
		}},
	} {
		l := declared(t)
		row.given(l)
		l.caughtUp()
		for query, want := range row.on {
			if got := l.onDate(query); got != want {
				t.Errorf("%s: %s:\n got %s\nwant %s", row.rule, query, got, want)
			}
		}
	}
}

func TestPagesOfATrailOnADate(t *testing.T) {
	l := declared(t)
	for i, n := range []int{12, 10, 14, 11, 20} {
		l.happened(fmt.Sprintf("a%d", i), day(n), action("Store", customer))
	}
	l.caughtUp()
	for order, want := range map[string]string{"oldest": "a1 a3 a0 a2", "newest": "a2 a0 a3 a1"} {
		var got []string
		query := map[string]any{"person": customer, "order": order, "limit": 3}
		for pages := 0; pages < 3; pages++ {
			page := as[wire.Trail](t, l.post(ofPeople+"trail?on=2026-11-14", query))
			for _, e := range page.Entries {
				got = append(got, e.ID)
			}
			if end := uint64(l.ledger.State().End); page.Position == 0 || page.Position > end {
				t.Errorf("the page rests on %d of %d", page.Position, end)
			}
			if page.Next == nil {
				break
			}
			query["after"] = *page.Next
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", order, got, want)
		}
	}
	if a := l.post(ofPeople+"trail?on=2026-11-14", map[string]any{"person": customer, "after": 11}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("after an entry of another date: %d %s", a.status, a.body)
	}
	if a := l.post(ofPeople+"trail?on="+canary, map[string]any{"person": customer}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("on no date: %d %s", a.status, a.body)
	}
	for _, path := range []string{"/log", "/looks", "/findings/retroactive", "/status"} {
		if a := l.get("/api/v1" + path + "?on=2026-11-14"); a.status != http.StatusUnprocessableEntity || !strings.Contains(string(a.body), `"hint":"`) {
			t.Errorf("%s, which has no dates: %d %s", path, a.status, a.body)
		}
	}
}

func TestALedgerWithoutHindsightSaysSo(t *testing.T) {
	l := declared(t, func(c *api.Config) { c.Hindsight = nil })
	l.record("a", action("Store", customer))
	if a := l.post(ofPeople+"holdings?on=2026-11-14", map[string]any{"person": customer}); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
}
