package api_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
)

// patient lets views on a date be built for as long as a slow machine takes.
func patient(c *api.Config) { todayIs(c); c.Patience = time.Minute }

// told gives in short what each view says; query is a date, and more.
var told = map[string]func(l *ledger, query string) string{
	"findings": func(l *ledger, query string) string {
		var out []string
		for _, e := range as[wire.Findings](l.t, l.get("/api/v1/findings?"+query)).Entries {
			out = append(out, fmt.Sprintf("%s of %d known %d", e.Findings[0].Code, e.Time.Day(), e.Recorded.Day()))
		}
		return strings.Join(out, "; ")
	},
	"counts": func(l *ledger, query string) string {
		var out []string
		for _, c := range as[wire.FindingCounts](l.t, l.get("/api/v1/findings/counts?by=day&from=2026-11-01&"+query)).Counts {
			out = append(out, fmt.Sprintf("%s %d", c.Day, c.Entries))
		}
		return strings.Join(out, "; ")
	},
	"disclosures": func(l *ledger, query string) string {
		d := as[wire.Disclosures](l.t, l.get("/api/v1/disclosures?"+query))
		var out []string
		for _, r := range d.Recipients {
			out = append(out, fmt.Sprintf("%s %d from %d (%d) to %d", r.Recipient, r.Entries, r.First.Day(), r.FirstPosition, r.Last.Day()))
		}
		for _, r := range d.Transfers {
			out = append(out, fmt.Sprintf("to %s since %d", r.Country, r.First.Day()))
		}
		for _, o := range d.Compelled {
			out = append(out, fmt.Sprintf("%s %d informed %v", o.Order, o.Entries, o.Informed != nil))
		}
		return strings.Join(out, "; ")
	},
	"court-orders": func(l *ledger, query string) string {
		var out []string
		for _, o := range as[wire.CourtOrders](l.t, l.get("/api/v1/controllers/fenland-cycles/court-orders?"+query)).Orders {
			out = append(out, fmt.Sprintf("%s informed %v", o.Order, o.Informed != nil))
		}
		return strings.Join(out, "; ")
	},
	"due": func(l *ledger, query string) string {
		var out []string
		for _, i := range as[wire.RetentionDue](l.t, l.get("/api/v1/retention/due?"+query)).Items {
			out = append(out, fmt.Sprintf("%s of %d due %d", i.State, i.First.Day(), i.Due.Day()))
		}
		return strings.Join(out, "; ")
	},
	"calendar": func(l *ledger, query string) string {
		c := as[wire.RetentionCalendars](l.t, l.get("/api/v1/retention/calendar?"+query))
		return fmt.Sprintf("from %s: %d before, %d on %d days", c.From, c.Calendars[0].Before, c.Calendars[0].Waiting, len(c.Calendars[0].Counts))
	},
	"blocked": func(l *ledger, query string) string {
		var out []string
		for _, h := range as[wire.RetentionBlocked](l.t, l.get("/api/v1/retention/blocked?"+query)).Holds {
			out = append(out, fmt.Sprintf("%s keeps %d", h.ID, len(h.Items)))
		}
		return strings.Join(out, "; ")
	},
	"case": func(l *ledger, query string) string {
		a := l.get(cases + "/access-1?" + query)
		if a.status != http.StatusOK {
			return http.StatusText(a.status)
		}
		c := as[wire.Case](l.t, a)
		left := "-"
		if c.Legal.Left != nil {
			left = fmt.Sprint(*c.Legal.Left)
		}
		return fmt.Sprintf("%s, %d steps, legal %s %s left, promise %s late %v", c.Stage, len(c.Steps), c.Legal.Standing, left, c.Promise.Standing, c.Promise.Late)
	},
	"cases": func(l *ledger, query string) string {
		var out []string
		for _, c := range as[wire.CaseList](l.t, l.get("/api/v1/cases?"+query)).Cases {
			out = append(out, c.Case+" "+c.Stage)
		}
		return strings.Join(out, "; ")
	},
	"promises": func(l *ledger, query string) string {
		var n uint64
		for _, p := range as[wire.Promises](l.t, l.get("/api/v1/promises?"+query)).Promises {
			n += p.For.Count + p.Against.Count
		}
		return fmt.Sprint(n)
	},
	"sources": func(l *ledger, query string) string {
		for _, s := range as[wire.Sources](l.t, l.get("/api/v1/sources?"+query)).Sources {
			if s.Service == "webshop" {
				return fmt.Sprintf("%d entries, %d missing, silent %v", s.Entries, s.Gaps, s.Silent)
			}
		}
		return "unknown"
	},
	"statistics": func(l *ledger, query string) string {
		return fmt.Sprintf("%d days", len(as[wire.Statistics](l.t, l.get("/api/v1/statistics?"+query)).Statistics))
	},
	"instructions": func(l *ledger, query string) string {
		var out []string
		for _, i := range as[wire.Instructions](l.t, l.get("/api/v1/controllers/fenland-cycles/instructions?"+query)).Instructions {
			out = append(out, fmt.Sprintf("%s v%d by entry %d", i.ID, i.Version, i.Position))
		}
		return strings.Join(out, "; ")
	},
	"recipients": func(l *ledger, query string) string {
		var out []string
		for _, r := range as[wire.Recipients](l.t, l.get("/api/v1/recipients?"+query)).Recipients {
			out = append(out, r.ID)
		}
		return strings.Join(out, "; ")
	},
	"article30": func(l *ledger, query string) string {
		for _, line := range as[wire.Article30](l.t, l.get("/api/v1/controllers/fenland-cycles/article30?"+query)).Records[0].Activities[0].Lines {
			if line.Value == "Store" {
				if line.First == nil {
					return "never"
				}
				return fmt.Sprintf("from %d (%d) to %d", line.First.Day(), *line.FirstPosition, line.Last.Day())
			}
		}
		return "unknown"
	},
}

func TestViewsAreAsItWasOnADate(t *testing.T) {
	store := action("Store", customer)
	disclose := with(action("Disclose", customer), "recipient", "northprint")
	quotes := func(l *ledger) {
		doc := document()
		i := &doc.Controllers[0].Instructions[0]
		i.ID, i.Title, i.Retention = "quotes", "Quotes", []wire.Retention{{After: "recorded", Keep: "P5D"}}
		as[wire.Plan](t, l.post("/api/v1/register", doc))
	}
	court := func(l *ledger, issued time.Time, until *time.Time) {
		doc := document()
		doc.Recipients = append(doc.Recipients, wire.Recipient{ID: "crown-court", Name: "The Crown Court", Kind: "authority", Country: "GB"})
		as[wire.Plan](t, l.post("/api/v1/register", doc)) // 7
		as[wire.Settled](t, l.post("/api/v1/controllers/fenland-cycles/court-orders", wire.CourtOrder{
			Order: "co-1", Authority: "crown-court", Jurisdiction: "GB", Reference: "T/1", Issued: issued, Categories: []string{"pd:Name"}, ForbiddenUntil: until,
		})) // 8
		l.happened("given", day(7), with(disclose, "recipient", "crown-court", "order", "co-1")) // 9
	}
	for _, row := range []struct {
		rule  string
		given func(*ledger)
		view  string
		on    map[string]string
	}{
		{"a finding is of the day of its action", func(l *ledger) {
			l.happened("used", day(14), action("Use", customer))
		}, "findings", map[string]string{
			"on=2026-11-13": "", "on=2026-11-14": "operation-not-instructed of 14 known 23", "on=2026-11-14T08:00:00Z": "", "on=2026-11-20&from=2026-11-15": "",
			"on=2026-11-14&at=7": "", "on=2026-11-14&at=8": "operation-not-instructed of 14 known 23",
		}},
		{"findings are counted on the days of their actions", func(l *ledger) {
			l.happened("later", day(16), action("Use", customer))
			l.happened("earlier", day(14), action("Use", customer))
		}, "counts", map[string]string{"on=2026-11-15": "2026-11-14 1", "on=2026-11-16": "2026-11-14 1; 2026-11-16 1"}},
		{"a disclosure that was reported late was the first", func(l *ledger) {
			l.happened("second", day(16), disclose)
			l.happened("first", day(14), disclose)
			l.happened("abroad", day(18), with(disclose, "location", "US"))
		}, "disclosures", map[string]string{
			"on=2026-11-13": "", "on=2026-11-15": "northprint 1 from 14 (8) to 14", "on=2026-11-16": "northprint 2 from 14 (8) to 16",
			"on=2026-11-18": "northprint 3 from 14 (8) to 18; to US since 18", "on=2026-11-18&at=8": "northprint 1 from 16 (7) to 16",
			"": "northprint 3 from 14 (8) to 18; to US since 18",
		}},
		{"an order of a court is there since it was issued, and the client informed since then", func(l *ledger) {
			court(l, day(5), nil)
			as[wire.Settled](t, l.post("/api/v1/controllers/fenland-cycles/court-orders/co-1/informed", wire.InformedRequest{On: day(10)}))
		}, "court-orders", map[string]string{"on=2026-11-04": "", "on=2026-11-05": "co-1 informed false", "on=2026-11-10": "co-1 informed true", "on=2026-11-10&at=7": ""}},
		{"what was disclosed under an order of a court shows with it", func(l *ledger) {
			court(l, day(5), nil)
		}, "disclosures", map[string]string{
			"on=2026-11-04": "", "on=2026-11-06": "co-1 0 informed false", "on=2026-11-07": "crown-court 1 from 7 (9) to 7; co-1 1 informed false",
		}},
		{"what the law forbids telling now is told of no date", func(l *ledger) {
			court(l, day(6), new(now.AddDate(0, 0, 7)))
		}, "disclosures", map[string]string{"on=2026-11-07": "", "on=2026-11-22": "", "on=2026-11-22&secret=show": "crown-court 1 from 7 (9) to 7; co-1 1 informed false"}},
		{"what it forbade then may be told since it is allowed", func(l *ledger) {
			court(l, day(5), new(day(20)))
		}, "disclosures", map[string]string{"on=2026-11-07": "crown-court 1 from 7 (9) to 7; co-1 1 informed false"}},
		{"what was due that day, though it is gone now", func(l *ledger) {
			quotes(l)
			l.happened("stored", day(1), with(store, "instruction", "quotes"))
			l.happened("erased", day(9), with(action("Erase", customer), "instruction", "quotes"))
		}, "due", map[string]string{
			"on=2026-11-05": "", "on=2026-11-06T10:00:00Z": "due of 1 due 6", "on=2026-11-08": "overdue of 1 due 6", "on=2026-11-09": "", "": "",
			"on=2026-11-05&by=2026-11-07": "overdue of 1 due 6",
		}},
		{"a calendar begins on the day", func(l *ledger) {
			quotes(l)
			l.happened("stored", day(1), with(store, "instruction", "quotes"))
			l.happened("kept", day(2), with(store, "system", "shop"))
		}, "calendar", map[string]string{
			"on=2026-11-01&by=day": "from 2026-11-01: 0 before, 0 on 1 days", "on=2026-11-10&by=day": "from 2026-11-10: 1 before, 1 on 0 days",
		}},
		{"a hold that was released since stood", func(l *ledger) {
			l.happened("stored", day(1), store)
			l.said(day(2), wire.Matter{Kind: wire.MatterHold, ID: "h1", Ground: "legal-claim", Reference: "Claim 7"})
			l.said(day(9), wire.Matter{Kind: wire.MatterHoldReleased, ID: "h1"})
		}, "blocked", map[string]string{"on=2026-11-01": "", "on=2026-11-08": "h1 keeps 1", "on=2026-11-09": "", "": ""}},
		{"both clocks of a case stand as they did that day", func(l *ledger) {
			l.record("first", action("Store", string(ada)))
			l.open("access-1", "access", "2026-11-02")
			l.take("access-1", wire.CaseStep{Step: "asked", For: "identity", On: "2026-11-04"})
			l.take("access-1", wire.CaseStep{Step: "replied", For: "identity", Enough: true, On: "2026-11-10"})
		}, "case", map[string]string{
			"on=2026-11-01": "Not Found",
			"on=2026-11-03": "finding, 1 steps, legal running 29 left, promise running late false",
			"on=2026-11-04": "waiting, 2 steps, legal not-started - left, promise running late false",
			"on=2026-11-10": "finding, 3 steps, legal running 30 left, promise running late false",
			"on=2026-11-13": "finding, 3 steps, legal running 27 left, promise running late true",
		}},
		{"cases are those that had been received", func(l *ledger) {
			l.record("first", action("Store", string(ada)))
			l.open("later", "access", "2026-11-12")
			l.open("earlier", "erasure", "2026-11-02")
		}, "cases", map[string]string{"on=2026-11-01": "", "on=2026-11-02": "earlier finding", "on=2026-11-12": "earlier finding; later finding"}},
		{"evidence for a promise is what had happened", func(l *ledger) {
			l.happened("stored", day(14), store)
		}, "promises", map[string]string{"on=2026-11-13": "2", "on=2026-11-14": "7"}},
		{"a message that came late was missing on no day after its own", func(l *ledger) {
			for n, d := range []int{1, 3, 2} {
				as[wire.Receipt](t, l.request(http.MethodPost, recordPath, wire.ContentEvent, encoded(t,
					with(event(fmt.Sprintf("n%d", n), store), "sequence", fmt.Sprint(d), "time", day(10+d).Format(time.RFC3339)))))
			}
		}, "sources", map[string]string{
			"on=2026-11-10": "0 entries, 0 missing, silent true", "on=2026-11-11": "1 entries, 0 missing, silent false", "on=2026-11-13": "3 entries, 0 missing, silent false",
			"on=2026-11-13&at=9": "2 entries, 1 missing, silent false", "on=2026-11-20": "3 entries, 0 missing, silent true",
		}},
		{"actions are counted on their days", func(l *ledger) {
			l.happened("later", day(16), store)
			l.happened("earlier", day(14), store)
		}, "statistics", map[string]string{"on=2026-11-13": "0 days", "on=2026-11-14": "1 days", "on=2026-11-16": "2 days"}},
		{"instructions are those given by the date", func(l *ledger) {
			quotes(l)
			doc := document()
			i := &doc.Controllers[0].Instructions[0]
			i.Title, i.Given.On, i.Given.Reference = "Orders and returns", "2026-03-01", "DPA 2026/02"
			as[wire.Plan](t, l.post("/api/v1/register", doc))
		}, "instructions", map[string]string{
			"on=2026-01-04": "", "on=2026-02-28": "orders v1 by entry 6; quotes v1 by entry 7", "on=2026-03-01": "orders v2 by entry 8; quotes v1 by entry 7",
		}},
		{"a sub-processor is one since it was announced, and others always were", func(l *ledger) {
			doc := document()
			doc.Recipients = append(doc.Recipients, wire.Recipient{ID: "skyhigh", Name: "Sky High Inc", Kind: "sub-processor", Country: "US", Announced: "2026-11-10"})
			as[wire.Plan](t, l.post("/api/v1/register", doc))
		}, "recipients", map[string]string{"on=2026-11-09": "northprint", "on=2026-11-10": "northprint; skyhigh"}},
		{"the record of processing shows what had been done by its own time", func(l *ledger) {
			l.happened("later", day(16), store)
			l.happened("earlier", day(14), store)
		}, "article30", map[string]string{"on=2026-11-13": "never", "on=2026-11-15": "from 14 (8) to 14", "on=2026-11-16": "from 14 (8) to 16", "": "from 14 (8) to 16"}},
	} {
		l := declared(t, patient)
		row.given(l)
		l.caughtUp()
		for query, want := range row.on {
			if got := told[row.view](l, query); got != want {
				t.Errorf("%s: %s?%s:\n got %s\nwant %s", row.rule, row.view, query, got, want)
			}
		}
	}
}

// Whatever is reported in whatever order, each view has what had happened by the day, and says where it stands in the ledger.
func TestViewsOnADateHaveWhatHappenedByThen(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	l := declared(t, patient)
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	for i := range 80 {
		at := day(1 + r.IntN(22)).Add(time.Duration(r.IntN(1000)) * time.Minute)
		m := wire.Matter{Instruction: "orders", How: "paper", ID: fmt.Sprintf("m%d", r.IntN(3)), Person: customer, At: &at, Told: &at}
		switch r.IntN(12) {
		case 0:
			m.Kind = pick(wire.MatterConsentGiven, wire.MatterConsentWithdrawn)
		case 1:
			m.Kind, m.Ground, m.Reference = pick(wire.MatterHold, wire.MatterHoldReleased), "legal-claim", "Claim 7"
		case 2:
			m.Kind, m.Ground = pick(wire.MatterRestriction, wire.MatterRestrictionLifted), "A18-1-a"
		case 3:
			m.Kind, m.Occasion = wire.MatterOccasion, "order-closed"
		default:
			what := with(action(pick("Store", "Use", "Copy", "Move", "Erase", "Disclose"), pick(customer, "customer:2")), "system", pick("crm", "shop"))
			if op := what["operation"]; op == "Copy" || op == "Move" {
				what["from"] = pick("crm", "shop")
			} else if op == "Disclose" {
				what["recipient"] = pick("northprint", "elsewhere")
			}
			l.happened(fmt.Sprintf("a%d", i), at, what)
		}
		if m.Kind != "" {
			l.post(ofPeople+"matters", m) // what cannot be said is refused
		}
	}
	l.caughtUp()
	log := make([]domain.Event, 0, 200)
	for _, stored := range l.stored() {
		event, err := catalog.Decode(stored)
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, event)
	}
	for range 2 {
		on := day(1 + r.IntN(23))
		query := "on=" + on.Format(time.RFC3339)
		var wrong, disclosed uint64
		daily := map[string]bool{}
		for _, e := range log {
			a, is := e.Fact.(dossier.ActionRecorded)
			if !is || e.Time.After(on) {
				continue
			}
			daily[e.Time.Format(time.DateOnly)+string(a.Operation)] = true
			if a.Findings != 0 {
				wrong++
			}
			if a.Operation == domain.Disclose {
				disclosed++
			}
		}
		if n := len(as[wire.Statistics](t, l.get("/api/v1/statistics?from=2026-11-01&"+query)).Statistics); n != len(daily) {
			t.Errorf("%s: %d of %d are counted", query, n, len(daily))
		}
		found := as[wire.Findings](t, l.get("/api/v1/findings?limit=1000&"+query))
		if n := uint64(len(found.Entries)); n != wrong || found.Position < uint64(len(log)) { // looks at what is secret are recorded meanwhile
			t.Errorf("%s: %d of %d findings, which rest on %d", query, n, wrong, found.Position)
		}
		for _, e := range found.Entries {
			if is := log[e.Position]; !is.Time.Equal(e.Time) || !is.Recorded.Equal(e.Recorded) {
				t.Errorf("%s: entry %d of %s, recorded %s, is another", query, e.Position, e.Time, e.Recorded)
			}
		}
		if !slices.IsSortedFunc(found.Entries, func(a, b wire.Found) int { return b.Time.Compare(a.Time) }) {
			t.Errorf("%s: the findings are not in the order of their actions", query)
		}
		var given uint64
		for _, to := range as[wire.RecipientsSeen](t, l.get("/api/v1/recipients/seen?"+query)).Recipients {
			given += to.Entries
			if first := log[to.FirstPosition]; !first.Time.Equal(to.First) {
				t.Errorf("%s: entry %d was not the first to %s", query, to.FirstPosition, to.Recipient)
			}
		}
		if given != disclosed {
			t.Errorf("%s: %d of %d disclosures", query, given, disclosed)
		}
		for _, path := range viewsOfMany {
			if a := l.get("/api/v1" + path + query); a.status != http.StatusOK {
				t.Errorf("%s%s: %d %s", path, query, a.status, a.body)
			}
		}
	}
}

func TestPagesOfAViewOnADate(t *testing.T) {
	l := declared(t, patient)
	for i, n := range []int{12, 10, 14, 11, 20} {
		l.happened(fmt.Sprintf("a%d", i), day(n), action("Use", customer))
	}
	l.caughtUp()
	var got []string
	for after, pages := "", 0; pages < 4; pages++ {
		page := as[wire.Findings](t, l.get("/api/v1/findings?limit=3&on=2026-11-14&at="+l.position(uint64(l.ledger.State().End))+after))
		for _, e := range page.Entries {
			got = append(got, fmt.Sprintf("%d at %d", e.Time.Day(), e.Position))
		}
		if page.Next == nil {
			break
		}
		after = "&after=" + l.position(*page.Next)
	}
	if want := "14 at 9; 12 at 7; 11 at 10; 10 at 8"; strings.Join(got, "; ") != want {
		t.Errorf("%q, want %s", got, want)
	}
}

func TestEveryViewThatCanBeAskedForAsKnownThenCanBeAskedForOnADateOrSaysWhyNot(t *testing.T) {
	l := start(t)
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(l.get("/api/v1/openapi.json").body, &doc); err != nil {
		t.Fatal(err)
	}
	var without []string
	for path, methods := range doc.Paths {
		for _, operation := range methods {
			takes := map[string]bool{}
			for _, p := range operation.Parameters {
				takes[p.In+" "+p.Name] = true
			}
			if takes["query at"] && !takes["query on"] {
				without = append(without, path)
			}
		}
	}
	slices.Sort(without)
	want := []string{
		"/api/v1/controllers/{controller}/people/log", "/api/v1/controllers/{controller}/people/looks", "/api/v1/findings/retroactive",
		"/api/v1/log", "/api/v1/looks", "/api/v1/replay",
	}
	if !slices.Equal(without, want) {
		t.Errorf("without dates: %q", without)
	}
}
