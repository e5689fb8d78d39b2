// Package projectiontest gives tests of projections a ledger in memory, real SQLite files, and the check that every projection
// passes: folded in transactions of any size, its tables are the same.
//
// It deliberately checks no SQL: tests ask a view's queries.
package projectiontest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	db "github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/projections"
)

// Start is the time of the first event; each further one is recorded a second later.
var Start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// Open opens files as the program does.
func Open(path string, tables projections.Tables) (projections.Store, error) {
	return db.Open(path, db.Config{
		Schema: tables.Schema, Version: tables.Version, Synchronous: db.Off, Readers: 4,
		WriterCache: 16 << 10, ReaderCache: 4 << 10, CheckpointPages: 16_384,
	})
}

// Ledger is a log in memory and one view of it.
type Ledger struct {
	*projections.View
	Runner *projections.Runner
	Log    *memlog.Log

	t   *testing.T
	end domain.Position
}

// Given folds facts and gives the ledger with a view that has them. It ends with the test.
func Given(t *testing.T, p projections.Projection, facts ...domain.Fact) *Ledger {
	t.Helper()
	return GivenEvents(t, p, Events(0, facts...)...)
}

// GivenEvents is Given with all of the events chosen.
func GivenEvents(t *testing.T, p projections.Projection, events ...domain.Event) *Ledger {
	t.Helper()
	l := &Ledger{t: t, Log: memlog.New(memlog.Config{})}
	l.Runner = Run(t, l.Log, t.TempDir(), projections.Config{}, p)
	l.View = l.Runner.View(p.Name())
	l.Append(events...)
	return l
}

// Run runs projections over a log until the test ends.
func Run(t *testing.T, log projections.Log, dir string, config projections.Config, views ...projections.Projection) *projections.Runner {
	t.Helper()
	r, err := projections.New(log, dir, Open, views, config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// Events makes events of facts, from a position on: each with an id, a source, and the times that follow from its position.
func Events(from domain.Position, facts ...domain.Fact) []domain.Event {
	events := make([]domain.Event, len(facts))
	for i, fact := range facts {
		at := int(from) + i
		source := domain.LedgerSource
		if a, ok := fact.(dossier.ActionRecorded); ok {
			source = domain.ServiceSource(a.Controller, a.Service)
		}
		recorded := Start.Add(time.Duration(at) * time.Second)
		events[i] = domain.Event{
			ID: fmt.Sprintf("0199a0c2-0000-7000-8000-%012x", at), Source: source,
			Time: recorded.Add(-time.Second), Recorded: recorded, Fact: fact,
		}
	}
	return events
}

// Append appends events one by one and waits until the view has them.
func (l *Ledger) Append(events ...domain.Event) {
	l.t.Helper()
	for _, stored := range Encode(l.t, events...) {
		if err := l.Log.Append(l.t.Context(), l.end, [][]byte{stored}); err != nil {
			l.t.Fatal(err)
		}
		l.end++
	}
	if l.end > 0 {
		Await(l.t, l.View, l.end-1)
	}
}

// Encode gives the stored bytes of events.
func Encode(t testing.TB, events ...domain.Event) [][]byte {
	t.Helper()
	lines := make([][]byte, len(events))
	for i, e := range events {
		stored, err := catalog.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = stored
	}
	return lines
}

// Await waits for an event to be in a view; a minute is a failure.
func Await(t testing.TB, view *projections.View, event domain.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := view.Await(ctx, event); err != nil {
		t.Fatalf("%+v\n%+v", err, view.Status())
	}
}

// Equivalent checks that the events folded in transactions of several sizes, from frames of several sizes, and on to a file that
// was left midway, give the same tables.
func Equivalent(t *testing.T, p projections.Projection, events ...domain.Event) {
	t.Helper()
	stored := Encode(t, events...)
	want := ""
	for _, size := range []struct{ transaction, frame, stop int }{
		{0, len(stored), 0}, {0, 1, len(stored) / 3}, {7, 5, len(stored) / 2}, {1000, 333, 0},
	} {
		got := fold(t, p, stored, size.transaction, size.frame, size.stop)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("in transactions of %d, from frames of %d, the tables of %s are others:\n%s",
				size.transaction, size.frame, p.Name(), difference(want, got))
		}
	}
}

// fold folds the events and dumps the tables. Where stop is not 0 the runner is stopped after so many events and started again.
func fold(t *testing.T, p projections.Projection, stored [][]byte, transaction, frame, stop int) (dump string) {
	t.Helper()
	log, dir, at := memlog.New(memlog.Config{}), t.TempDir(), 0
	for _, until := range []int{stop, len(stored)} {
		if until <= at && until < len(stored) {
			continue
		}
		for at < until {
			n := min(frame, until-at)
			if err := log.Append(t.Context(), domain.Position(at), stored[at:at+n]); err != nil {
				t.Fatal(err)
			}
			at += n
		}
		t.Run("fold", func(t *testing.T) {
			r := Run(t, log, dir, projections.Config{Transaction: transaction}, p)
			Await(t, r.View(p.Name()), domain.Position(at-1))
			dump = Dump(t, r.View(p.Name()))
		})
	}
	return dump
}

// Dump writes all tables of a view as text, in the order of their keys.
func Dump(t testing.TB, view *projections.View) string {
	t.Helper()
	var b strings.Builder
	if _, err := view.Read(t.Context(), func(conn *sqlite.Conn, _ domain.Position) error {
		var tables []string
		if err := sqlitex.Execute(conn, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error { tables = append(tables, stmt.ColumnText(0)); return nil },
		}); err != nil {
			return err
		}
		for _, table := range tables {
			// The order of a scan is that of the table's key.
			if err := sqlitex.Execute(conn, `SELECT * FROM "`+table+`"`, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
				b.WriteString(table)
				for i := range stmt.ColumnCount() {
					b.WriteString(" " + stmt.ColumnName(i) + "=" + cell(stmt, i))
				}
				b.WriteByte('\n')
				return nil
			}}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatalf("%+v", err)
	}
	return b.String()
}

func cell(stmt *sqlite.Stmt, i int) string {
	switch stmt.ColumnType(i) {
	case sqlite.TypeInteger:
		return strconv.FormatInt(stmt.ColumnInt64(i), 10)
	case sqlite.TypeBlob:
		b := make([]byte, stmt.ColumnLen(i))
		stmt.ColumnBytes(i, b)
		return fmt.Sprintf("x%x", b)
	default:
		return strconv.Quote(stmt.ColumnText(i))
	}
}

func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n want %.300s\n  got %.300s", i, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(b), len(a))
}
