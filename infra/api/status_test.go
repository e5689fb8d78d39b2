package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
)

// paths are all of the API.
var paths = []string{
	"POST /record/{controller}/{service}", "POST /ask/{controller}/{service}", "POST /register/plan", "POST /register",
	"GET /register", "GET /controllers/{controller}/instructions", "GET /controllers/{controller}/instructions/{instruction}",
	"GET /controllers/{controller}/instructions/{instruction}/basis",
	"GET /recipients", "GET /services", "GET /rights", "POST /controllers/{controller}/people/trail", "POST /controllers/{controller}/people/holdings",
	"POST /controllers/{controller}/people/show", "POST /controllers/{controller}/people/link", "POST /controllers/{controller}/people/forget",
	"POST /controllers/{controller}/people/matters", "POST /controllers/{controller}/people/standing",
	"POST /controllers/{controller}/court-orders", "POST /controllers/{controller}/court-orders/{order}/informed",
	"GET /cases", "POST /controllers/{controller}/people/cases", "POST /controllers/{controller}/cases", "GET /controllers/{controller}/cases/{case}", "POST /controllers/{controller}/cases/{case}/steps",
	"POST /controllers/{controller}/cases/{case}/find", "POST /controllers/{controller}/cases/{case}/orders", "POST /controllers/{controller}/cases/{case}/settle",
	"GET /controllers/{controller}/cases/{case}/report",
	"POST /opendsr/{controller}/requests", "GET /opendsr/{controller}/requests/{case}", "DELETE /opendsr/{controller}/requests/{case}",
	"GET /opendsr/{controller}/discovery", "GET /opendsr/{controller}/certificate",
	"GET /controllers/{controller}/court-orders", "GET /findings", "GET /findings/counts", "GET /findings/retroactive",
	"GET /retention/calendar", "GET /retention/due", "GET /retention/blocked", "GET /orders", "GET /orders/{order}",
	"GET /disclosures", "GET /recipients/seen", "GET /transfers", "GET /article30", "GET /controllers/{controller}/article30",
	"GET /promises", "GET /controllers/{controller}/promises", "GET /statistics", "POST /statistics/check", "POST /replay", "POST /controllers/{controller}/people/log", "POST /controllers/{controller}/people/places",
	"POST /controllers/{controller}/people/looks", "GET /looks", "POST /verifications", "POST /exports", "POST /bundles", "POST /backups", "GET /forgotten",
	"GET /log", "GET /log/stream",
	"GET /proof/key", "GET /proof/checkpoint", "GET /proof/witnessed", "GET /proof/inclusion", "GET /tile/{path...}", "GET /proof/tile/{path...}",
	"GET /sources", "GET /status", "POST /views/{view}/rebuild", "GET /quarantine", "POST /quarantine/{id}/replay",
	"POST /quarantine/{id}/show", "GET /schemas/{schema}", "GET /asyncapi.yaml",
}

// slow shows the views as they are told to be.
type slow struct {
	api.Views
	status []projections.Status
}

func (s slow) Status() []projections.Status { return s.status }

func TestReadyMeansThatItWritesAndItsViewsFollow(t *testing.T) {
	l := declared(t)
	end := l.ledger.State().End
	for _, view := range l.views.Status() {
		if err := l.views.View(view.Name).Await(t.Context(), end-1); err != nil {
			t.Fatal(err)
		}
	}
	s := as[wire.Status](t, l.get("/api/v1/status"))
	if !s.Ready || s.Version != "1.2.3" || s.End != uint64(end) || len(s.Views) != len(allViews()) {
		t.Errorf("%+v", s)
	}
	for _, v := range s.Views {
		if v.Lag != 0 || v.Position != uint64(end) || v.Stopped != "" {
			t.Errorf("%+v", v)
		}
	}
	if r := as[wire.Readiness](t, l.get("/readyz")); !r.Ready {
		t.Errorf("%+v", r)
	}
	if a := l.get("/livez"); a.status != http.StatusOK {
		t.Errorf("%d", a.status)
	}
}

func TestNotReadyGivesEveryReason(t *testing.T) {
	l := declared(t, func(c *api.Config) {
		c.MaxLag = 2
		c.Views = slow{c.Views, []projections.Status{{Name: "trail", Stopped: "impossible"}, {Name: "sources", Position: 1}, {Name: "holdings", Damaged: "page 3", Position: 1 << 40}}}
		c.Healthy = func() error { return errors.Wrapf(domain.ErrUnavailable, "writer of %s", canary) }
	})
	res, err := http.Get(l.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var r wire.Readiness
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil || res.StatusCode != http.StatusServiceUnavailable || r.Ready || len(r.Reasons) != 4 {
		t.Errorf("%d %v %+v", res.StatusCode, err, r)
	}
	if bytes.Contains([]byte(r.Reasons[0]), []byte(canary)) {
		t.Errorf("a reason repeats a value: %s", r.Reasons[0])
	}
	s := as[wire.Status](t, l.get("/api/v1/status"))
	if s.Ready || len(s.Reasons) != 4 || s.Views[0].Stopped == "" || s.Views[1].Lag == 0 || s.Views[2].Damaged == "" {
		t.Errorf("%+v", s)
	}
}

func TestARebuildTellsHowFarItIs(t *testing.T) {
	l := declared(t)
	for i := range 20 {
		l.record("r"+strconv.Itoa(i), action("Store", "customer:1"))
	}
	end := l.ledger.State().End
	a := l.request(http.MethodPost, "/api/v1/views/trail/rebuild", "", "")
	var last wire.Rebuild
	n := 0
	for line := range bytes.Lines(a.body) {
		last = wire.Rebuild{}
		if err := json.Unmarshal(line, &last); err != nil || last.View != "trail" {
			t.Fatalf("%v: %s", err, line)
		}
		n++
	}
	if !last.Done || last.Problem != nil || last.Position != uint64(end) || n < 2 {
		t.Errorf("%d lines, the last %+v", n, last)
	}
	if a := l.request(http.MethodPost, "/api/v1/views/"+canary+"/rebuild", "", ""); a.status != http.StatusNotFound {
		t.Errorf("another view: %s", a.body)
	}
	if a := l.request(http.MethodPost, "/api/v1/views/trail/rebuild", wire.ContentJSON, "{}"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a body: %s", a.body)
	}
}

// shelf is a quarantine in memory.
type shelf struct{ list []wire.Quarantined }

func (s shelf) List(_ context.Context, after string, limit int) ([]wire.Quarantined, error) {
	from := 0
	if after != "" {
		n, err := strconv.Atoi(after)
		if err != nil {
			return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "id of the shelf"), "Give an id.")
		}
		from = n
	}
	return s.list[min(from, len(s.list)):min(from+limit, len(s.list))], nil
}

func (s shelf) Open(_ context.Context, id string) (wire.QuarantinedContent, error) {
	if id != "1" {
		return wire.QuarantinedContent{}, errors.Wrap(domain.ErrNotFound, "on the shelf")
	}
	return wire.QuarantinedContent{Quarantined: s.list[0], ContentType: "text/plain", Body: canary}, nil
}

func (s shelf) Replay(_ context.Context, id string) (wire.Replayed, error) {
	if id != "1" {
		return wire.Replayed{}, domain.ErrBusy
	}
	return wire.Replayed{Items: []wire.Item{{Receipt: &wire.Receipt{ID: "x"}}}}, nil
}

func TestTheQuarantineIsListedShownAndReplayed(t *testing.T) {
	s := shelf{}
	for i := range 5 {
		s.list = append(s.list, wire.Quarantined{ID: strconv.Itoa(i + 1), Problem: wire.NewProblem(wire.Malformed)})
	}
	l := start(t, func(c *api.Config) { c.Quarantine = s })
	page := as[wire.Quarantine](t, l.get("/api/v1/quarantine?limit=3"))
	rest := as[wire.Quarantine](t, l.get("/api/v1/quarantine?limit=3&after="+page.Next))
	if len(page.Messages) != 3 || page.Next != "3" || len(rest.Messages) != 2 || rest.Next != "" {
		t.Errorf("%+v, then %+v", page, rest)
	}
	if c := as[wire.QuarantinedContent](t, l.request(http.MethodPost, "/api/v1/quarantine/1/show", "", "")); string(c.Body) != canary {
		t.Errorf("opened: %+v", c)
	}
	if r := as[wire.Replayed](t, l.request(http.MethodPost, "/api/v1/quarantine/1/replay", "", "")); len(r.Items) != 1 {
		t.Errorf("replayed: %+v", r)
	}
	for _, row := range []struct {
		method, path string
		status       int
	}{
		{http.MethodPost, "/api/v1/quarantine/9/show", 404}, {http.MethodPost, "/api/v1/quarantine/9/replay", 429},
		{http.MethodGet, "/api/v1/quarantine?after=x", 422}, {http.MethodGet, "/api/v1/quarantine?limit=101", 422},
	} {
		a := l.request(row.method, row.path, "", "")
		if a.status != row.status || (row.status == 429) != (a.header.Get("Retry-After") != "") {
			t.Errorf("%s: %d %s", row.path, a.status, a.body)
		}
	}
	none := start(t)
	for _, path := range []string{"/api/v1/quarantine/1/show", "/api/v1/quarantine/1/replay"} {
		if a := none.request(http.MethodPost, path, "", ""); a.status != http.StatusNotFound {
			t.Errorf("%s without a quarantine: %d", path, a.status)
		}
	}
	if a := none.get("/api/v1/quarantine"); a.status != http.StatusNotFound {
		t.Errorf("no quarantine: %d", a.status)
	}
}

func TestSourcesAreListed(t *testing.T) {
	l := declared(t)
	for i := range 4 {
		e := event("q"+strconv.Itoa(i), action("Use", "customer:1", "customer:2"))
		if i != 2 {
			e = with(e, "sequence", strconv.Itoa(i+1))
		}
		as[wire.Receipt](t, l.request(http.MethodPost, recordPath, wire.ContentEvent, encoded(t, e)))
	}
	list := as[wire.Sources](t, l.read("/api/v1/sources"))
	if len(list.Sources) != 1 || list.Position != uint64(l.ledger.State().End) {
		t.Fatalf("%+v", list)
	}
	s := list.Sources[0]
	if s.Controller != "fenland-cycles" || s.Service != "webshop" || s.Entries != 8 || s.Actions != 4 || s.Findings != 8 || s.Sequence != 4 ||
		s.Gaps != 1 || len(s.Missing) != 1 || s.Missing[0] != (wire.Gap{From: 3, To: 3}) || s.LastPosition != list.Position-1 {
		t.Errorf("%+v", s)
	}
	if s.Complete || s.Sentence != "1 of its messages has not come, the newest number 3" || !s.Declared || s.ReportsWithin != "24h" {
		t.Errorf("%+v", s)
	}
	if list := as[wire.Sources](t, l.read("/api/v1/sources?controller=other")); len(list.Sources) != 0 {
		t.Errorf("another controller's: %+v", list)
	}
	if a := l.get("/api/v1/sources?controller=" + canary + "@"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("%s", a.body)
	}
}

func TestSourcesSayWhatIsMissing(t *testing.T) {
	l := declared(t, func(c *api.Config) { c.Now = func() time.Time { return now.Add(3 * 24 * time.Hour) } })
	const never = "It was never heard of"
	if s := as[wire.Sources](t, l.read("/api/v1/sources")).Sources; len(s) != 1 || s[0].Sentence != never || s[0].Complete || !s[0].Silent {
		t.Fatalf("%+v", s)
	}
	l.record("m1", action("Store", "customer:"+canary))
	e := event("m2", map[string]any{"operation": "Erase", "subjects": []string{"customer:" + canary}, "instruction": "orders"})
	e["type"] = wire.TypeAnnouncement
	announced := as[wire.Receipt](t, l.request(http.MethodPost, recordPath, wire.ContentEvent, encoded(t, e)))
	count := event("n1", map[string]any{"system": "crm", "category": "pd:Name", "people": 3})
	count["type"] = wire.TypeCount
	for _, again := range []bool{false, true} {
		if r := as[wire.Receipt](t, l.request(http.MethodPost, recordPath, wire.ContentEvent, encoded(t, count))); r.Duplicate != again || len(r.Leaf) != 32 {
			t.Fatalf("counted: %+v", r)
		}
	}
	silent := "It is silent since 23 Nov 2026, 10:00 UTC, and is bound to report within 24h; "
	rest := "what it announced on 23 Nov 2026, 09:00 UTC (entry " + l.position(announced.Position) + ") was not confirmed; " +
		"on 23 November 2026 it counted 3 people with Name in crm, and the ledger knows of 1"
	for query, want := range map[string]string{"": silent + rest, "?times=3": "What" + strings.TrimPrefix(rest, "what"), "?times=4": "On 23" + strings.SplitAfter(rest, "; on 23")[1]} {
		s := as[wire.Sources](t, l.read("/api/v1/sources"+query)).Sources[0]
		if s.Sentence != want || s.Complete || s.Unconfirmed != 1 || s.Announced[0].ID != "m2" || s.Counts[0].Known != 1 {
			t.Errorf("%s: %+v", query, s)
		}
	}
	for i := range 2 {
		l.record("c"+strconv.Itoa(i), action("Store", "customer:"+strconv.Itoa(i)))
	}
	l.record("m3", with(action("Use", "customer:"+canary), "announced", "m2"))
	if s := as[wire.Sources](t, l.read("/api/v1/sources?times=4")).Sources[0]; !s.Complete || s.Sentence != "Nothing is missing" || s.Unconfirmed != 0 {
		t.Errorf("what came late closes its gap: %+v", s)
	}
	if a := l.get("/api/v1/sources?times=0"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", a.status, a.body)
	}
}
