package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
)

// as gives the headers of somebody who says who they are and why they look.
func actor(id, reason string) []string {
	return []string{wire.HeaderActor, id, wire.HeaderReason, reason}
}

func TestEveryWayToAPersonsRecordIsALook(t *testing.T) {
	const ada = "email:" + canary + "@example.org"
	for rule, c := range map[string]struct {
		path string
		body any
		want string // kind and view; empty where it is none
	}{
		"the trail":                         {"trail", wire.TrailQuery{Person: ada}, "viewed trail"},
		"the trail, opened":                 {"trail", wire.TrailQuery{Person: ada, Details: true}, "revealed trail"},
		"the whole record":                  {"show", wire.TrailQuery{Person: ada}, "viewed record"},
		"what is held":                      {"holdings", wire.HoldingsQuery{Person: ada}, "viewed holdings"},
		"what stands":                       {"standing", wire.StandingQuery{Person: ada}, "viewed standing"},
		"where the data are":                {"places", wire.PlacesQuery{Person: ada}, "viewed places"},
		"the cases":                         {"cases", wire.StandingQuery{Person: ada}, "viewed cases"},
		"who looked":                        {"looks", wire.LooksQuery{Person: ada}, "viewed looks"},
		"somebody whom nobody has recorded": {"trail", wire.TrailQuery{Person: "email:nobody@example.org"}, ""},
	} {
		t.Run(rule, func(t *testing.T) {
			l := declared(t)
			l.record("r1", with(action("Store", ada), "details", map[string]any{"note": canary}))
			l.request(http.MethodPost, people+c.path, wire.ContentJSON, encoded(t, c.body),
				append(actor("petra", "request"), wire.HeaderCase, "case-1", wire.HeaderMinPosition, l.ledger.State().End.String())...)
			list := as[wire.Looks](t, l.get("/api/v1/looks")).Looks
			if c.want == "" {
				if len(list) != 0 {
					t.Errorf("recorded: %+v", list)
				}
				return
			}
			if len(list) != 1 {
				t.Fatalf("%d looks: %+v", len(list), list)
			}
			k := list[0]
			if k.Kind+" "+k.View != c.want || k.Actor != "petra" || k.Known != "claimed" || k.Reason != "request" || k.Case != "case-1" ||
				k.Controller != "fenland-cycles" || len(k.Identifiers) != 1 || strings.Contains(string(k.Identifiers[0]), canary) {
				t.Errorf("recorded: %+v", k)
			}
		})
	}
}

func TestOpeningContactsAndWhatWasSetAsideIsRecorded(t *testing.T) {
	l := declared(t, func(c *api.Config) {
		c.Quarantine = shelf{[]wire.Quarantined{{ID: "1", Problem: wire.NewProblem(wire.Malformed)}}}
	})
	l.request(http.MethodPost, "/api/v1/quarantine/1/show", "", "", actor("sam", "operation")...)
	l.read("/api/v1/register?reveal=contacts")
	l.read("/api/v1/controllers/fenland-cycles/article30?reveal=contacts")
	l.read("/api/v1/article30")
	l.read("/api/v1/register")
	got := ""
	for _, k := range as[wire.Looks](t, l.get("/api/v1/looks?kind=revealed")).Looks {
		got += k.Controller + " " + k.View + " " + k.Known + "; "
	}
	if got != "fenland-cycles contacts unnamed;  contacts unnamed;  quarantine claimed; " {
		t.Errorf("recorded: %s", got)
	}
}

func TestLooksAreNarrowedDownAndReadPageByPage(t *testing.T) {
	l := declared(t)
	for i := range 4 {
		who := "customer:" + strconv.Itoa(i)
		l.record("r"+strconv.Itoa(i), action("Store", who))
		l.request(http.MethodPost, people+"standing", wire.ContentJSON, encoded(t, wire.StandingQuery{Person: wire.Text(who)}), actor("petra", "audit")...)
	}
	first := as[wire.Looks](t, l.get("/api/v1/looks?limit=3"))
	if len(first.Looks) != 3 || first.Next == nil {
		t.Fatalf("%+v", first)
	}
	if rest := as[wire.Looks](t, l.get("/api/v1/looks?limit=3&after="+l.position(*first.Next))); len(rest.Looks) != 1 || rest.Next != nil {
		t.Errorf("%+v", rest)
	}
	for query, want := range map[string]int{
		"actor=petra": 4, "actor=sam": 0, "actor=unnamed": 0, "reason=audit": 4, "reason=unstated": 0, "case=case-1": 0, "kind=exported": 0,
		"controller=other": 0, "from=" + now.Format(time.DateOnly): 4, "to=" + now.Format(time.DateOnly): 0,
	} {
		if got := as[wire.Looks](t, l.get("/api/v1/looks?"+query)).Looks; len(got) != want {
			t.Errorf("%s: %d looks", query, len(got))
		}
	}
	person := as[wire.Looks](t, l.post(people+"looks", wire.LooksQuery{Person: "customer:2"}))
	if len(person.Looks) != 1 || person.Looks[0].Sentence != "petra looked at what stands about the person, for an audit" || person.Looks[0].Identifiers != nil {
		t.Errorf("%+v", person)
	}
	for _, query := range []string{"kind=peeked", "reason=" + canary, "actor=" + canary + "@", "limit=1001", "after=x", "from=x"} {
		if a := l.get("/api/v1/looks?" + query); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, a.status)
		}
	}
}

func TestWhoLooksIsNeverNamedInTheClear(t *testing.T) {
	l := declared(t)
	l.record("r1", action("Store", "customer:1"))
	for _, headers := range [][]string{
		{wire.HeaderActor, canary + "@example.org"}, {wire.HeaderReason, "Ada rang"}, {wire.HeaderCase, canary + "@"},
	} {
		a := l.request(http.MethodPost, people+"trail", wire.ContentJSON, `{"person":"customer:1"}`, headers...)
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", headers[0], a.status, a.body)
		}
	}
	if list := as[wire.Looks](t, l.get("/api/v1/looks")).Looks; len(list) != 0 {
		t.Errorf("recorded: %+v", list)
	}
}

// While the log takes nothing, records are shown and what is sealed is not.
func TestWhatIsSealedStaysShutWhileNothingIsRecorded(t *testing.T) {
	l := declared(t, func(c *api.Config) { c.Patience = 200 * time.Millisecond })
	end := l.record("r1", action("Store", "customer:1")).Position + 1
	if err := l.views.View("trail").Await(t.Context(), domain.Position(end-1)); err != nil {
		t.Fatal(err)
	}
	release := l.log.Hold()
	defer release()
	if a := l.post(people+"trail", wire.TrailQuery{Person: "customer:1"}); a.status != http.StatusOK {
		t.Errorf("a record: %d %s", a.status, a.body)
	}
	for _, a := range []answer{l.post(people+"trail", wire.TrailQuery{Person: "customer:1", Details: true}), l.get("/api/v1/register?reveal=contacts")} {
		if a.status != http.StatusServiceUnavailable || a.problem(t).Hint == "" {
			t.Errorf("what is sealed: %d %s", a.status, a.body)
		}
	}
}

func TestAVerificationIsRecordedAsItWentOut(t *testing.T) {
	l := declared(t)
	end := uint64(l.ledger.State().End)
	bad := end - 1
	for _, v := range []wire.LookVerification{{Until: end, Intact: true, Root: strings.Repeat("0a", 32)}, {Until: end, Bad: &bad}} {
		a := l.request(http.MethodPost, "/api/v1/verifications", wire.ContentJSON, encoded(t, v), actor("auditor", "audit")...)
		if s := as[wire.Settled](t, a); s.Events != 1 {
			t.Errorf("%+v", s)
		}
	}
	list := as[wire.Looks](t, l.get("/api/v1/looks?kind=verified&actor=auditor")).Looks
	if len(list) != 2 || !list[1].Verification.Intact || list[0].Verification.Intact || *list[0].Verification.Bad != bad ||
		list[0].Sentence != "auditor checked the history and found it changed, for an audit" {
		t.Errorf("%+v", list)
	}
	if a := l.post("/api/v1/verifications", wire.LookVerification{Until: 99_999, Intact: true}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("beyond the end: %d", a.status)
	}
	for batch, err := range l.log.Read(t.Context(), domain.Position(end)) {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range batch.Events {
			if !strings.Contains(string(e), `"source":"`+oversight.Source+`"`) {
				t.Errorf("not in its own stream: %s", e)
			}
		}
		if batch.CaughtUp {
			break
		}
	}
}
