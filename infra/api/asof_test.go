package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/vault/memvault"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/scripts/sample"
)

// question is one way to ask for a view.
type question struct {
	path string
	body map[string]any // of a person, nil for what is got
}

func (q question) ask(l *ledger, at string) answer {
	path := "/api/v1" + q.path
	if at != "" {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		path += separator + "at=" + at
	}
	if q.body == nil {
		return l.get(path)
	}
	return l.post(path, q.body)
}

// questions asks for every view that there is.
func questions() []question {
	list := []question{}
	for _, path := range []string{
		"/register", "/recipients", "/services", "/controllers/fenland-cycles/instructions", "/controllers/fenland-cycles/instructions/orders",
		"/controllers/fenland-cycles/instructions/orders/basis?on=2026-11-20", "/findings?limit=1000", "/findings?code=no-instruction", "/findings/counts", "/findings/retroactive",
		"/retention/calendar", "/retention/calendar?by=day", "/retention/due", "/retention/due?by=2030-01-01", "/retention/blocked",
		"/orders", "/looks", "/disclosures", "/recipients/seen", "/transfers",
		"/article30", "/controllers/fenland-cycles/article30", "/promises", "/controllers/harbour-books/promises", "/statistics?from=2026-11-01", "/sources", "/sources?controller=fenland-cycles", "/cases?all=true",
		"/controllers/fenland-cycles/court-orders", "/controllers/fenland-cycles/cases/access-1", // From here on whoever asks is recorded, which moves the end.
		"/findings?secret=show&limit=1000", "/findings/counts?by=day&from=2026-11-01&secret=show", "/disclosures?secret=show", "/disclosures?secret=count",
		"/article30?secret=show", "/promises?secret=show", "/controllers/fenland-cycles/court-orders?secret=show",
	} {
		list = append(list, question{path: path})
	}
	for _, of := range [][2]string{
		{"fenland-cycles", "email:ada.wren@example.org"}, {"fenland-cycles", "customer:4711"}, {"harbour-books", "email:delphine.marsh@example.com"},
		{"wharf-physio", "email:ada.wren@example.org"},
	} {
		for _, verb := range []string{"show", "trail", "holdings", "places", "standing", "cases"} {
			list = append(list, question{"/controllers/" + of[0] + "/people/" + verb, map[string]any{"person": of[1]}})
		}
	}
	return list
}

// playDay plays the sample day, and what it lacks: holds, restrictions, cases and orders of courts, one of them secret.
func playDay(t *testing.T, l *ledger) {
	t.Helper()
	var r wire.Register
	if err := yaml.Load(sample.Register(), &r, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	as[wire.Plan](t, l.post("/api/v1/register", r))
	const cycles = "/api/v1/controllers/fenland-cycles"
	between := map[string]func(){
		"10:40": func() {
			as[wire.Settled](t, l.post(cycles+"/people/matters", wire.Matter{Person: "customer:4711", Kind: wire.MatterHold, ID: "h1", Ground: "legal-claim", Reference: "Claim 7", Systems: []string{"crm"}}))
			as[wire.CaseTaken](t, l.post(cycles+"/cases", wire.OpenCase{Case: "access-1", People: []wire.Text{"email:ada.wren@example.org"}, Kind: "access", Channel: "post", Owner: r.Processor.Contacts[0].ID, On: "2026-11-19"}))
			until := time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)
			as[wire.Settled](t, l.post(cycles+"/court-orders", wire.CourtOrder{Order: "co-1", Authority: "hmrc", Jurisdiction: "GB", Reference: "7/26", Issued: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), Categories: []string{"pd:Name"}, ForbiddenUntil: &until}))
			as[wire.Settled](t, l.post(cycles+"/court-orders", wire.CourtOrder{Order: "co-2", Authority: "hmrc", Jurisdiction: "GB", Reference: "8/26", Issued: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), Categories: []string{"pd:Name"}}))
			for _, order := range []string{"co-1", "co-2"} {
				l.record("disclosed-"+order, with(action("Disclose", "customer:4711"), "recipient", "hmrc", "order", order))
			}
		},
		"11:20": func() {
			as[wire.Person](t, l.post(cycles+"/people/show", wire.TrailQuery{Person: "customer:4711"}))
			as[wire.CaseTaken](t, l.post(cycles+"/cases/access-1/steps", wire.CaseStep{Step: "acknowledged"}))
			as[wire.Settled](t, l.post(cycles+"/people/matters", wire.Matter{Person: "customer:4711", Kind: wire.MatterHoldReleased, ID: "h1"}))
			as[wire.Settled](t, l.post(cycles+"/people/matters", wire.Matter{Person: "customer:4711", Kind: wire.MatterRestriction, ID: "r1", Ground: "A18-1-a"}))
			as[wire.Settled](t, l.post(cycles+"/court-orders/co-2/informed", wire.InformedRequest{On: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}))
		},
	}
	steps, err := sample.Day()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(steps, func(a, b sample.Step) int { return strings.Compare(a.At, b.At) })
	for i, s := range steps {
		if do := between[s.At]; do != nil {
			delete(between, s.At)
			do()
		}
		playStep(t, l, "step-"+strconv.Itoa(i), s)
	}
}

func playStep(t *testing.T, l *ledger, id string, s sample.Step) {
	t.Helper()
	at, err := s.Time(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	controller, _ := s.Service()
	say := func(kind string, data map[string]any) {
		maps.DeleteFunc(data, func(_ string, value any) bool { return value == "" || value == false })
		as[wire.Receipt](t, l.request(http.MethodPost, "/api/v1/record/"+s.By, wire.ContentEvent,
			encoded(t, with(event(id, data), "type", kind, "source", "/"+s.By, "time", at.Format(time.RFC3339)))))
	}
	switch s.Way {
	case sample.Record, sample.Inbox:
		say(wire.TypeAction, map[string]any{
			"operation": s.Operation, "subjects": s.Who, "instruction": s.Under, "categories": s.What, "system": s.System,
			"location": s.Location, "recipient": s.Recipient, "basis": s.Basis,
		})
	case sample.Link:
		as[wire.Linked](t, l.post("/api/v1/controllers/"+controller+"/people/link", wire.LinkRequest{Known: wire.Text(s.Who[0]), Also: wire.Text(s.Who[1])}))
	case sample.Consent:
		say(wire.TypeConsent, map[string]any{"consent": wire.Given, "subjects": s.Who, "instruction": s.Under, "how": s.How})
	case sample.Withdraw:
		say(wire.TypeConsent, map[string]any{"consent": wire.Withdrawn, "subjects": s.Who, "instruction": s.Under, "how": s.How})
	case sample.Object:
		say(wire.TypeObjection, map[string]any{"subjects": s.Who, "instruction": s.Under, "marketing": s.Marketing})
	case sample.Occasion:
		say(wire.TypeOccasion, map[string]any{"occasion": s.Occasion, "subjects": s.Who, "instruction": s.Under})
	}
}

// clock is a ledger's clock that goes on by a minute each time it is looked at.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Minute)
	return c.at
}

// For every view: what it says as of a position, after the day, is what it said when the log ended there, and as of a time what it
// said then.
func TestEveryViewAnswersAsOfAPositionWhatItSaidWhenTheLogEndedThere(t *testing.T) {
	running := &clock{at: now}
	var whole *ledger
	whole = startOn(t, memlog.New(memlog.Config{}), newVault(), running.now, func(c *api.Config) {
		c.Now = func() time.Time { return now.AddDate(0, 2, 0) } // long after
		c.Patience = time.Minute
	})
	playDay(t, whole)
	stored := whole.stored()
	asked := 0
	for _, end := range []int{len(stored) / 3, len(stored)/2 + 3, len(stored) * 3 / 4, len(stored)} {
		last, err := catalog.Decode(stored[end-1])
		if err != nil {
			t.Fatal(err)
		}
		next := now.AddDate(1, 0, 0)
		if end < len(stored) {
			following, err := catalog.Decode(stored[end])
			if err != nil {
				t.Fatal(err)
			}
			next = following.Recorded
		}
		then := memlog.New(memlog.Config{})
		if err := then.Append(t.Context(), 0, stored[:end]); err != nil {
			t.Fatal(err)
		}
		t.Run(strconv.Itoa(end), func(t *testing.T) {
			at := func() time.Time { return last.Recorded }
			was := startOn(t, then, whole.vault, at, func(c *api.Config) { c.Now = at })
			for _, q := range questions() {
				for _, view := range was.views.Status() {
					awaitView(t, was, view.Name, domain.Position(end))
				}
				said, says := q.ask(was, ""), q.ask(whole, strconv.Itoa(end))
				if said.status != says.status || said.status == http.StatusOK && !q.same(said.body, says.body) {
					t.Errorf("%s as of %d:\n said %d %s\n says %d %s", q.path, end, said.status, said.body, says.status, says.body)
				}
				if said.status == http.StatusOK {
					asked++
				}
				if !last.Recorded.Before(next) {
					continue // The same append goes on, so that the time stands for a later end.
				}
				byTime := q.ask(whole, last.Recorded.Format(time.RFC3339Nano))
				if byTime.status != says.status || byTime.status == http.StatusOK && string(byTime.body) != string(says.body) {
					t.Errorf("%s as of the time: %d %s", q.path, byTime.status, byTime.body)
				}
			}
		})
	}
	if asked < 200 {
		t.Errorf("only %d answers were compared", asked)
	}
}

// same compares answers. The basis says besides what is known now, which an answer as of then alone can. Whoever looks at a person's
// record moves the end of the ledger, and is seen in what is as of now.
func (q question) same(a, b []byte) bool {
	var x, y map[string]any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	delete(y, "now")
	if q.body != nil || strings.Contains(q.path, "/cases/") || strings.Contains(q.path, "secret=") {
		for _, answer := range []map[string]any{x, y} {
			delete(answer, "position")
			delete(answer, "looks")
			if trail, is := answer["trail"].(map[string]any); is {
				delete(trail, "position")
			}
		}
	}
	return reflect.DeepEqual(x, y)
}

func newVault() *memvault.Vault { return memvault.New() }

// awaitView waits until a view has everything.
func awaitView(t *testing.T, l *ledger, name string, end domain.Position) {
	t.Helper()
	projectiontest.Await(t, l.views.View(name), end-1)
}
