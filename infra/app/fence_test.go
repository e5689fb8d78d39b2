package app_test

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog/kurrenttest"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
	"github.com/jigowatt/daybook/infra/memory"
	"github.com/jigowatt/daybook/infra/vault/memvault"
)

// Two processes write to one ledger on purpose, under load, on each engine: there is one history, every receipt is true, nothing is
// there twice, and whoever loses says so and folds the log again.
func TestTwoWritersOnOneLedgerMakeOneHistory(t *testing.T) {
	t.Parallel()
	t.Run("nats", func(t *testing.T) {
		server, err := bus.Embedded(t.Context(), bus.Config{StoreDir: t.TempDir(), DontListen: true})
		must(t, err)
		t.Cleanup(func() { must(t, server.Close()) })
		fight(t, 40, func() logtest.Log {
			nc, err := server.Dial()
			must(t, err)
			t.Cleanup(nc.Close)
			log, err := natslog.Open(t.Context(), nc, natslog.Config{AnswerTime: patience})
			must(t, err)
			t.Cleanup(log.Close)
			return log
		}, func(int) {})
	})
	t.Run("kurrentdb", func(t *testing.T) {
		s := kurrenttest.Start(t, kurrenttest.Config{})
		fight(t, 40, kurrent(t, s), func(int) {})
	})
}

// The same, while the server or the way to it fails again and again.
func TestTwoWritersMakeOneHistoryOnAKurrentDBThatFails(t *testing.T) {
	fail := func(f kurrenttest.Fault) func(*kurrenttest.Server, int) {
		return func(s *kurrenttest.Server, _ int) { s.FailAppends(f) }
	}
	hang := func(f kurrenttest.Fault) func(*kurrenttest.Server, int) { // each costs the answer time
		return func(s *kurrenttest.Server, round int) {
			if round%3 == 0 {
				s.FailAppends(f)
			}
		}
	}
	for name, trouble := range map[string]func(*kurrenttest.Server, int){
		"cut before an append is read":       fail(kurrenttest.CutBeforeReading),
		"cut before an append is written":    fail(kurrenttest.CutBeforeCommit),
		"cut after an append is written":     fail(kurrenttest.CutAfterCommit),
		"no answer, nothing written":         hang(kurrenttest.Hang),
		"no answer, though written":          hang(kurrenttest.HangAfterCommit),
		"an unknown answer, nothing written": fail(kurrenttest.UnknownResultUnwritten),
		"an unknown answer, though written":  fail(kurrenttest.UnknownResult),
		"a wrong revision, though written":   fail(kurrenttest.Forgetful),
		"a timeout, though written":          fail(kurrenttest.CommitTimesOut),
		"not ready":                          fail(kurrenttest.NotReady),
		"no leader":                          fail(kurrenttest.NoLeaderInfo),
		"reads that break":                   func(s *kurrenttest.Server, _ int) { s.FailReads(kurrenttest.CutHalfway, kurrenttest.UnknownResult) },
		"a server that restarts": func(s *kurrenttest.Server, round int) {
			if round == 0 {
				s.Stop()
				s.Resume()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := kurrenttest.Start(t, kurrenttest.Config{})
			fight(t, 10, kurrent(t, s), func(round int) { trouble(s, round) })
		})
	}
}

// answerTime is short, since servers that do not answer are a part of the test, and enough for one that does on a busy machine.
const answerTime = time.Second

// kurrent opens logs on a server, each with a client of its own.
func kurrent(t *testing.T, s *kurrenttest.Server) func() logtest.Log {
	return func() logtest.Log {
		log, err := kurrentlog.Open(t.Context(), kurrentlog.Config{URL: s.URL(), AnswerTime: answerTime})
		must(t, err)
		t.Cleanup(log.Close)
		return log
	}
}

// fight lets two ledgers write to one log.
func fight(t *testing.T, messages int, open func() logtest.Log, trouble func(round int)) {
	d := newDuel(t, open)
	d.messages = messages
	d.run(trouble)
	d.check(open())
}

// duel is two ledgers over one log.
type duel struct {
	*testing.T
	messages int // of each publisher
	ledgers  [2]*commands.Ledger
	stop     func()
	lost     atomic.Int64 // how often one said that it lost its place

	mu       sync.Mutex                  // guards what follows
	receipts map[string]commands.Receipt // by message
	again    int                         // receipts that were said to be of a repetition
	refused  int                         // answers that it may or may not be recorded
}

func newDuel(t *testing.T, open func() logtest.Log) *duel {
	d := &duel{T: t, receipts: map[string]commands.Receipt{}}
	vault := memvault.New()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for i := range d.ledgers {
		log := open()
		m, err := memory.Open(t.TempDir(), memory.Config{})
		must(t, err)
		l, err := commands.Open(ctx, commands.Config{
			Log: log, Vault: vault, Memory: m, MaxFrameBytes: log.MaxFrame(), Logger: slog.New(lostPlaces{slog.DiscardHandler, &d.lost}),
		})
		must(t, err)
		d.ledgers[i] = l
		running.Go(func() {
			if err := l.Run(ctx); err != nil {
				t.Errorf("a writer ended: %+v", err)
			}
			must(t, m.Close())
		})
	}
	d.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(d.stop)
	return d
}

// lostPlaces counts what a ledger says when it is fenced.
type lostPlaces struct {
	slog.Handler
	count *atomic.Int64
}

func (l lostPlaces) Enabled(context.Context, slog.Level) bool { return true }

func (l lostPlaces) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "lost its place") {
		l.count.Add(1)
	}
	return nil
}

const duelPublishers = 12

// run lets publishers send every message to one ledger, or to both, until it has a receipt.
func (d *duel) run(trouble func(round int)) {
	var publishing sync.WaitGroup
	for p := range duelPublishers {
		publishing.Go(func() {
			for i := range d.messages {
				id := strconv.Itoa(p) + "-" + strconv.Itoa(i)
				if i%5 == 0 {
					trouble(p + i)
				}
				ways := 1 + (p+i)%2
				for way := range ways {
					d.send(id, (p+i+way)%2)
				}
			}
		})
	}
	publishing.Wait()
	d.stop()
}

func (d *duel) send(id string, to int) {
	person, err := domain.ParseIdentifier("customer:" + id)
	must(d.T, err)
	a := commands.Action{ID: id, Subjects: []domain.Identifier{person}, Action: dossier.Action{
		Controller: "fenland", Service: "webshop", Operation: domain.Store, Instruction: "orders", System: "crm",
	}}
	a.Time = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	for ; ; to = 1 - to {
		outcomes, err := d.ledgers[to].Record(ctx, []commands.Action{a})
		if err == nil {
			err = outcomes[0].Err
		}
		d.mu.Lock()
		switch {
		case err == nil:
			r := outcomes[0].Receipt
			if first, told := d.receipts[id]; told && (first.Position != r.Position || first.Leaf != r.Leaf) {
				d.Errorf("%s has receipts for %s and %s", id, first.Position, r.Position)
			}
			if r.Duplicate {
				d.again++
			}
			d.receipts[id] = r
		case errors.Is(err, domain.ErrUnavailable):
			d.refused++
		default:
			d.Errorf("%s: %+v", id, err)
		}
		d.mu.Unlock()
		if err == nil || !errors.Is(err, domain.ErrUnavailable) || ctx.Err() != nil {
			return
		}
	}
}

// check holds the log against the receipts.
func (d *duel) check(log commands.Log) {
	events := logtest.ReadAll(d, log, 0)
	seen := map[string]int{}
	for at, bytes := range events {
		e, err := catalog.Decode(bytes)
		must(d.T, err)
		seen[e.ID]++
		if r, told := d.receipts[e.ID]; told && (int(r.Position) != at || r.Leaf != merkle.Leaf(bytes)) {
			d.Errorf("%s stands at %d, and its receipt says %s", e.ID, at, r.Position)
		}
	}
	doubled := 0
	for id, n := range seen {
		if n > 1 {
			doubled++
			d.Errorf("%s is there %d times", id, n)
		}
	}
	missing := 0
	for id := range d.receipts {
		if seen[id] == 0 {
			missing++
		}
	}
	if len(d.receipts) != duelPublishers*d.messages || missing > 0 {
		d.Errorf("%d messages have a receipt, and %d of them are not in the log", len(d.receipts), missing)
	}
	if d.lost.Load() == 0 {
		d.Error("nobody was ever fenced")
	}
	d.Logf("%s: %d events; %d acknowledged, %d of them again, %d told to repeat; %d lost, %d doubled; %d times a writer was fenced and folded again",
		d.Name(), len(events), len(d.receipts), d.again, d.refused, missing, doubled, d.lost.Load())
}
