package endmark_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/endmark"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheLastMarkIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acknowledged")
	if _, err := endmark.Read(path); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("before anything was written: %v", err)
	}
	f, err := endmark.Open(path)
	must(t, err)
	if _, err := endmark.Read(path); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("after it was made: %v", err)
	}
	for end := domain.Position(1); end < 2000; end += 333 {
		must(t, f.Note(end, []byte("the event before "+end.String())))
		got, err := endmark.Read(path)
		must(t, err)
		if got.End != end || got.Last != merkle.Leaf([]byte("the event before "+end.String())) {
			t.Errorf("the mark says %v at %s", got, end)
		}
	}
	must(t, f.Close())
}

func TestNoChangedBitOfAMarkCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acknowledged")
	f, err := endmark.Open(path)
	must(t, err)
	must(t, f.Note(7, []byte("seven")))
	must(t, f.Close())
	sound, err := os.ReadFile(path)
	must(t, err)
	for bit := range len(sound) * 8 {
		sound[bit/8] ^= 1 << (bit % 8)
		must(t, os.WriteFile(path, sound, 0o600))
		if _, err := endmark.Read(path); !errors.Is(err, domain.ErrConflict) {
			t.Fatalf("bit %d: %v", bit, err)
		}
		sound[bit/8] ^= 1 << (bit % 8)
	}
	must(t, os.WriteFile(path, sound[:40], 0o600))
	if _, err := endmark.Read(path); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("torn: %v", err)
	}
}
