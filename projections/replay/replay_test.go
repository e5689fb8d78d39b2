package replay_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/replay"
)

// systems counts the actions in each system.
type systems struct{ name string }

func (s systems) Name() string             { return s.name }
func (systems) Version() int               { return 1 }
func (systems) Folder() projections.Folder { return folder{} }
func (systems) Schema() string {
	return "CREATE TABLE system (name TEXT PRIMARY KEY, n INTEGER NOT NULL, mark BLOB) STRICT; CREATE TABLE bare (a TEXT, b);"
}

type folder struct{}

func (folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	action, is := e.Fact.(dossier.ActionRecorded)
	if !is {
		return nil
	}
	return sqlitex.Execute(conn, "INSERT INTO system VALUES (?1, 1, x'00') ON CONFLICT DO UPDATE SET n = n + 1", &sqlitex.ExecOptions{Args: []any{action.System}})
}

func (folder) Flush(*sqlite.Conn) error { return nil }

// ledger is a log with two views that have all of it, and the folder of their files.
func ledger(t *testing.T, names ...string) (*memlog.Log, *projections.Runner, string) {
	t.Helper()
	log, dir := memlog.New(memlog.Config{}), t.TempDir()
	var facts []domain.Fact
	for _, name := range names {
		facts = append(facts, dossier.ActionRecorded{
			Controller: "fenland-cycles", Subject: 7, Identifier: "email", Service: "webshop", Action: "a", Operation: "Store", System: name,
		})
	}
	if err := log.Append(t.Context(), 0, projectiontest.Encode(t, projectiontest.Events(0, facts...)...)); err != nil {
		t.Fatal(err)
	}
	r := projectiontest.Run(t, log, dir, projections.Config{}, systems{"one"}, systems{"two"})
	for _, name := range []string{"one", "two"} {
		projectiontest.Await(t, r.View(name), domain.Position(len(names)-1))
	}
	return log, r, dir
}

// tamper changes a file of a view beside the program.
func tamper(t *testing.T, dir, view, statement string) {
	t.Helper()
	store, err := sqlite.OpenConn(filepath.Join(dir, view+".1.db"), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.CombineErrors(sqlitex.ExecuteScript(store, statement, nil), store.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAReplayFindsEveryRowThatIsNotWhatTheLogSays(t *testing.T) {
	for name, row := range map[string]struct {
		statement  string
		count      uint64
		live, made string
	}{
		"nothing was changed":      {"SELECT 1", 0, "", ""},
		"a value was changed":      {"UPDATE system SET n = 9 WHERE name = 'crm'", 1, "n=9", "n=2"},
		"bytes were changed":       {"UPDATE system SET mark = x'ff' WHERE name = 'crm'", 1, "mark=x'ff'", "mark=x'00'"},
		"a type was changed":       {"UPDATE bare SET b = 1; INSERT INTO bare VALUES ('x', '1')", 1, "there", ""},
		"a row was taken away":     {"DELETE FROM system WHERE name = 'crm'", 1, "", "n=2, mark=x'00'"},
		"a row was added":          {"INSERT INTO system VALUES ('a', 1, NULL)", 1, "n=1, mark=null", ""},
		"the last was taken":       {"DELETE FROM system WHERE name = 'webshop'", 1, "", "n=1, mark=x'00'"},
		"one became another":       {"UPDATE system SET name = 'zzz' WHERE name = 'crm'", 2, "", "n=2, mark=x'00'"},
		"the progress was changed": {"UPDATE progress SET last = x'00'", 1, "last=x'00'", ""},
	} {
		t.Run(name, func(t *testing.T) {
			log, runner, dir := ledger(t, "crm", "webshop", "crm")
			tamper(t, dir, "two", row.statement)
			verdicts, err := replay.Run(t.Context(), log, projectiontest.Open, []projections.Projection{systems{"one"}, systems{"two"}}, runner, replay.Query{Dir: t.TempDir()})
			if err != nil || len(verdicts) != 2 {
				t.Fatalf("%+v, %d verdicts", err, len(verdicts))
			}
			if one := verdicts[0]; !one.Equal() || one.At != 3 || one.Rows != 3 || one.LiveRows != 3 || one.Tables != 3 {
				t.Errorf("the other view: %+v", one)
			}
			two := verdicts[1]
			if two.Count != row.count || two.Equal() != (row.count == 0) || !two.Compared {
				t.Fatalf("%+v", two)
			}
			if row.count == 0 {
				return
			}
			if d := two.Differences[0]; d.Live != row.live || row.made != "" && d.Made != row.made {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestAReplayOfThePastBuildsWithoutComparing(t *testing.T) {
	log, runner, _ := ledger(t, "crm", "webshop", "crm")
	for at, rows := range map[domain.Position]uint64{0: 1, 1: 2, 2: 3} {
		verdicts, err := replay.Run(t.Context(), log, projectiontest.Open, []projections.Projection{systems{"one"}}, runner, replay.Query{Dir: t.TempDir(), At: &at})
		if err != nil || verdicts[0].Compared || verdicts[0].Equal() || verdicts[0].Rows != rows || verdicts[0].At != at {
			t.Errorf("as of %s: %+v, %+v", at, verdicts, err)
		}
	}
	end := domain.Position(3)
	if verdicts, err := replay.Run(t.Context(), log, projectiontest.Open, []projections.Projection{systems{"one"}}, runner, replay.Query{Dir: t.TempDir(), At: &end}); err != nil || !verdicts[0].Equal() {
		t.Errorf("where the live one stands: %+v, %+v", verdicts, err)
	}
	beyond := domain.Position(4)
	if _, err := replay.Run(t.Context(), log, projectiontest.Open, []projections.Projection{systems{"one"}}, runner, replay.Query{Dir: t.TempDir(), At: &beyond}); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("beyond the end: %+v", err)
	}
	if _, err := replay.Run(t.Context(), log, projectiontest.Open, []projections.Projection{systems{"one"}}, runner, replay.Query{Dir: t.TempDir(), Views: []string{"three"}}); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("a view that there is not: %+v", err)
	}
}

func TestAReplayShowsSoManyDifferencesAndCountsTheOthers(t *testing.T) {
	log, runner, dir := ledger(t, "crm")
	var b strings.Builder
	for i := range 50 {
		b.WriteString("INSERT INTO bare VALUES ('" + strings.Repeat("long ", 100) + "', " + string(rune('0'+i%10)) + ");")
	}
	tamper(t, dir, "one", b.String())
	verdicts, err := replay.Run(t.Context(), log, projectiontest.Open, []projections.Projection{systems{"one"}}, runner, replay.Query{Dir: t.TempDir()})
	if err != nil || verdicts[0].Count != 50 || len(verdicts[0].Differences) != replay.MaxDifferences || len(verdicts[0].Differences[0].Key) > 200 {
		t.Errorf("%+v, %+v", verdicts, err)
	}
}

func TestAReplayLeavesTheFilesThatItBuilt(t *testing.T) {
	log, runner, _ := ledger(t, "crm")
	dir := t.TempDir()
	if _, err := replay.Run(t.Context(), log, projectiontest.Open, []projections.Projection{systems{"one"}}, runner, replay.Query{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "one.1.db")); err != nil {
		t.Error(err)
	}
}
