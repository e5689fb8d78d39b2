package memory_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jigowatt/daybook/infra/memory"
)

func TestTheEndOfAMemoryThatNobodyHasOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "memory")
	if end := memory.End(dir); end != 0 {
		t.Errorf("one that is not there ends at %s", end)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("asking made it: %v", err)
	}
	m := open(t, dir, memory.Config{})
	remember(t, m, 7, messages(0, 7), nil)
	if end := memory.End(dir); end != 0 {
		t.Errorf("one that is open says %s", end)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // asking changes nothing
		if end := memory.End(dir); end != 7 {
			t.Errorf("it ends at %s", end)
		}
	}
	manifests, err := filepath.Glob(filepath.Join(dir, "MANIFEST-*"))
	if err != nil || len(manifests) == 0 {
		t.Fatalf("no manifest: %v", err)
	}
	for _, path := range manifests {
		if err := os.Truncate(path, 3); err != nil {
			t.Fatal(err)
		}
	}
	if end := memory.End(dir); end != 0 {
		t.Errorf("one that is damaged says %s", end)
	}
}
