package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/wire"
)

// gagged is a ledger with an entry under an order that came to be known only afterwards, the order, and one more entry under it. Of
// the order the law forbids telling until the day. It gives the positions of what is to be withheld.
func gagged(t *testing.T, until time.Time) (*ledger, map[int]bool) {
	t.Helper()
	l := declared(t)
	more := document()
	more.Recipients = append(more.Recipients, wire.Recipient{ID: "hmrc", Name: "HMRC", Kind: "authority", Country: "GB"})
	as[wire.Plan](t, l.post("/api/v1/register", more))
	before := l.record("before", with(action("Disclose", "customer:1"), "recipient", "hmrc", "order", "co-1"))
	order := as[wire.Settled](t, l.post("/api/v1/controllers/fenland-cycles/court-orders", wire.CourtOrder{
		Order: "co-1", Authority: "hmrc", Jurisdiction: "GB", Reference: "7/26", Issued: now.AddDate(0, 0, -1), Categories: []string{"pd:Name"},
		ForbiddenUntil: &until,
	}))
	after := l.record("after", with(action("Disclose", "customer:1"), "recipient", "hmrc", "order", "co-1"))
	l.record("other", with(action("Store", "customer:1"), "system", "co-1"))
	return l, map[int]bool{int(before.Position): true, int(order.Position): true, int(after.Position): true}
}

func TestTheLogWithholdsWhatMustNotBeToldAndStillProves(t *testing.T) {
	l, hidden := gagged(t, now.AddDate(1, 0, 0))
	stored := l.stored()
	for _, path := range []string{"/api/v1/log", "/api/v1/log?from=" + strconv.Itoa(len(stored)-4)} {
		body := l.get(path).body
		if strings.Contains(string(body), "7/26") || strings.Contains(string(body), `"order":"co-1"`) {
			t.Errorf("%s tells of the order: %s", path, body)
		}
		n := 0
		for _, e := range logLines(t, body) {
			leaf := merkle.Leaf(stored[e.Position])
			switch {
			case e.Withheld != hidden[int(e.Position)]:
				t.Errorf("%s: entry %d withheld: %v", path, e.Position, e.Withheld)
			case e.Withheld && (!bytes.Equal(e.Leaf, leaf[:]) || e.Event != nil):
				t.Errorf("%s: entry %d has leaf %x, %s", path, e.Position, e.Leaf, e.Event)
			case !e.Withheld && !bytes.Equal(e.Event, stored[e.Position]):
				t.Errorf("%s: entry %d is %s", path, e.Position, e.Event)
			case e.Withheld:
				n++
			}
		}
		if n != len(hidden) {
			t.Errorf("%s withholds %d", path, n)
		}
	}
	for i, e := range logLines(t, l.get("/api/v1/log?secret=show").body) {
		if i == len(stored) {
			break // the record of this very look
		}
		if e.Withheld || !bytes.Equal(e.Event, stored[i]) {
			t.Errorf("the regulator is shown %+v", e)
		}
	}
	if a := l.get("/api/v1/log?secret=yes"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("%d", a.status)
	}
}

func TestTheLogTellsAgainWhatMayBeTold(t *testing.T) {
	l, _ := gagged(t, now.AddDate(0, 0, -1).Add(time.Hour))
	if body := l.get("/api/v1/log").body; bytes.Contains(body, []byte("withheld")) || !bytes.Contains(body, []byte("7/26")) {
		t.Errorf("%s", body)
	}
}

func TestTheLogOfOnePersonHoldsWhatNamesThem(t *testing.T) {
	l, _ := gagged(t, now.AddDate(1, 0, 0))
	end := len(l.stored())
	l.record("mine", action("Store", "customer:2", "customer:1"))
	l.record("theirs", action("Store", "customer:2"))
	ask := func(more string) (names []string) {
		a := l.post(people+"log"+more, wire.LogQuery{Person: "customer:1"})
		if a.status != http.StatusOK || bytes.Contains(a.body, []byte("customer:1")) {
			t.Fatalf("%d %s", a.status, a.body)
		}
		for _, e := range logLines(t, a.body) {
			switch {
			case e.Withheld:
				names = append(names, "withheld")
			default:
				_, id, _ := bytes.Cut(e.Event, []byte(`"id":"`))
				name, _, _ := bytes.Cut(id, []byte(`"`))
				names = append(names, string(name))
			}
		}
		return names
	}
	if got := strings.Join(ask(""), " "); got != "withheld withheld other mine/1" {
		t.Errorf("%s", got)
	}
	// Looking is recorded, and names them too.
	if got := strings.Join(ask("?secret=show"), " "); !strings.HasPrefix(got+" ", "before after other mine/1 ") {
		t.Errorf("%s", got)
	}
	if got := strings.Join(ask("?secret=show&at="+strconv.Itoa(end)), " "); got != "before after other" {
		t.Errorf("%s", got)
	}
	if a := l.post(people+"log", wire.LogQuery{Person: "customer:9"}); a.status != http.StatusNotFound {
		t.Errorf("%d", a.status)
	}
}

// logLines reads a body of entries.
func logLines(t *testing.T, body []byte) (list []wire.LogEntry) {
	t.Helper()
	for line := range bytes.Lines(body) {
		var e wire.LogEntry
		decode(t, line, &e)
		list = append(list, e)
	}
	return list
}

func decode(t *testing.T, line []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(line, into); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
}
