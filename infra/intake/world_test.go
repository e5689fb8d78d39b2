package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/memory"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/telemetry"
	"github.com/jigowatt/daybook/infra/vault/memvault"
	"github.com/jigowatt/daybook/infra/wire"
)

const (
	// patience bounds every wait for something that must happen.
	patience = 2 * time.Minute
	canary   = "canary-7f3@example.org"
)

// lines is a log that goroutines write to and the test reads.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// world is a running intake over a real server and a real ledger.
type world struct {
	*testing.T
	dir    string
	log    *memlog.Log
	vault  *memvault.Vault
	fs     vfs.FS
	said   *lines
	limits commands.Config
	orders intake.Orders
	prover report.Prover
	now    func() time.Time
	key    byte // of which the sealing key is made
	box    byte // likewise

	server     *bus.Server
	services   *nats.Conn
	nc         *nats.Conn // a caller's
	memory     *memory.Memory
	ledger     *commands.Ledger
	quarantine *intake.Quarantine
	inbox      *intake.Inbox
	service    *intake.Service
	ends       []func() // what stop does, the last first
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, dir: t.TempDir(), log: memlog.New(memlog.Config{}), vault: memvault.New(), fs: vfs.NewMem(), said: &lines{}, key: 1, box: 1}
	w.Cleanup(func() {
		if strings.Contains(w.said.String(), canary) {
			t.Errorf("the log repeats an address: %s", w.said.String())
		}
	})
	return w
}

// start gives a world in which everything runs.
func start(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.open()
	w.run()
	return w
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("%+v", err))
	}
	return v
}

// open opens everything without answering.
func (w *world) open() {
	w.Helper()
	logger := telemetry.NewLogger(w.said, true, slog.LevelDebug)
	w.server = must(bus.Embedded(w.Context(), bus.Config{StoreDir: w.dir, DontListen: true, Logger: logger}))
	w.services, w.nc = must(w.server.Dial()), must(w.server.Dial())
	w.memory = must(memory.Open("memory", memory.Config{FS: w.fs}))
	cfg := w.limits
	cfg.Log, cfg.Vault, cfg.Memory, cfg.Logger = w.log, w.vault, w.memory, logger
	w.ledger = must(commands.Open(w.Context(), cfg))
	box := must(intake.NewBox(bytes.Repeat([]byte{w.box}, 32)))
	w.quarantine = must(intake.OpenQuarantine(w.Context(), w.services, box, intake.Streams{}))
	w.inbox = must(intake.OpenInbox(w.Context(), w.services, box, intake.Streams{}))
	w.service = intake.New(intake.Config{
		Conn: w.services, Ledger: w.ledger, Opener: must(intake.NewOpener(bytes.Repeat([]byte{w.key}, 32))),
		Quarantine: w.quarantine, Inbox: w.inbox, Version: "v1.2.3", Logger: logger, Orders: w.orders, Now: w.now, Prover: w.prover,
	})
	w.ends = []func(){func() {
		w.nc.Close()
		w.inbox.Close()
		w.quarantine.Close()
		w.services.Close()
		w.check(w.memory.Close())
		w.check(w.server.Close())
	}}
	w.Cleanup(w.stop)
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Errorf("%+v", err)
	}
}

// while runs f until the world stops.
func (w *world) while(f func(context.Context) error) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	end = sync.OnceFunc(func() { cancel(); w.check(<-ended) })
	w.ends = append(w.ends, end)
	return end
}

// runLedger lets the ledger write; end stops it.
func (w *world) runLedger() (end func()) { return w.while(w.ledger.Run) }

// runIntake lets the intake answer; end stops it.
func (w *world) runIntake() (end func()) {
	w.Helper()
	ready := make(chan struct{})
	end = w.while(func(ctx context.Context) error { return w.service.Run(ctx, func() { close(ready) }) })
	select {
	case <-ready:
	case <-time.After(patience):
		w.Fatal("the intake does not answer")
	}
	return end
}

func (w *world) run() { w.runLedger(); w.runIntake() }

// stop ends the intake, then the ledger, then closes everything.
func (w *world) stop() {
	ends := w.ends
	w.ends = nil
	for i := len(ends) - 1; i >= 0; i-- {
		ends[i]()
	}
}

// restart is what a restart of the process does: only what rests on disk is left, and the log.
func (w *world) restart() { w.stop(); w.open(); w.run() }

// resting gives how many messages a stream holds.
func (w *world) resting(stream string) uint64 {
	w.Helper()
	js := must(jetstream.New(w.nc))
	return must(js.Stream(w.Context(), stream)).CachedInfo().State.Msgs
}

// aside gives all of the quarantine.
func (w *world) aside() (all []wire.Quarantined) {
	w.Helper()
	after := ""
	for {
		page := must(w.quarantine.List(w.Context(), after, 7))
		all = append(all, page...)
		if len(page) < 7 {
			return all
		}
		after = page[6].ID
	}
}

// sweep looks for texts in every file.
func (w *world) sweep(texts ...string) {
	w.Helper()
	files := 0
	w.check(filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(b, []byte(text)) {
				w.Errorf("%s holds %q in the clear", path, text)
			}
		}
		return err
	}))
	if files < 3 {
		w.Fatalf("only %d files were swept", files)
	}
}
