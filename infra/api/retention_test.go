package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
)

// todayIs sets the clock of the API to that of the ledger.
func todayIs(c *api.Config) { c.Now = func() time.Time { return now } }

// keeping runs a ledger in which quotes are kept for five days, and records those of three people, one a day, the oldest seven days ago.
func keeping(t *testing.T) *ledger {
	l := declared(t, todayIs)
	doc := document()
	i := &doc.Controllers[0].Instructions[0]
	i.ID, i.Title, i.Retention = "quotes", "Quotes", []wire.Retention{{After: "recorded", Keep: "P5D"}}
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	for n := range 3 {
		e := event("k"+strconv.Itoa(n), with(action("Store", "customer:"+canary+strconv.Itoa(n)), "instruction", "quotes"))
		e["time"] = now.AddDate(0, 0, n-7).Format(time.RFC3339)
		as[wire.Receipt](t, l.request(http.MethodPost, recordPath, wire.ContentEvent, encoded(t, e)))
	}
	return l
}

func TestWhatIsDueIsListedTheLongestDueFirst(t *testing.T) {
	l := keeping(t)
	for _, row := range []struct {
		rule, query string
		want        []string
	}{
		{"due now", "", []string{"overdue", "due", "due"}},
		{"of one controller", "?controller=fenland-cycles", []string{"overdue", "due", "due"}},
		{"due by a day that is past", "?by=2026-11-21", []string{"due"}},
		{"of another controller", "?controller=other", nil},
	} {
		due := as[wire.RetentionDue](t, l.read("/api/v1/retention/due"+row.query))
		var got []string
		for _, i := range due.Items {
			got = append(got, i.State)
		}
		if strings.Join(got, " ") != strings.Join(row.want, " ") {
			t.Errorf("%s: %v, want %v", row.rule, got, row.want)
		}
	}
	var seen []uint64
	for next, pages := "", 0; pages < 5; pages++ {
		path := "/api/v1/retention/due?limit=1"
		if next != "" {
			path += "&after=" + next
		}
		page := as[wire.RetentionDue](t, l.read(path))
		for _, i := range page.Items {
			seen = append(seen, i.NewestPosition)
		}
		if next = page.Next; next == "" {
			break
		}
	}
	if len(seen) != 3 || seen[0] >= seen[1] || seen[1] >= seen[2] {
		t.Errorf("page by page: %v", seen)
	}
	i := as[wire.RetentionDue](t, l.read("/api/v1/retention/due")).Items[0]
	want := "Email Address and Name in crm under instruction quotes v1 of Fenland Cycles Ltd: overdue since 21 November 2026, because its time is over"
	if i.Sentence != want || len(i.Person) != 1 || strings.Contains(string(i.Person[0]), canary) || len(i.Erase) != 2 || i.Rules[0].Keep != "P5D" {
		t.Errorf("%+v", i)
	}
}

func TestTheCalendarCountsWhatFallsDue(t *testing.T) {
	l := keeping(t)
	daily := as[wire.RetentionCalendars](t, l.read("/api/v1/retention/calendar?by=day&from=2026-11-22&to=2026-11-30"))
	if len(daily.Calendars) != 1 || daily.From != "2026-11-22" || daily.To != "2026-12-01" {
		t.Fatalf("%+v", daily)
	}
	c := daily.Calendars[0]
	if c.Before != 1 || len(c.Counts) != 2 || c.Counts[0] != (wire.RetentionCount{Start: "2026-11-22", Items: 1}) || c.After != 0 {
		t.Errorf("%+v", c)
	}
	l.record("w1", action("Store", "customer:9"))
	monthly := as[wire.RetentionCalendars](t, l.read("/api/v1/retention/calendar?from=2026-11-01")).Calendars[0]
	if len(monthly.Counts) != 1 || monthly.Counts[0] != (wire.RetentionCount{Start: "2026-11-01", Items: 3}) || monthly.Waiting != 1 {
		t.Errorf("%+v", monthly)
	}
}

func TestAHoldShowsWhatItKeeps(t *testing.T) {
	l := keeping(t)
	for n := range 2 {
		as[wire.Settled](t, l.post(people+"matters", wire.Matter{
			Person: wire.Text("customer:" + canary + strconv.Itoa(n)), Kind: wire.MatterHold, ID: "h" + strconv.Itoa(n), Ground: "legal-claim",
			Reference: "CLAIM-1", Instruction: "quotes",
		}))
	}
	page := as[wire.RetentionBlocked](t, l.read("/api/v1/retention/blocked?limit=1"))
	if len(page.Holds) != 1 || page.Next == nil || *page.Next != page.Holds[0].HoldPosition {
		t.Fatalf("%+v", page)
	}
	h := page.Holds[0]
	if h.ID != "h0" || len(h.Items) != 1 || h.Items[0].State != "blocked" || h.Items[0].Holds[0] != "h0" || strings.Contains(string(h.Person[0]), canary) ||
		!strings.HasPrefix(h.Sentence, "Legal claim CLAIM-1 forbids removing what is kept under instruction quotes, since 23 November 2026") {
		t.Errorf("%+v", h)
	}
	if rest := as[wire.RetentionBlocked](t, l.read("/api/v1/retention/blocked?controller=fenland-cycles&after="+l.position(*page.Next))); len(rest.Holds) != 1 || rest.Next != nil {
		t.Errorf("%+v", rest)
	}
}

func TestBadQuestionsAboutRetentionAndOrdersAreRefused(t *testing.T) {
	l := declared(t)
	for _, path := range []string{
		"retention/due?after=" + canary, "retention/due?by=" + canary, "retention/due?limit=1001", "retention/calendar?by=" + canary,
		"retention/calendar?from=2026-01-02&to=2026-01-01", "retention/calendar?to=2100-01-01", "retention/blocked?after=x",
		"orders?state=" + canary, "orders?service=webshop", "orders?limit=0", "orders?controller=" + canary + "@",
	} {
		if a := l.get("/api/v1/" + path); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := l.get("/api/v1/orders/" + canary); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestOrdersAreListedWithTheirAnswers(t *testing.T) {
	l := declared(t, todayIs)
	l.record("s1", action("Store", "customer:"+canary))
	id, err := domain.ParseIdentifier("customer:" + canary)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := l.vault.Keys(t.Context(), "fenland-cycles", id)
	if err != nil {
		t.Fatal(err)
	}
	of := dossier.Of{Controller: "fenland-cycles", Subject: keys[0]}
	for n := range 3 {
		order := dossier.OrderSent{
			Order: "o" + strconv.Itoa(n), Kind: dossier.TaskErase, Service: "webshop", Instruction: "orders", System: "crm",
			Categories: []domain.Category{"pd:Name"}, Reason: "retention", Due: now.AddDate(0, 0, -2),
		}
		if _, err := l.ledger.AboutDossier(t.Context(), of, order, now); err != nil {
			t.Fatal(err)
		}
	}
	l.record("s2", with(action("Erase", "customer:"+canary), "order", "o1"))
	for _, row := range []struct{ query, want string }{
		{"", "o2 o1 o0"}, {"?state=open", "o2 o0"}, {"?state=answered", "o1"}, {"?state=escalated", ""},
		{"?controller=fenland-cycles&service=webshop", "o2 o1 o0"}, {"?controller=fenland-cycles&case=C1", ""},
	} {
		list := as[wire.SentOrders](t, l.read("/api/v1/orders"+row.query))
		var got []string
		for _, o := range list.Orders {
			got = append(got, o.Order)
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s: %v, want %s", row.query, got, row.want)
		}
	}
	page := as[wire.SentOrders](t, l.read("/api/v1/orders?limit=2"))
	if page.Next == nil || len(as[wire.SentOrders](t, l.read("/api/v1/orders?limit=2&after="+l.position(*page.Next))).Orders) != 1 {
		t.Errorf("%+v", page)
	}
	o := as[wire.SentOrder](t, l.read("/api/v1/orders/o1"))
	want := "webshop was told on 23 November 2026 to erase Name in crm under instruction orders, because its time is over; " +
		"it answered on 23 November 2026: erased"
	if o.Sentence != want || o.Answer == nil || o.State != wire.OrderAnswered || len(o.Person) != 1 || strings.Contains(string(o.Person[0]), canary) {
		t.Errorf("%+v", o)
	}
	if a := l.get("/api/v1/orders/o1?controller=other"); a.status != http.StatusNotFound {
		t.Errorf("under another controller: %d", a.status)
	}
}
