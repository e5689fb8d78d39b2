package projections_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

func TestHowFarViewsReachedIsReadFromTheirFiles(t *testing.T) {
	dir, log := t.TempDir(), memlog.New(memlog.Config{})
	views := []projections.Projection{counting{name: "all"}, counting{name: "none"}}
	if at := projections.Reached(dir, views, sqlite.Peek); at != 0 {
		t.Errorf("without files: %s", at)
	}
	end := appending(t, log, actions(10, "crm")...)
	crashed := t.TempDir()
	t.Run("running", func(t *testing.T) {
		r := projectiontest.Run(t, log, dir, projections.Config{}, views[0])
		projectiontest.Await(t, r.View("all"), end-1)
		if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil { // with what SQLite has in its own log only
			t.Fatal(err)
		}
	})
	for name, dir := range map[string]string{"stopped": dir, "crashed": crashed} {
		if at := projections.Reached(dir, views, sqlite.Peek); at != end {
			t.Errorf("%s: %s, want %s", name, at, end)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "all.1.db"), []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if at := projections.Reached(dir, views, sqlite.Peek); at != 0 {
		t.Errorf("damaged: %s", at)
	}
}
