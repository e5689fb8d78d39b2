package api_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/wire"
)

// hands is a clock that is moved by hand.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hands) move(d time.Duration) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
	return h.at
}

// Where everything is recorded when it happens, how it was on a date is what was known then.
func TestOnADateAndAsKnownThenAreOneWhereNothingIsReportedLate(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	clock := &hands{at: now}
	l := startOn(t, memlog.New(memlog.Config{}), newVault(), clock.now, func(c *api.Config) {
		c.Now = func() time.Time { return now.AddDate(0, 2, 0) }
		c.Patience = time.Minute
	})
	as[wire.Plan](t, l.post("/api/v1/register", document()))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	l.happened("first", clock.move(time.Hour), action("Store", customer))
	var moments []time.Time
	for i := range 60 {
		at := clock.move(time.Minute)
		id := fmt.Sprintf("m%d", r.IntN(4))
		matter := wire.Matter{Person: customer, ID: id, Instruction: "orders", How: "paper", Told: &at}
		switch r.IntN(14) {
		case 0:
			matter.Kind = wire.MatterConsentGiven
		case 1:
			matter.Kind = wire.MatterConsentWithdrawn
		case 2:
			matter.Kind = wire.MatterObjection
		case 3:
			matter.Kind, matter.Ground = wire.MatterRestriction, "A18-1-a"
		case 4:
			matter.Kind = wire.MatterRestrictionLifted
		case 5:
			matter.Kind, matter.Ground, matter.Reference = wire.MatterHold, "legal-claim", "Claim 7"
		case 6:
			matter.Kind = wire.MatterHoldReleased
		case 7:
			matter.Kind, matter.Occasion = wire.MatterOccasion, "order-closed"
		default:
			what := with(action(pick("Store", "Collect", "Use", "Copy", "Move", "Delete", "Erase", "Disclose"), pick(customer, customer, "customer:2")),
				"system", pick("crm", "shop", "accounts"), "from", pick("crm", "shop"), "categories", []string{pick("pd:Name", "pd:EmailAddress")})
			if op := what["operation"]; op != "Copy" && op != "Move" {
				delete(what, "from")
			}
			if what["operation"] == "Disclose" {
				what["recipient"] = "northprint"
			}
			l.happened(fmt.Sprintf("a%d", i), at, what)
		}
		if matter.Kind != "" {
			l.post(ofPeople+"matters", matter) // what cannot be said, such as the end of what never was, is refused and changes nothing
		}
		if r.IntN(12) == 0 {
			moments = append(moments, at)
		}
	}
	moments = append(moments, clock.now())
	clock.move(time.Hour)
	l.caughtUp()
	for i, at := range moments {
		many := 0 // of some moments only: each view is folded twice
		if i%3 == 0 {
			many = len(viewsOfMany)
		}
		moment := at.Format(time.RFC3339)
		for _, verb := range []string{"show", "trail", "holdings", "places", "standing"} {
			on, known := l.post(ofPeople+verb+"?on="+moment, map[string]any{"person": customer}), l.post(ofPeople+verb+"?at="+moment, map[string]any{"person": customer})
			if on.status != http.StatusOK || known.status != http.StatusOK || !reflect.DeepEqual(rested(t, on.body), rested(t, known.body)) {
				t.Errorf("%s at %s:\non %s\nat %s", verb, moment, on.body, known.body)
			}
		}
		for _, path := range viewsOfMany[:many] {
			on, known := l.get("/api/v1"+path+"on="+moment), l.get("/api/v1"+path+"at="+moment)
			if on.status != http.StatusOK || known.status != http.StatusOK || !reflect.DeepEqual(rested(t, on.body), rested(t, known.body)) {
				t.Errorf("%s at %s:\non %s\nat %s", path, moment, on.body, known.body)
			}
		}
	}
}

// viewsOfMany are the views that are about more than one person.
var viewsOfMany = []string{
	"/findings?limit=1000&", "/findings/counts?", "/findings/counts?by=day&from=2026-11-01&", "/disclosures?secret=count&", "/recipients/seen?", "/transfers?",
	"/promises?", "/controllers/fenland-cycles/promises?", "/statistics?from=2026-11-01&", "/sources?", "/retention/calendar?", "/retention/due?by=2040-01-01&",
	"/retention/blocked?", "/orders?", "/register?", "/recipients?", "/services?", "/controllers/fenland-cycles/instructions?",
	"/controllers/fenland-cycles/instructions/orders?", "/article30?unused=3660&", "/controllers/fenland-cycles/article30?unused=3660&", "/cases?all=true&",
	"/controllers/fenland-cycles/court-orders?",
}

// rested leaves out of an answer what it rests on.
func rested(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	for _, in := range []any{m, m["trail"]} {
		if answer, is := in.(map[string]any); is {
			delete(answer, "on")
			delete(answer, "position")
		}
	}
	return m
}
