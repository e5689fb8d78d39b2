package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
)

// wrongs records actions with findings and one without, oldest first, and gives their positions.
func wrongs(l *ledger) (use, mismatch uint64) {
	use = l.record("f1", action("Use", "email:"+canary+"@example.org")).Position
	l.record("f2", action("Store", "email:"+canary+"@example.org"))
	return use, l.record("f3", with(action("Store", "customer:1"), "basis", "A6-1-f")).Position
}

func TestFindingsAreListedNewestFirst(t *testing.T) {
	l := declared(t)
	use, mismatch := wrongs(l)
	day := now.Format(time.DateOnly)
	for _, row := range []struct {
		rule, query string
		want        []uint64
	}{
		{"all", "", []uint64{mismatch, use}},
		{"of a controller", "?controller=fenland-cycles&service=webshop", []uint64{mismatch, use}},
		{"of another", "?controller=other", nil},
		{"with a code", "?code=operation-not-instructed", []uint64{use}},
		{"with any of several", "?code=operation-not-instructed,basis-mismatch", []uint64{mismatch, use}},
		{"recorded on a day", "?from=" + day + "&to=" + day, []uint64{mismatch, use}},
		{"recorded before a day", "?to=2026-11-22", nil},
		{"after the cursor", "?after=" + l.position(mismatch), []uint64{use}},
		{"as known earlier", "?at=" + l.position(mismatch), []uint64{use}},
	} {
		list := as[wire.Findings](t, l.read("/api/v1/findings"+row.query))
		got := make([]uint64, len(list.Entries))
		for i, e := range list.Entries {
			got[i] = e.Position
		}
		if len(got) != len(row.want) || strings.Join(words(got), " ") != strings.Join(words(row.want), " ") {
			t.Errorf("%s: %v, want %v", row.rule, got, row.want)
		}
	}
	page := as[wire.Findings](t, l.read("/api/v1/findings?limit=1"))
	if len(page.Entries) != 1 || page.Next == nil || *page.Next != mismatch {
		t.Fatalf("%+v", page)
	}
	e := page.Entries[0]
	if e.Basis != "A6-1-b" || e.Stated != "A6-1-f" || e.Findings[0].Code != "basis-mismatch" || e.Findings[0].Article == "" ||
		!strings.Contains(e.Sentence, "instruction orders v1 of Fenland Cycles Ltd") || strings.Contains(e.Sentence, canary) {
		t.Errorf("%+v", e)
	}
}

func words(list []uint64) []string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.FormatUint(n, 10)
	}
	return out
}

func TestFindingsAreCounted(t *testing.T) {
	l := declared(t)
	wrongs(l)
	total := as[wire.FindingCounts](t, l.read("/api/v1/findings/counts"))
	if len(total.Counts) != 1 || total.Counts[0].Entries != 2 || total.Counts[0].Day != "" || len(total.Counts[0].Findings) != 2 {
		t.Fatalf("%+v", total)
	}
	daily := as[wire.FindingCounts](t, l.read("/api/v1/findings/counts?by=day&from=2026-11-01&to=2026-11-30&controller=fenland-cycles"))
	if len(daily.Counts) != 1 || daily.Counts[0].Day != "2026-11-23" || daily.Counts[0].Findings[0].Entries != 1 {
		t.Errorf("%+v", daily)
	}
	for _, path := range []string{
		"?limit=0", "?code=" + canary, "?from=" + canary, "?to=23.11.2026", "?controller=" + canary + "@", "?secret=" + canary, "?at=99999",
		"?after=x", "/counts?by=" + canary, "/counts?by=day", "/retroactive?limit=1001",
	} {
		if a := l.get("/api/v1/findings" + path); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestAWithdrawalThatCameLateShowsWhatReliedOnTheConsent(t *testing.T) {
	l := declared(t, func(c *api.Config) { c.Now = func() time.Time { return now } })
	doc := document()
	i := &doc.Controllers[0].Instructions[0]
	i.ID, i.Title, i.Basis = "news", "News", "A6-1-a"
	as[wire.Plan](t, l.post("/api/v1/register", doc))
	given, withdrawn := now.Add(-10*time.Hour), now.Add(-2*time.Hour)
	person := wire.Text("email:" + canary + "@example.org")
	l.record("n0", action("Store", string(person)))
	as[wire.Settled](t, l.post(people+"matters", wire.Matter{Person: person, Kind: wire.MatterConsentGiven, Instruction: "news", How: "form", At: &given}))
	r := l.record("n1", with(action("Store", string(person)), "instruction", "news"))
	s := as[wire.Settled](t, l.post(people+"matters", wire.Matter{Person: person, Kind: wire.MatterConsentWithdrawn, Instruction: "news", How: "link", At: &withdrawn}))
	list := as[wire.RetroactiveList](t, l.read("/api/v1/findings/retroactive?controller=fenland-cycles"))
	if len(list.Matters) != 1 {
		t.Fatalf("%+v", list)
	}
	m := list.Matters[0]
	if m.Position != s.Position || m.Kind != wire.LateWithdrawal || m.Count != 1 || m.Actions[0].Position != r.Position ||
		!m.Effect.Equal(withdrawn) || m.Forgotten || len(m.Person) != 1 || strings.Contains(string(m.Person[0]), canary) {
		t.Errorf("%+v", m)
	}
	want := "A consent to instruction news was withdrawn on 23 Nov 2026, 08:00 UTC and became known on 23 Nov 2026, 10:00 UTC; " +
		"1 action that was recorded before relied on what it had ended."
	if m.Sentence != want {
		t.Errorf("got %q", m.Sentence)
	}
}
