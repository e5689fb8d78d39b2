package projections_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
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
	"github.com/jigowatt/daybook/projections/projectiontest"
)

// counting is a view of how many events there were, and of their positions.
type counting struct {
	name    string
	version int
	extra   string // of the schema
	refuse  string // the system whose event is impossible
	gate    chan struct{}
}

func (c counting) Name() string { return c.name }
func (c counting) Version() int { return max(c.version, 1) }
func (c counting) Schema() string {
	return "CREATE TABLE seen (position INTEGER PRIMARY KEY, version INTEGER);" + c.extra
}
func (c counting) Folder() projections.Folder { return &counter{counting: c} }

type counter struct {
	counting
	waiting []int64
}

func (c *counter) Fold(_ *sqlite.Conn, e *domain.Recorded) error {
	if c.gate != nil {
		<-c.gate
	}
	if a, ok := e.Fact.(dossier.ActionRecorded); ok && c.refuse != "" && a.System == c.refuse {
		return errors.AssertionFailedf("an event that cannot be")
	}
	c.waiting = append(c.waiting, int64(e.Position))
	return nil
}

func (c *counter) Flush(conn *sqlite.Conn) error {
	for _, p := range c.waiting {
		if err := sqlitex.Execute(conn, "INSERT INTO seen VALUES (?, ?)", &sqlitex.ExecOptions{Args: []any{p, c.Version()}}); err != nil {
			return err
		}
	}
	c.waiting = nil
	return nil
}

// seen gives the number of rows, which must be gapless, and the version that wrote the last.
func seen(t *testing.T, v *projections.View) (n, version int, at domain.Position) {
	t.Helper()
	at, err := v.Read(t.Context(), func(conn *sqlite.Conn, at domain.Position) error {
		return sqlitex.Execute(conn, "SELECT count(*), coalesce(max(position), -1), coalesce(max(version), 0) FROM seen",
			&sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
				if n, version = stmt.ColumnInt(0), stmt.ColumnInt(2); stmt.ColumnInt(1) != n-1 || int(at) != n {
					t.Errorf("%d rows, the last at %d, the view at %s", n, stmt.ColumnInt(1), at)
				}
				return nil
			}})
	})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return n, version, at
}

func actions(n int, system string) []domain.Fact {
	facts := make([]domain.Fact, n)
	for i := range facts {
		facts[i] = dossier.ActionRecorded{
			Controller: "fenland-cycles", Service: "webshop", Subject: domain.SubjectKey(i + 1), Identifier: "email",
			Operation: domain.Store, System: system,
		}
	}
	return facts
}

// appending appends events to a log that ends at a position, in one frame.
func appending(t *testing.T, log *memlog.Log, facts ...domain.Fact) domain.Position {
	t.Helper()
	at := log.End()
	if err := log.Append(t.Context(), at, projectiontest.Encode(t, projectiontest.Events(at, facts...)...)); err != nil {
		t.Fatal(err)
	}
	return log.End()
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never came: %s", what)
		}
	}
}

func TestAViewThatMeetsAnImpossibleEventStopsAndTheOthersGoOn(t *testing.T) {
	log := memlog.New(memlog.Config{})
	appending(t, log, actions(10, "crm")...)
	r := projectiontest.Run(t, log, t.TempDir(), projections.Config{}, counting{name: "strict", refuse: "attic"}, counting{name: "lenient"})
	projectiontest.Await(t, r.View("strict"), 9)
	end := appending(t, log, actions(1, "attic")...)
	appending(t, log, actions(10, "crm")...)
	projectiontest.Await(t, r.View("lenient"), log.End()-1)

	if err := r.View("strict").Await(t.Context(), end-1); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("awaiting an event that a stopped view never takes in: %v", err)
	}
	status := r.View("strict").Status()
	if status.Position != 10 || !strings.Contains(status.Stopped, "event 10") || status.CaughtUp {
		t.Errorf("the status of the stopped view: %+v", status)
	}
	if n, _, _ := seen(t, r.View("strict")); n != 10 {
		t.Errorf("the stopped view answers with %d events, want those before the impossible one", n)
	}
	if n, _, _ := seen(t, r.View("lenient")); n != 21 {
		t.Errorf("the other view has %d events, want 21", n)
	}
	if err := r.Rebuild(t.Context(), "strict", nil); err == nil {
		t.Error("a rebuild passed over the impossible event")
	}
	if n, _, _ := seen(t, r.View("strict")); n != 10 {
		t.Errorf("after a rebuild that failed the old file answers with %d events", n)
	}
}

func TestAnEventThatCannotBeReadStopsEveryViewAndNamesItsPosition(t *testing.T) {
	log := memlog.New(memlog.Config{})
	appending(t, log, actions(3, "crm")...)
	if err := log.Append(t.Context(), 3, [][]byte{[]byte(`{"canary-7f3":"example.org"}`)}); err != nil {
		t.Fatal(err)
	}
	appending(t, log, actions(3, "crm")...)
	r := projectiontest.Run(t, log, t.TempDir(), projections.Config{}, counting{name: "one"}, counting{name: "two"})
	for _, name := range []string{"one", "two"} {
		until(t, "the stop of "+name, func() bool { return r.View(name).Status().Stopped != "" })
		s := r.View(name).Status()
		if !strings.Contains(s.Stopped, "decode event 3") || strings.Contains(s.Stopped, "canary") {
			t.Errorf("%s stopped with %q", name, s.Stopped)
		}
	}
}

func TestAViewGoesOnWhereItWasAndTheLogIsHeldAgainstIt(t *testing.T) {
	dir, log := t.TempDir(), memlog.New(memlog.Config{})
	run := func(rule string, log projections.Log, check func(t *testing.T, r *projections.Runner)) {
		t.Run(rule, func(t *testing.T) {
			check(t, projectiontest.Run(t, log, dir, projections.Config{Transaction: 64}, counting{name: "count"}))
		})
	}
	appending(t, log, actions(100, "crm")...)
	run("it takes in what is there", log, func(t *testing.T, r *projections.Runner) { projectiontest.Await(t, r.View("count"), 99) })
	appending(t, log, actions(100, "crm")...)
	run("it takes in what came in the meantime", log, func(t *testing.T, r *projections.Runner) {
		if n, _, _ := seen(t, r.View("count")); n < 100 {
			t.Errorf("it begins again with %d events", n)
		}
		projectiontest.Await(t, r.View("count"), 199)
	})
	other := memlog.New(memlog.Config{})
	appending(t, other, actions(300, "attic")...)
	run("it stops at a log with another history", other, func(t *testing.T, r *projections.Runner) {
		until(t, "the stop", func() bool { return strings.Contains(r.View("count").Status().Stopped, "another history") })
	})
	short := memlog.New(memlog.Config{})
	appending(t, short, actions(5, "crm")...)
	run("it stops at a log that is shorter", short, func(t *testing.T, r *projections.Runner) {
		until(t, "the stop", func() bool { return strings.Contains(r.View("count").Status().Stopped, "ahead of the log") })
		if err := r.Rebuild(t.Context(), "count", nil); err != nil {
			t.Fatalf("%+v", err)
		}
		if n, _, _ := seen(t, r.View("count")); n != 5 {
			t.Errorf("rebuilt from the shorter log it has %d events", n)
		}
		appending(t, short, actions(5, "crm")...)
		projectiontest.Await(t, r.View("count"), 9)
	})
}

func TestAwaitSeesItsOwnWriting(t *testing.T) {
	l := projectiontest.Given(t, counting{name: "count"}, actions(1, "crm")...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := l.Await(ctx, 1)
	if !errors.Is(err, domain.ErrUnavailable) || len(errors.GetAllHints(err)) == 0 {
		t.Errorf("an event that has not come: %v", err)
	}
	var readers sync.WaitGroup
	defer readers.Wait()
	for range 4 {
		readers.Go(func() {
			for at := range domain.Position(50) {
				if err := l.Await(t.Context(), at); err != nil {
					t.Error(err)
				}
				if _, _, end := seen(t, l.View); end <= at {
					t.Errorf("after waiting for %s the view stands at %s", at, end)
				}
			}
		})
	}
	for range 49 {
		appending(t, l.Log, actions(1, "crm")...)
	}
}

// copied copies the file of a view as a crash would leave it. The write-ahead log comes last, while it is written to: its end may be torn.
func copied(t *testing.T, dir, view string) string {
	t.Helper()
	to := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, view+".1.db"+suffix))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, view+".1.db"+suffix), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func TestACopyOfTheFilesTakenAtAnyMomentIsWhole(t *testing.T) {
	log, dir := memlog.New(memlog.Config{}), t.TempDir()
	r := projectiontest.Run(t, log, dir, projections.Config{Transaction: 64}, counting{name: "count"})
	for range 20 {
		appending(t, log, actions(200, "crm")...)
		copied := copied(t, dir, "count")
		t.Run("reopened", func(t *testing.T) {
			again := projectiontest.Run(t, log, copied, projections.Config{}, counting{name: "count"})
			projectiontest.Await(t, again.View("count"), log.End()-1)
			seen(t, again.View("count"))
		})
	}
	projectiontest.Await(t, r.View("count"), log.End()-1)
}

func TestASlowViewHoldsUpNobodyAndMissesNothing(t *testing.T) {
	log := memlog.New(memlog.Config{})
	appending(t, log, actions(1, "crm")...)
	gate := make(chan struct{}, 1)
	gate <- struct{}{}
	r := projectiontest.Run(t, log, t.TempDir(), projections.Config{Queue: 1}, counting{name: "slow", gate: gate}, counting{name: "quick"})
	projectiontest.Await(t, r.View("slow"), 0)
	for range 50 {
		end := appending(t, log, actions(2, "crm")...)
		projectiontest.Await(t, r.View("quick"), end-1)
	}
	if n, _, _ := seen(t, r.View("slow")); n != 1 {
		t.Errorf("the slow view has %d events", n)
	}
	close(gate)
	projectiontest.Await(t, r.View("slow"), log.End()-1)
	seen(t, r.View("slow"))
}

func TestALogOutOfReachIsAskedAgain(t *testing.T) {
	log := memlog.New(memlog.Config{})
	appending(t, log, actions(1, "crm")...)
	r := projectiontest.Run(t, log, t.TempDir(), projections.Config{}, counting{name: "count"})
	for range 3 {
		projectiontest.Await(t, r.View("count"), log.End()-1)
		log.Disconnect()
		appending(t, log, actions(1, "crm")...)
	}
	projectiontest.Await(t, r.View("count"), log.End()-1)
	seen(t, r.View("count"))
}

func TestWhatNobodyWaitsForShowsAllTheSame(t *testing.T) {
	log := memlog.New(memlog.Config{})
	r := projectiontest.Run(t, log, t.TempDir(), projections.Config{}, counting{name: "count"})
	for _, frame := range []int{1, 300, 3000} {
		end := appending(t, log, actions(frame, "crm")...)
		until(t, "the events of the frame", func() bool { s := r.View("count").Status(); return s.Position == end && s.CaughtUp })
	}
}
