package tiles_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/tiles"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
}

// event gives the n-th event.
func event(n int) []byte {
	return fmt.Appendf(nil, `{"n":%d,"more":"%s"}`, n, bytes.Repeat([]byte{'x'}, n%97))
}

// logOf gives a log with events, those at the positions changed by one bit.
func logOf(t testing.TB, n int, changed ...int) *memlog.Log {
	t.Helper()
	log := memlog.New(memlog.Config{})
	grow(t, log, 0, n, changed...)
	return log
}

func grow(t testing.TB, log *memlog.Log, from, to int, changed ...int) {
	t.Helper()
	for at := from; at < to; {
		var frame [][]byte
		for begin := at; at < min(begin+1000, to); at++ {
			e := event(at)
			for _, c := range changed {
				if c == at {
					e[len(e)/2] ^= 1
				}
			}
			frame = append(frame, e)
		}
		must(t, log.Append(t.Context(), domain.Position(at-len(frame)), frame))
	}
}

// scratch gives a directory in memory where the system has one: what is tested here is not that disks write.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "tiles")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func config(dir string) tiles.Config {
	return tiles.Config{
		Dir: filepath.Join(dir, "tiles"), Last: filepath.Join(dir, "last-checkpoint"), Seed: bytes.Repeat([]byte{7}, tiles.SeedSize),
		Every: time.Millisecond, Pause: time.Millisecond,
	}
}

// until waits for a condition.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func head(t testing.TB, kept *tiles.Tiles) tiles.Checkpoint {
	t.Helper()
	c, err := tiles.OpenCheckpoint(kept.Checkpoint(), kept.Key())
	must(t, err)
	return c
}

// running starts the tiles and gives what stops them.
func running(t testing.TB, kept *tiles.Tiles) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); kept.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(stop)
	return stop
}

// keep follows a log to its end of n events and stops.
func keep(t testing.TB, log tiles.Log, cfg tiles.Config, n int) *tiles.Tiles {
	t.Helper()
	kept, err := tiles.Open(t.Context(), log, cfg)
	must(t, err)
	stop := running(t, kept)
	until(t, "everything is signed", func() bool { return head(t, kept).Size == domain.Position(n) })
	stop()
	must(t, kept.Health())
	return kept
}

// root gives the root of the first n events, computed apart.
func root(t testing.TB, n int) merkle.Hash {
	t.Helper()
	var tree merkle.Tree
	for i := range n {
		must(t, tree.Append(merkle.Leaf(event(i)), func(int, uint64, []merkle.Hash) error { return nil }))
	}
	return tree.Root()
}

func verify(t testing.TB, log tiles.Log, cfg tiles.Config, key string) (tiles.Checkpoint, error) {
	t.Helper()
	last, err := tiles.ReadLast(cfg.Last)
	must(t, err)
	return tiles.Verify(t.Context(), tiles.Verification{Log: log, Files: tiles.Directory(cfg.Dir), Key: key, Checkpoints: [][]byte{last}})
}

func copied(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(scratch(t), "copy")
	must(t, os.CopyFS(to, os.DirFS(from)))
	return to
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	var list []string
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, p)
		}
		return err
	}))
	return list
}

// The tree is the same however often the ledger stopped, whatever it had written by then.
func TestTheTreeIsThatOfTheEventsAcrossRestarts(t *testing.T) {
	t.Parallel()
	cfg, log := config(scratch(t)), logOf(t, 0)
	sizes := []int{0, 1, 2, 255, 256, 257, 512, 513, 3000, 65_535, 65_536, 65_537, 66_048}
	at := 0
	for _, n := range sizes {
		grow(t, log, at, n)
		at = n
		kept := keep(t, log, cfg, n)
		if got := head(t, kept); got.Root != root(t, n) || got.Origin != "daybook/ledger" {
			t.Fatalf("%d events: the checkpoint is %+v", n, got)
		}
		c, err := verify(t, log, cfg, kept.Key())
		must(t, err)
		if c.Size != domain.Position(n) {
			t.Fatalf("%d events: %s were verified", n, c.Size)
		}
	}
	t.Logf("%d restarts; %d files at the end", len(sizes), len(files(t, cfg.Dir)))
}

// While the log grows under its follower, every checkpoint is consistent with those before it.
func TestEveryCheckpointIsABeginningOfTheLog(t *testing.T) {
	cfg, log := config(scratch(t)), logOf(t, 0)
	kept, err := tiles.Open(t.Context(), log, cfg)
	must(t, err)
	running(t, kept)
	var signed [][]byte
	for n := 0; n < 3000; n += 75 {
		before := head(t, kept).Size
		grow(t, log, n, n+75)
		until(t, "more is signed", func() bool { return head(t, kept).Size > before })
		signed = append(signed, kept.Checkpoint())
	}
	until(t, "everything is signed", func() bool { return head(t, kept).Size == 3000 })
	_, err = tiles.Verify(t.Context(), tiles.Verification{Log: log, Files: kept, Key: kept.Key(), Checkpoints: signed})
	must(t, err)
	for _, at := range []domain.Position{0, 1, 255, 256, 1500, 2999} {
		proof, err := kept.Inclusion(t.Context(), at, false)
		must(t, err)
		if !included(t, proof, kept.Key(), at, event(int(at))) || included(t, proof, kept.Key(), at, event(7000)) {
			t.Errorf("position %s is not proved:\n%s", at, proof)
		}
	}
	if n := len(files(t, cfg.Dir)); n > 40 {
		t.Errorf("%d files for 3,000 events: old partial tiles stay", n)
	}
	t.Logf("%d checkpoints on the way", len(signed))
}
