package projections_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

// flip changes a bit in every page of a file.
func flip(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 1000; at < len(content); at += 4096 {
		content[at] ^= 8
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write(content)
	if err := errors.CombineErrors(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedPlaceIsNotAnsweredAndTheViewIsBuiltAnewByItself(t *testing.T) {
	const events = 2000
	log, dir, gate := memlog.New(memlog.Config{}), t.TempDir(), make(chan struct{}, events)
	for range events {
		gate <- struct{}{}
	}
	appending(t, log, actions(events, "crm")...)
	r := projectiontest.Run(t, log, dir, projections.Config{}, counting{name: "count", gate: gate})
	view := r.View("count")
	projectiontest.Await(t, view, events-1)
	flip(t, filepath.Join(dir, "count.1.db-wal"))
	_, err := view.Read(t.Context(), func(conn *sqlite.Conn, _ domain.Position) error {
		return sqlitex.Execute(conn, "SELECT count(position) FROM seen", nil)
	})
	if !errors.Is(err, domain.ErrUnavailable) || !strings.Contains(errors.FlattenHints(err), "built anew") {
		t.Fatalf("the damaged place: %+v", err)
	}
	if s := r.Status()[0]; !strings.Contains(s.Damaged, "frame") {
		t.Errorf("the status does not say what is damaged: %+v", s)
	}
	close(gate)
	until(t, "a file that is whole", func() bool { return r.Status()[0].Damaged == "" })
	if n, _, _ := seen(t, view); n != events {
		t.Errorf("%d events answer", n)
	}
	appending(t, log, actions(10, "crm")...)
	projectiontest.Await(t, view, events+9)
}

func TestAFileThatIsDamagedWhenItIsOpenedIsBuiltAnew(t *testing.T) {
	const events = 2000
	log, dir := memlog.New(memlog.Config{}), t.TempDir()
	appending(t, log, actions(events, "crm")...)
	crashed := t.TempDir()
	t.Run("before", func(t *testing.T) {
		r := projectiontest.Run(t, log, dir, projections.Config{}, counting{name: "count"})
		projectiontest.Await(t, r.View("count"), events-1)
		if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
	})
	for name, damaged := range map[string]string{
		"after a clean stop": filepath.Join(dir, "count.1.db"),
		"after a crash":      filepath.Join(crashed, "count.1.db-wal"),
	} {
		t.Run(name, func(t *testing.T) {
			flip(t, damaged)
			var said bytes.Buffer
			config := projections.Config{Log: slog.New(slog.NewTextHandler(&said, nil))}
			r, err := projections.New(log, filepath.Dir(damaged), projectiontest.Open, []projections.Projection{counting{name: "count"}}, config)
			if err == nil {
				err = r.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			if name == "after a clean stop" && !strings.Contains(said.String(), "built anew") {
				t.Errorf("nothing was said: %s", said.String())
			}
			r = projectiontest.Run(t, log, filepath.Dir(damaged), projections.Config{}, counting{name: "count"})
			projectiontest.Await(t, r.View("count"), events-1)
			if n, _, _ := seen(t, r.View("count")); n != events {
				t.Errorf("%d events answer", n)
			}
		})
	}
}

func TestAPageThatNobodyAsksForIsLookedAtNowAndThen(t *testing.T) {
	const events = 2000
	log, dir := memlog.New(memlog.Config{}), t.TempDir()
	appending(t, log, actions(events, "crm")...)
	t.Run("before", func(t *testing.T) {
		r := projectiontest.Run(t, log, dir, projections.Config{}, counting{name: "count"})
		projectiontest.Await(t, r.View("count"), events-1)
	})
	r := projectiontest.Run(t, log, dir, projections.Config{Scrub: time.Millisecond}, counting{name: "count"})
	projectiontest.Await(t, r.View("count"), events-1)
	flip(t, filepath.Join(dir, "count.1.db"))
	until(t, "a new file", func() bool {
		files, err := filepath.Glob(filepath.Join(dir, "count.*.db"))
		return err == nil && len(files) == 1 && files[0] != filepath.Join(dir, "count.1.db")
	})
	until(t, "a file that is whole", func() bool { return r.Status()[0].Damaged == "" })
	if n, _, _ := seen(t, r.View("count")); n != events {
		t.Errorf("%d events answer", n)
	}
}
