package memory_test

import (
	"bytes"
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

func TestTheEndOfAMemoryWithADamagedBlockIsNotSaid(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "memory")
	m := open(t, dir, memory.Config{})
	remember(t, m, 50, messages(0, 50), nil)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	// At the next start what is in the store's log goes into a table.
	if err := open(t, dir, memory.Config{}).Close(); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no table: %v", err)
	}
	unsaid := 0
	for _, path := range tables {
		sound, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for at := 5; at < len(sound); at += 211 {
			damaged := bytes.Clone(sound)
			damaged[at] ^= 2
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			switch end := memory.End(dir); end {
			case 0:
				unsaid++
			case 50: // It lies in another block.
			default:
				t.Fatalf("a flipped bit at byte %d: it ends at %s", at, end)
			}
		}
		if err := os.WriteFile(path, sound, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if unsaid == 0 {
		t.Error("no flipped bit was found")
	}
}
