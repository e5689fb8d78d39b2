package memory_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/memory"
)

func TestWhatOpenRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "memory")
	m := open(t, dir, memory.Config{})
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v: %v", info.Mode(), err)
	}
	if _, err := memory.Open(dir, memory.Config{}); !errors.Is(err, domain.ErrUnavailable) || errors.FlattenHints(err) == "" {
		t.Errorf("a second process: got %v", err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	store, err := pebble.Open(dir, &pebble.Options{FormatMajorVersion: pebble.FormatValueSeparation, Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.CombineErrors(store.Set([]byte{0}, []byte{3}, pebble.Sync), store.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := memory.Open(dir, memory.Config{}); !errors.Is(err, memory.ErrNewer) {
		t.Errorf("a newer format: got %v", err)
	}
}

type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(string, ...any) { panic("fatal") }

func TestANearlyFullDiskIsRefusedInTime(t *testing.T) {
	m := open(t, filepath.Join(t.TempDir(), "memory"), memory.Config{LeastFree: 1 << 60})
	if err := m.Remember(1, commands.News{Messages: messages(0, 1), Snapshot: nil}); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if end, _ := load(t, m); end != 0 {
		t.Error("it was remembered nevertheless")
	}
}

func TestTheStoreReportsThroughTheLog(t *testing.T) {
	var out bytes.Buffer
	var mu sync.Mutex
	log := slog.New(slog.NewJSONHandler(locked{&mu, &out}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	m := open(t, filepath.Join(t.TempDir(), "memory"), memory.Config{Log: log})
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(out.String(), `"level":"DEBUG"`) || strings.Contains(out.String(), `"level":"INFO"`) {
		t.Errorf("got %s", out.String())
	}
}

type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(b)
}

// A memory of which anything is damaged says so, is emptied, and takes in what it is given again.
func TestADamagedMemoryIsEmptiedAndTakesInAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "memory")
	fill := func(m *memory.Memory) {
		for n := range 20 {
			if err := m.Remember(domain.Position(100*(n+1)), commands.News{Messages: messages(100*n, 100*(n+1))}); err != nil {
				t.Fatal(err)
			}
		}
	}
	m := open(t, dir, memory.Config{})
	fill(m)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m = open(t, dir, memory.Config{}) // so that it has files and not only its log
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("it has no files: %v", err)
	}
	for name, damage := range map[string]func(path string) error{
		"a bit": func(path string) error {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content[len(content)/3] ^= 4
			return os.WriteFile(path, content, 0o600)
		},
		"torn": func(path string) error { return os.Truncate(path, 100) },
		"gone": os.Remove,
	} {
		copied := filepath.Join(t.TempDir(), "memory")
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := damage(filepath.Join(copied, filepath.Base(files[0]))); err != nil {
			t.Fatal(err)
		}
		m := open(t, copied, memory.Config{})
		said := false
		for deadline := time.Now().Add(2 * time.Minute); !said && time.Now().Before(deadline); <-time.After(time.Millisecond) {
			end, _, err := m.Load()
			said = errors.Is(err, commands.ErrMemoryDamaged) || err == nil && end == 0
		}
		if !said {
			t.Errorf("%s: it does not say that it is damaged", name)
		}
		if err := m.Reset(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if end, _ := load(t, m); end != 0 {
			t.Errorf("%s: it is not empty: %s", name, end)
		}
		fill(m)
		if end, _ := load(t, m); end != 2000 {
			t.Errorf("%s: it ends at %s", name, end)
		}
		if err := m.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
