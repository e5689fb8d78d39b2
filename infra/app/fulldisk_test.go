package app_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/wire"
)

// smallDisk mounts a file system of some size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a file system cannot be mounted here, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes all room that there is.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer func() { _ = f.Close() }()
	for size := 4 << 20; size >= 1; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else {
			must(t, err)
		}
	}
}

// ready asks the ledger whether it is, and what it says.
func ready(t *testing.T, url string) (bool, string) {
	t.Helper()
	res, err := http.Get(url + "/readyz")
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode == http.StatusOK, string(body)
}

// The disk is filled while many record, and emptied again: the ledger says so, and goes on by itself without losing anything.
func TestAFullDiskIsSaidAndHealsByItself(t *testing.T) {
	disk := smallDisk(t, "768m")
	c := startChild(t, filepath.Join(disk, "data"))
	b := newBooks()
	var callers sync.WaitGroup
	var over atomic.Bool
	for n := range 24 {
		nc, err := nats.Connect(c.at.NATS, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.ReconnectBufSize(-1))
		must(t, err)
		t.Cleanup(nc.Close)
		kind := wire.Record
		if n%6 == 0 {
			kind = wire.Inbox
		}
		callers.Go(func() {
			for i := 0; !over.Load(); i++ {
				id := fmt.Sprintf("f-%d-%d", n, i)
				for deadline := time.Now().Add(4 * patience); !b.repeat(t, nc, kind, id); {
					if time.Now().After(deadline) {
						t.Errorf("%s was never answered", id)
						return
					}
				}
			}
		})
	}
	grow := func(by int) {
		t.Helper()
		goal := b.told() + by
		for deadline := time.Now().Add(patience); b.told() < goal; {
			if time.Now().After(deadline) {
				_, said := ready(t, c.at.HTTP)
				t.Fatalf("nothing more is acknowledged: %s", said)
			}
			<-time.After(time.Millisecond)
		}
	}
	rounds := 1
	for range rounds {
		grow(500)
		before := b.told()
		fill(t, filepath.Join(disk, "ballast"))
		filled := time.Now()
		for is := true; is; {
			var said string
			if is, said = ready(t, c.at.HTTP); !is {
				t.Logf("red after %v, %d acknowledged meanwhile: %s", time.Since(filled).Round(100*time.Millisecond), b.told()-before, said)
			} else if time.Since(filled) > patience {
				t.Fatal("it is not red")
			}
			<-time.After(time.Millisecond)
		}
		if b.postWith(t, http.DefaultClient, c.at.HTTP, "while it is full") {
			t.Error("an event was taken on while the disk was full")
		}
		b.note(func() {
			if !b.refused["while it is full"] {
				t.Error("the caller was not told")
			}
		})
		must(t, os.Remove(filepath.Join(disk, "ballast")))
		emptied := time.Now()
		for is, said := false, ""; !is; is, said = ready(t, c.at.HTTP) {
			if time.Since(emptied) > 2*patience {
				t.Fatalf("it does not heal: %s", said)
			}
			<-time.After(time.Millisecond)
		}
		t.Logf("healed after %v", time.Since(emptied).Round(100*time.Millisecond))
	}
	grow(500)
	over.Store(true)
	callers.Wait()
	r := &running{at: c.at}
	b.hold(t, r)
	if is, said := ready(t, c.at.HTTP); !is {
		t.Errorf("in the end it is not ready: %s", said)
	}
	t.Logf("%d full disks: %d acknowledged, 0 lost", rounds, b.told())
	c.stop()
}
