package history_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/history"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

// counter counts events; where there is a gate, each waits there.
type counter struct{ gate chan struct{} }

func (counter) Name() string { return "count" }
func (counter) Version() int { return 1 }
func (counter) Schema() string {
	return "CREATE TABLE n (one INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;"
}
func (c counter) Folder() projections.Folder { return c }

func (c counter) Fold(conn *sqlite.Conn, _ *domain.Recorded) error {
	if c.gate != nil {
		<-c.gate
	}
	return sqlitex.Execute(conn, "INSERT INTO n VALUES (1, 1) ON CONFLICT DO UPDATE SET n = n + 1", nil)
}

func (counter) Flush(*sqlite.Conn) error { return nil }

// past makes a history over a log of so many events, recorded a second apart.
func past(t *testing.T, events int, p counter, cfg history.Config) *history.History {
	t.Helper()
	log := memlog.New(memlog.Config{})
	facts := make([]domain.Fact, events)
	for i := range facts {
		facts[i] = dossier.ActionRecorded{Controller: "fenland-cycles", Subject: 7, Identifier: "email", Service: "webshop", Action: "a", Operation: "Store"}
	}
	if err := log.Append(t.Context(), 0, projectiontest.Encode(t, projectiontest.Events(0, facts...)...)); err != nil {
		t.Fatal(err)
	}
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	h, err := history.New(log, projectiontest.Open, []projections.Projection{p}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func counted(t *testing.T, view projections.Reader) (n int) {
	t.Helper()
	if _, err := view.Read(t.Context(), func(conn *sqlite.Conn, _ domain.Position) error {
		return sqlitex.Execute(conn, "SELECT n FROM n", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error { n = s.ColumnInt(0); return nil }})
	}); err != nil {
		t.Fatalf("%+v", err)
	}
	return n
}

func TestViewsOfThePastHoldWhatWasBeforeThePositionAndFewAreKept(t *testing.T) {
	dir := t.TempDir()
	h := past(t, 20, counter{}, history.Config{Dir: dir, Most: 3})
	held, release, err := h.View(t.Context(), "count", 2)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	for at := range domain.Position(21) {
		view, done, err := h.View(t.Context(), "count", at)
		if err != nil || counted(t, view) != int(at) {
			t.Fatalf("as of %s: %+v", at, err)
		}
		done()
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) > 3 {
		t.Errorf("%d are kept", len(files))
	}
	if counted(t, held) != 2 {
		t.Error("what is read was taken away")
	}
	release()
	if _, _, err := h.View(t.Context(), "count", 21); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("beyond the end: %+v", err)
	}
	if _, _, err := h.View(t.Context(), "count", 22); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("beyond the end again: %+v", err)
	}
}

func TestWhoeverDoesNotWaitIsToldAndTheBuildingGoesOn(t *testing.T) {
	gate := make(chan struct{})
	h := past(t, 10, counter{gate}, history.Config{Waiting: 2})
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	for _, at := range []domain.Position{5, 6} {
		if _, _, err := h.View(impatient, "count", at); !errors.Is(err, domain.ErrUnavailable) {
			t.Fatalf("%+v", err)
		}
	}
	if progress, building := h.Progress("count", 5); !building || progress.Of != 5 {
		t.Errorf("%+v, %v", progress, building)
	}
	if _, _, err := h.View(impatient, "count", 7); !errors.Is(err, domain.ErrBusy) {
		t.Errorf("one too many: %+v", err)
	}
	close(gate)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			view, release, err := h.View(t.Context(), "count", 5)
			if err != nil {
				t.Errorf("%+v", err)
				return
			}
			defer release()
			if n := counted(t, view); n != 5 {
				t.Errorf("%d", n)
			}
		})
	}
	all.Wait()
}

func TestClosingEndsWhatIsBeingBuiltAndLeavesNothing(t *testing.T) {
	gate, dir := make(chan struct{}, 1), t.TempDir()
	h := past(t, 10, counter{gate}, history.Config{Dir: dir})
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, _ = h.View(impatient, "count", 5)
	close(gate)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("left: %v", err)
	}
	if _, _, err := h.View(t.Context(), "count", 5); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("%+v", err)
	}
}

func TestATimeStandsForTheEndOfTheLogThen(t *testing.T) {
	h := past(t, 20, counter{}, history.Config{})
	for _, row := range []struct {
		after time.Duration
		want  domain.Position
	}{{-time.Second, 0}, {-time.Millisecond, 0}, {0, 1}, {time.Second - time.Millisecond, 1}, {7 * time.Second, 8}, {19 * time.Second, 20}, {time.Hour, 20}} {
		if at, err := h.PositionAt(t.Context(), 20, projectiontest.Start.Add(row.after)); err != nil || at != row.want {
			t.Errorf("%s after the first: %s, %+v", row.after, at, err)
		}
	}
}
