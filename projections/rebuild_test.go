package projections_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

func TestARebuildGoesOnBesideAppendsWhileTheOldFileAnswers(t *testing.T) {
	log, dir := memlog.New(memlog.Config{}), t.TempDir()
	appending(t, log, actions(5000, "crm")...)
	r := projectiontest.Run(t, log, dir, projections.Config{Transaction: 512}, counting{name: "count"}, counting{name: "other"})
	projectiontest.Await(t, r.View("count"), 4999)
	stop := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				end := appending(t, log, actions(10, "crm")...)
				projectiontest.Await(t, r.View("count"), end-1)
				if n, _, _ := seen(t, r.View("count")); n < int(end) {
					t.Errorf("%d events answer, %s were recorded", n, end)
				}
			}
		}
	})
	calls := 0
	for range 3 {
		if err := r.Rebuild(t.Context(), "count", func(p projections.Progress) {
			if calls++; p.Position > p.Of {
				t.Errorf("built %s of %s", p.Position, p.Of)
			}
		}); err != nil {
			t.Errorf("%+v", err)
		}
	}
	close(stop)
	beside.Wait()
	projectiontest.Await(t, r.View("count"), log.End()-1)
	if n, _, _ := seen(t, r.View("count")); n != int(log.End()) || calls < 3 {
		t.Errorf("%d events after the rebuild of %s, %d calls of progress", n, log.End(), calls)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "count.*.db")); len(files) != 1 {
		t.Errorf("old files are left: %v", files)
	}
	if err := r.Rebuild(t.Context(), "nobody", nil); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("the rebuild of a view that there is not: %v", err)
	}
}

func TestAFileOfAnotherVersionAnswersUntilTheNewOneIsBuilt(t *testing.T) {
	log, dir := memlog.New(memlog.Config{}), t.TempDir()
	appending(t, log, actions(10, "crm")...)
	t.Run("the first version", func(t *testing.T) {
		r := projectiontest.Run(t, log, dir, projections.Config{}, counting{name: "count"})
		projectiontest.Await(t, r.View("count"), 9)
	})
	appending(t, log, actions(10, "crm")...)
	t.Run("the second version", func(t *testing.T) {
		gate := make(chan struct{})
		r := projectiontest.Run(t, log, dir, projections.Config{}, counting{name: "count", version: 2, gate: gate})
		if n, version, _ := seen(t, r.View("count")); n != 10 || version != 1 {
			t.Errorf("while the new file is built, %d events of version %d answer", n, version)
		}
		close(gate)
		projectiontest.Await(t, r.View("count"), 19)
		if n, version, _ := seen(t, r.View("count")); n != 20 || version != 2 {
			t.Errorf("when it is built, %d events of version %d answer", n, version)
		}
	})
	t.Run("other tables", func(t *testing.T) {
		gate := make(chan struct{})
		r := projectiontest.Run(t, log, dir, projections.Config{}, counting{name: "count", version: 2, gate: gate, extra: "CREATE TABLE more (a);"})
		if _, err := r.View("count").Read(t.Context(), func(*sqlite.Conn, domain.Position) error { return nil }); !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("a view whose tables are not there yet: %v", err)
		}
		close(gate)
		projectiontest.Await(t, r.View("count"), 19)
		seen(t, r.View("count"))
	})
	if files, _ := filepath.Glob(filepath.Join(dir, "count.*.db")); len(files) != 1 {
		t.Errorf("old files are left: %v", files)
	}
}

func TestAFileThatCannotBeReadIsBuiltAnew(t *testing.T) {
	log, dir := memlog.New(memlog.Config{}), t.TempDir()
	appending(t, log, actions(10, "crm")...)
	if err := os.WriteFile(filepath.Join(dir, "count.1.db"), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("healing", func(t *testing.T) {
		r := projectiontest.Run(t, log, dir, projections.Config{}, counting{name: "count"}, counting{name: "other"})
		projectiontest.Await(t, r.View("other"), 9)
		projectiontest.Await(t, r.View("count"), 9)
		appending(t, log, actions(1, "crm")...)
		projectiontest.Await(t, r.View("count"), 10)
		seen(t, r.View("count"))
	})
	t.Run("healed", func(t *testing.T) {
		r := projectiontest.Run(t, log, dir, projections.Config{}, counting{name: "count"})
		projectiontest.Await(t, r.View("count"), 10)
	})
}
