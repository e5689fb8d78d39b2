package projections_test

import (
	"context"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

// choosy is a view that only the events of one system concern.
type choosy struct{ counting }

func (c choosy) Folder() projections.Folder { return chooser{&counter{counting: c.counting}} }

type chooser struct{ *counter }

func (c chooser) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	if a, is := e.Fact.(dossier.ActionRecorded); is && a.System != "crm" {
		return nil
	}
	return c.counter.Fold(conn, e)
}

// rows gives how many rows a view has, and the position at which it says to stand.
func rows(t *testing.T, v *projections.View) (n int, at domain.Position) {
	t.Helper()
	at, err := v.Read(t.Context(), func(conn *sqlite.Conn, _ domain.Position) error {
		return sqlitex.Execute(conn, "SELECT count(*) FROM seen", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error { n = s.ColumnInt(0); return nil }})
	})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return n, at
}

func TestAViewStandsBehindEventsThatDoNotConcernIt(t *testing.T) {
	dir, log := t.TempDir(), memlog.New(memlog.Config{})
	stands := func(rule string, n int, end domain.Position) {
		t.Run(rule, func(t *testing.T) {
			r := projectiontest.Run(t, log, dir, projections.Config{}, choosy{counting{name: "choosy"}})
			projectiontest.Await(t, r.View("choosy"), end-1)
			if got, at := rows(t, r.View("choosy")); got != n || at != end {
				t.Errorf("%d rows at %s, want %d at %s", got, at, n, end)
			}
		})
	}
	appending(t, log, actions(10, "crm")...)
	stands("after events that do", 10, 10)
	appending(t, log, actions(500, "attic")...)
	stands("after events that do not", 10, 510)
	stands("started again", 10, 510)
	appending(t, log, actions(1, "crm")...)
	stands("after one more that does", 11, 511)
	for range 70 {
		appending(t, log, actions(1000, "attic")...)
	}
	stands("after more than a start may read again", 11, 70_511)
}

// A crash leaves the progress that was written last; what did not concern the view is read again and changes nothing.
func TestAViewThatWasNotClosedGoesOnFromWhatWasWritten(t *testing.T) {
	log := memlog.New(memlog.Config{})
	appending(t, log, actions(10, "crm")...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := t.TempDir()
	r := projectiontest.Run(t, log, dir, projections.Config{}, choosy{counting{name: "choosy"}})
	projectiontest.Await(t, r.View("choosy"), 9)
	appending(t, log, actions(100, "attic")...)
	projectiontest.Await(t, r.View("choosy"), 109)
	crashed := projectiontest.Run(t, log, copied(t, dir, "choosy"), projections.Config{}, choosy{counting{name: "choosy"}})
	if err := crashed.View("choosy").Await(ctx, 109); err != nil {
		t.Fatalf("%+v", err)
	}
	if n, at := rows(t, crashed.View("choosy")); n != 10 || at != 110 {
		t.Errorf("%d rows at %s", n, at)
	}
}
