package memory_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/memory"
)

func keyOf(n int) commands.MessageKey {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	return commands.MessageKey(sum[:16])
}

func keysOf(from, to int) (keys []commands.MessageKey) {
	for n := from; n < to; n++ {
		keys = append(keys, keyOf(n))
	}
	return keys
}

// seen gives a value in which every field differs from the others and from its neighbours'.
func seen(n int) commands.Seen {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("seen"), uint64(n)))
	return commands.Seen{
		Position: domain.Position(n) << 20, Events: uint32(n + 1), Recorded: time.UnixMilli(1_795_000_000_123 + int64(n)).UTC(),
		Findings: domain.FindingSet(n * 3), Leaf: sum, Subject: domain.SubjectKey(n*7 + 1),
		Plain: [8]byte(sum[8:]), Personal: [8]byte(sum[16:]),
	}
}

func messages(from, to int) (all []commands.Remembered) {
	for n := from; n < to; n++ {
		all = append(all, commands.Remembered{Key: keyOf(n), Seen: seen(n)})
	}
	return all
}

func open(t testing.TB, dir string, config memory.Config) *memory.Memory {
	t.Helper()
	m, err := memory.Open(dir, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func remember(t testing.TB, m *memory.Memory, end domain.Position, all []commands.Remembered, snapshot []byte) {
	t.Helper()
	if err := m.Remember(end, commands.News{Messages: all, Snapshot: snapshot}); err != nil {
		t.Fatal(err)
	}
}

func find(t testing.TB, m *memory.Memory, keys ...commands.MessageKey) []commands.Seen {
	t.Helper()
	found, err := m.Find(keys)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(keys) {
		t.Fatalf("%d answers to %d questions", len(found), len(keys))
	}
	return found
}

func load(t testing.TB, m *memory.Memory) (domain.Position, string) {
	t.Helper()
	end, snapshot, err := m.Load()
	if err != nil {
		t.Fatal(err)
	}
	if snapshot == nil {
		return end, "none"
	}
	return end, string(snapshot)
}

// wantRange wants the messages of a range, in an order of their own, and unknown ones between them.
func wantRange(t testing.TB, m *memory.Memory, from, to int) {
	t.Helper()
	var keys []commands.MessageKey
	for n := to - 1; n >= from; n-- {
		keys = append(keys, keyOf(n), keyOf(-n-1))
	}
	for i, got := range find(t, m, keys...) {
		n := to - 1 - i/2
		switch {
		case i%2 == 1 && got != commands.Seen{Position: commands.Nowhere}:
			t.Fatalf("an unknown message was found at %d", got.Position)
		case i%2 == 0 && got != seen(n):
			t.Fatalf("message %d: got %+v, want %+v", n, got, seen(n))
		}
	}
}

// The contract holds on disk and in memory.
func TestContract(t *testing.T) {
	for name, fs := range map[string]func() vfs.FS{"on disk": func() vfs.FS { return vfs.Default }, "in memory": func() vfs.FS { return vfs.NewMem() }} {
		t.Run(name, func(t *testing.T) {
			// A small size, so that what is new is written to files within the test.
			dir, config := filepath.Join(t.TempDir(), "memory"), memory.Config{FS: fs(), Unwritten: 64 << 10, Cache: 1 << 20}
			m := open(t, dir, config)
			if end, snapshot := load(t, m); end != 0 || snapshot != "none" {
				t.Errorf("an empty memory ends at %d with snapshot %q", end, snapshot)
			}
			if got := find(t, m, keyOf(1)); got[0] != (commands.Seen{Position: commands.Nowhere}) {
				t.Error("a message was known before any was")
			}
			if len(find(t, m)) != 0 {
				t.Error("an answer to nothing")
			}
			for from := 0; from < 5000; from += 500 {
				remember(t, m, domain.Position(from+500), messages(from, from+500), nil)
			}
			wantRange(t, m, 0, 5000)
			if end, snapshot := load(t, m); end != 5000 || snapshot != "none" {
				t.Errorf("ends at %d with snapshot %q", end, snapshot)
			}
			remember(t, m, 5001, nil, []byte("first"))
			remember(t, m, 5002, nil, nil)
			if end, snapshot := load(t, m); end != 5002 || snapshot != "first" {
				t.Errorf("ends at %d with snapshot %q; a nil snapshot leaves the last", end, snapshot)
			}
			large := strings.Repeat("a large snapshot ", 100_000)
			remember(t, m, 5003, messages(5000, 5001), []byte(large))
			if end, snapshot := load(t, m); end != 5003 || snapshot != large {
				t.Errorf("ends at %d with a snapshot of %d bytes", end, len(snapshot))
			}
			remember(t, m, 5003, nil, []byte{})
			if _, snapshot := load(t, m); snapshot != "" {
				t.Error("an empty snapshot is one")
			}
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
			m = open(t, dir, config)
			wantRange(t, m, 0, 5001)
			if end, _ := load(t, m); end != 5003 {
				t.Errorf("after opening again it ends at %d", end)
			}
		})
	}
}

func TestTheSameKeyTwiceInOneQuestion(t *testing.T) {
	m := open(t, "memory", memory.Config{FS: vfs.NewMem()})
	remember(t, m, 2, messages(0, 2), nil)
	got := find(t, m, keyOf(1), keyOf(9), keyOf(1), keyOf(0), keyOf(9))
	if got[0] != seen(1) || got[2] != seen(1) || got[3] != seen(0) || got[1].Position != commands.Nowhere || got[4].Position != commands.Nowhere {
		t.Error("answers are not in the order of the questions")
	}
}

func TestATimeZoneIsNotKept(t *testing.T) {
	m := open(t, "memory", memory.Config{FS: vfs.NewMem()})
	all := messages(0, 1)
	want := all[0].Seen.Recorded
	all[0].Seen.Recorded = want.In(time.FixedZone("", 3600)).Add(400 * time.Microsecond)
	remember(t, m, 1, all, nil)
	if got := find(t, m, keyOf(0))[0].Recorded; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestACrashKeepsEndAndMessagesTogether cuts the newest file short at many places, as a loss of power may.
func TestACrashKeepsEndAndMessagesTogether(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "memory")
	m := open(t, dir, memory.Config{})
	// The store writes its log in blocks of 32 KiB.
	const all, each = 5000, 10
	for n := 0; n < all; n += each {
		remember(t, m, domain.Position(n+each), messages(n, n+each), fmt.Appendf(nil, "snapshot %d", n+each))
	}
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no log: %v", err)
	}
	newest := filepath.Base(slices.Max(logs))
	ends := make(map[domain.Position]bool)
	for cut := 0; cut <= 480_000; cut += 40_001 {
		crashed := t.TempDir()
		if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		size := int64(0)
		if info, err := os.Stat(filepath.Join(crashed, newest)); err == nil {
			size = info.Size()
		}
		if err := os.Truncate(filepath.Join(crashed, newest), max(0, size-int64(cut))); err != nil {
			t.Fatal(err)
		}
		again := open(t, crashed, memory.Config{})
		end, snapshot := load(t, again)
		if want := fmt.Sprintf("snapshot %d", end); end != 0 && snapshot != want {
			t.Errorf("ends at %d with %q", end, snapshot)
		}
		wantRange(t, again, 0, int(end))
		if got := find(t, again, keysOf(int(end), all)...); slices.ContainsFunc(got, func(s commands.Seen) bool { return s.Position != commands.Nowhere }) {
			t.Error("the memory knows more than its end says")
		}
		ends[end] = true
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(ends) < 8 {
		t.Errorf("the cuts made %d different ends: the test cuts in the wrong place", len(ends))
	}
}

func TestCallersAtOnce(t *testing.T) {
	m := open(t, filepath.Join(t.TempDir(), "memory"), memory.Config{Unwritten: 128 << 10})
	var group sync.WaitGroup
	for c := range 4 {
		group.Go(func() {
			for n := range 20 {
				from := c*10_000 + n*100
				if err := m.Remember(domain.Position(from), commands.News{Messages: messages(from, from+100), Snapshot: nil}); err != nil {
					t.Error(err)
				}
				found, err := m.Find(keysOf(from, from+100))
				if err != nil || found[99] != seen(from+99) || found[0] != seen(from) {
					t.Errorf("what was remembered is not found: %v", err)
				}
			}
		})
	}
	group.Wait()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := m.Find(keysOf(0, 1))
	_, _, load := m.Load()
	for _, err := range []error{err, load, m.Remember(1, commands.News{Messages: nil, Snapshot: nil}), m.Close()} {
		if err != nil && !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("after closing: %v", err)
		}
	}
}
