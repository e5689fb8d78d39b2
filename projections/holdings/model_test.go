package holdings_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

// random makes an action of one of few people, systems and categories, so that everything meets everything.
func random(r *rand.Rand) dossier.ActionRecorded {
	ops := []domain.Operation{domain.Store, domain.Store, domain.Collect, domain.Use, domain.Delete, domain.Erase, domain.Move, domain.Copy}
	a := act(ops[r.IntN(len(ops))], []string{"crm", "shop", ""}[r.IntN(3)])
	a.Subject = domain.SubjectKey(1 + r.IntN(5))
	for _, c := range []domain.Category{"pd:Name", "pd:Age", "pd:Email"} {
		if r.IntN(3) == 0 {
			a.Categories = append(a.Categories, c)
		}
	}
	if a.Operation == domain.Move {
		a.From = []string{"crm", "shop", ""}[r.IntN(3)]
	}
	a.Version = r.IntN(4)
	return a
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var facts []domain.Fact
	for range 9000 {
		facts = append(facts, random(r))
	}
	projectiontest.Equivalent(t, holdings.Projection(), projectiontest.Events(0, facts...)...)
}

// recents gives the packed value of each event, by folding each into a ledger of its own people.
func recents(t *testing.T, facts []domain.Fact) [][]byte {
	t.Helper()
	apart := make([]domain.Fact, len(facts))
	for i, fact := range facts {
		a := fact.(dossier.ActionRecorded)
		a.Subject = domain.SubjectKey(i + 1)
		apart[i] = a
	}
	ledger := projectiontest.Given(t, holdings.Projection(), apart...)
	var values [][]byte
	if _, err := ledger.Read(t.Context(), func(conn *sqlite.Conn, _ domain.Position) error {
		return sqlitex.Execute(conn, "SELECT value FROM person_recent ORDER BY key", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			b := make([]byte, stmt.ColumnLen(0))
			stmt.ColumnBytes(0, b)
			values = append(values, b)
			return nil
		}})
	}); err != nil {
		t.Fatal(err)
	}
	return values
}

func TestChangesMergeAlikeInAnyGrouping(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		facts := make([]domain.Fact, 30)
		for i := range facts {
			facts[i] = random(r)
		}
		values := recents(t, facts)
		want := values[0]
		for _, v := range values[1:] {
			want = holdings.Merge(want, v)
		}
		for range 20 {
			groups := slices.Clone(values)
			for len(groups) > 1 {
				i := r.IntN(len(groups) - 1)
				groups[i] = holdings.Merge(groups[i], groups[i+1])
				groups = slices.Delete(groups, i+1, i+2)
			}
			if !bytes.Equal(groups[0], want) {
				t.Fatalf("grouped otherwise the changes give %x, want %x", groups[0], want)
			}
		}
	}
}

// TestHoldingsAgreeWithAPlainFold holds the view against the rules told the simplest way.
func TestHoldingsAgreeWithAPlainFold(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	type key struct {
		subject  domain.SubjectKey
		system   string
		category domain.Category
	}
	type item struct {
		since, newest int
		away          bool
	}
	held := map[key]item{}
	facts := make([]domain.Fact, 6000)
	take := func(a dossier.ActionRecorded, system string, do func(key)) {
		for k := range held {
			if k.subject == a.Subject && k.system == system && (len(a.Categories) == 0 || slices.Contains(a.Categories, k.category)) {
				do(k)
			}
		}
	}
	for i := range facts {
		a := random(r)
		facts[i] = a
		switch a.Operation.Effect() {
		case domain.Brings:
			if a.Operation == domain.Move && a.From != "" && a.From != a.System {
				take(a, a.From, func(k key) { delete(held, k) })
			}
			categories := a.Categories
			if len(categories) == 0 {
				categories = []domain.Category{""}
			}
			for _, c := range categories {
				k := key{a.Subject, a.System, c}
				was, had := held[k]
				if !had {
					was.since = i
				}
				held[k] = item{since: was.since, newest: i}
			}
		case domain.Removes:
			take(a, a.System, func(k key) { delete(held, k) })
		case domain.Withdraws:
			take(a, a.System, func(k key) { h := held[k]; h.away = true; held[k] = h })
		case domain.Neither:
		}
	}
	ledger := projectiontest.GivenEvents(t, holdings.Projection())
	if err := ledger.Log.Append(t.Context(), 0, projectiontest.Encode(t, projectiontest.Events(0, facts...)...)); err != nil {
		t.Fatal(err)
	}
	projectiontest.Await(t, ledger.View, domain.Position(len(facts)-1))
	got := map[key]item{}
	for subject := domain.SubjectKey(1); subject <= 5; subject++ {
		p, err := holdings.New(ledger).Of(t.Context(), cycles, []domain.SubjectKey{subject})
		if err != nil {
			t.Fatalf("%+v", err)
		}
		for _, i := range p.Items {
			got[key{subject, i.System, i.Category}] = item{int(i.SinceAt), int(i.NewestAt), i.Withdrawn}
		}
	}
	if !reflect.DeepEqual(got, held) {
		t.Errorf("got %v\nwant %v", got, held)
	}
}
