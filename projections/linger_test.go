package projections_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	db "github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

// telling is a view that tells of each event that it has folded, before that is committed.
type telling struct {
	counting
	folded chan domain.Position
}

func (v telling) Folder() projections.Folder { return teller{&counter{counting: v.counting}, v.folded} }

type teller struct {
	*counter
	folded chan<- domain.Position
}

func (f teller) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	err := f.counter.Fold(conn, e)
	f.folded <- e.Position
	return err
}

// Time stands still here while the view works, so that the reading waits as long as that takes.
func TestWhoeverReadsHasWhatAViewHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const events = 5
		log, view := memlog.New(memlog.Config{}), telling{counting{name: "telling"}, make(chan domain.Position, events)}
		r := projectiontest.Run(t, log, t.TempDir(), projections.Config{}, view)
		appending(t, log, actions(1, "crm")...)
		projectiontest.Await(t, r.View("telling"), 0) // and with it the end of the log
		<-view.folded
		for n := 2; n <= events; n++ {
			appending(t, log, actions(1, "crm")...)
			<-view.folded
			began := time.Now()
			if got, at := rows(t, r.View("telling")); got != n || at != domain.Position(n) {
				t.Errorf("%d rows at %s, want %d", got, at, n)
			}
			if waited := time.Since(began); waited > 0 {
				t.Errorf("the view went on holding it back for %s", waited)
			}
		}
	})
}

// What a view has seen bears witness of the log, so that nothing of it is given up when the ledger stops.
func TestWhatAViewHoldsBackIsCommittedWhenItStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, log, view := t.TempDir(), memlog.New(memlog.Config{}), telling{counting{name: "telling"}, make(chan domain.Position, 2)}
		r, err := projections.New(log, dir, projectiontest.Open, []projections.Projection{view}, projections.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); r.Run(ctx) }()
		appending(t, log, actions(1, "crm")...)
		projectiontest.Await(t, r.View("telling"), 0)
		<-view.folded
		appending(t, log, actions(1, "crm")...)
		<-view.folded
		cancel()
		<-ended
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if at := projections.Reached(dir, []projections.Projection{view}, db.Peek); at != 2 {
			t.Errorf("the view stands at %s, want 2", at)
		}
	})
}
