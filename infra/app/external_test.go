package app_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/wire"
)

// elsewhere is a NATS server that is not the ledger's, and can be started again on its port.
type elsewhere struct {
	t    *testing.T
	dir  string
	port int
	*bus.Server
}

func newElsewhere(t *testing.T) *elsewhere {
	e := &elsewhere{t: t, dir: t.TempDir()}
	e.start()
	e.port = e.NATS().Addr().(*net.TCPAddr).Port
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func (e *elsewhere) start() {
	e.t.Helper()
	until(e.t, "the server", func() bool { // its port may have gone to somebody's connection meanwhile
		server, err := bus.Embedded(e.t.Context(), bus.Config{StoreDir: e.dir, Port: e.port})
		e.Server = server
		return err == nil
	})
}

func (e *elsewhere) stop() {
	e.t.Helper()
	if err := e.Close(); err != nil {
		e.t.Fatal(err)
	}
}

func TestALedgerRunsOnAServerElsewhere(t *testing.T) {
	t.Parallel()
	e, data := newElsewhere(t), filepath.Join(t.TempDir(), "data")
	r := startWith(t, app.Config{Data: data, NATSURL: e.ClientURL()})
	if r.at.NATS != e.ClientURL() {
		t.Errorf("the ledger says that it answers at %s", r.at.NATS)
	}
	nc, gone := dial(t, r.at.NATS)
	b := newBooks()
	b.post(t, r.at.HTTP, "a")
	first := b.receipts["a"]
	for _, kind := range []wire.Kind{wire.Record, wire.Inbox} {
		if !b.record(t, nc, gone, kind, "n-"+string(kind)) {
			t.Errorf("%s is not answered", kind)
		}
	}
	b.hold(t, r)
	if err := r.stop(); err != nil {
		t.Fatalf("%+v", err)
	}
	r = startWith(t, app.Config{Data: data, NATSURL: e.ClientURL()})
	if again := r.record(t, "a"); !again.Duplicate || again.Position != first.Position {
		t.Errorf("%+v", again)
	}
	if err := r.stop(); err != nil {
		t.Fatalf("%+v", err)
	}
	s, err := app.OpenStopped(t.Context(), app.Config{Data: data, NATSURL: e.ClientURL()})
	if err != nil {
		t.Fatalf("a stopped ledger on a server elsewhere: %+v", err)
	}
	if _, err := s.Verify(t.Context(), app.Verification{}); err != nil {
		t.Errorf("verifying it: %+v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Who does not name the server is told where the log is, and not that it is lost.
	if _, err := app.OpenStopped(t.Context(), app.Config{Data: data}); !errors.Is(err, domain.ErrConflict) || errors.Is(err, app.ErrDamaged) {
		t.Errorf("without the server: %v", err)
	}
	if _, err := app.OpenRepair(t.Context(), app.Config{Data: data}, ""); !errors.Is(err, domain.ErrConflict) || errors.Is(err, app.ErrDamaged) {
		t.Errorf("repairing without the server: %v", err)
	}
	if _, err := app.Open(t.Context(), app.Config{Data: data, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0"}); !errors.Is(err, domain.ErrConflict) || errors.Is(err, app.ErrDamaged) {
		t.Errorf("serving without the server: %v", err)
	}
}

// The server is started again in the middle of the work, twice: the ledger comes back by itself, and loses nothing that it
// acknowledged. Callers repeat what was not answered, under the same id.
func TestTheServerElsewhereIsStartedAgainUnderLoad(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	r := startWith(t, app.Config{Data: filepath.Join(t.TempDir(), "data"), NATSURL: e.ClientURL()})
	b := newBooks()
	var callers sync.WaitGroup
	const each = 150
	for c := range 32 {
		nc, err := nats.Connect(e.ClientURL(), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.ReconnectBufSize(-1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		kind := wire.Record
		if c%8 == 0 {
			kind = wire.Inbox
		}
		callers.Go(func() {
			for n := range each {
				id := fmt.Sprintf("n-%d-%d", c, n)
				for deadline := time.Now().Add(2 * patience); !b.repeat(t, nc, kind, id); {
					if time.Now().After(deadline) {
						t.Errorf("%s was never answered", id)
						return
					}
				}
			}
		})
	}
	for round := range 2 {
		until(t, "some load", func() bool { return b.told() > (round+1)*800 })
		e.stop()
		until(t, "the bad news", func() bool { ready, _ := r.ready(t); return !ready })
		e.start()
		until(t, "the good news", func() bool { ready, _ := r.ready(t); return ready })
	}
	callers.Wait()
	if n := b.told(); n != 32*each {
		t.Errorf("%d were answered, want %d", n, 32*each)
	}
	b.hold(t, r)
	if ready, why := r.ready(t); !ready {
		t.Errorf("not ready: %s", why)
	}
	r.record(t, "after")
}

// repeat sends an event once more, and says whether that settled it.
func (b *books) repeat(t *testing.T, nc *nats.Conn, kind wire.Kind, id string) bool {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if !b.record(t, nc, ctx, kind, id) {
		select { // nobody answers at this moment
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, receipt := b.receipts[id]
	return receipt || b.rests[id]
}

func TestTwoLedgersDoNotAnswerOnOneServer(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	startWith(t, app.Config{Data: filepath.Join(t.TempDir(), "a"), NATSURL: e.ClientURL(), Name: "a"})
	_, err := app.Open(t.Context(), app.Config{Data: filepath.Join(t.TempDir(), "b"), NATSURL: e.ClientURL(), Name: "b", HTTP: "127.0.0.1:0"})
	if !errors.Is(err, domain.ErrConflict) || errors.FlattenHints(err) == "" {
		t.Errorf("the second ledger opened with %v, want a conflict with a hint", err)
	}
}

func TestAServerThatDoesNotSyncIsRefusedWhereItCanBeSeen(t *testing.T) {
	for syncs, want := range map[bool]error{true: nil, false: domain.ErrConflict} {
		s, err := server.NewServer(&server.Options{
			Port: -1, HTTPHost: "127.0.0.1", HTTPPort: -1, JetStream: true, StoreDir: t.TempDir(), SyncAlways: syncs, MaxPayload: 8 << 20,
			NoSigs: true, NoLog: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		if !s.ReadyForConnections(patience) {
			t.Fatal("the server did not start")
		}
		monitor := "http://" + s.MonitorAddr().String()
		a, err := app.Open(t.Context(), app.Config{
			Data: filepath.Join(t.TempDir(), "data"), NATSURL: s.ClientURL(), NATSMonitors: []string{monitor}, HTTP: "127.0.0.1:0",
		})
		if err == nil {
			err = a.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("a server that syncs: %t; the ledger opened with %v, want %v", syncs, err, want)
		}
		state := app.FoundGood
		if !syncs {
			state = app.FoundBad
		}
		if found := found(app.ExamineNATS(t.Context(), s.ClientURL(), []string{monitor}), "sync of "+s.Name()); found.State != state {
			t.Errorf("a server that syncs: %t; the doctor says %+v", syncs, found)
		}
		if found := found(app.ExamineNATS(t.Context(), s.ClientURL(), nil), "sync"); found.State != app.FoundDoubtful || found.Fix == "" {
			t.Errorf("a server that was not looked at: the doctor says %+v", found)
		}
	}
}

func found(all []app.Found, name string) app.Found {
	for _, f := range all {
		if f.Name == name {
			return f
		}
	}
	return app.Found{}
}
