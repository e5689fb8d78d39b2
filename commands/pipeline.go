package commands

import (
	"context"
	"sync"
	"time"

	"github.com/cockroachdb/errors"
	"golang.org/x/sync/errgroup"
)

const (
	// resolveBatch bounds how many actions are resolved together.
	resolveBatch = 2_048
	// appendPatience bounds one append, reading the end of the log after an ambiguous answer included.
	appendPatience = 30 * time.Second
	// snapshotEvery bounds how many events a start folds beside what the memory missed.
	snapshotEvery = 16_384
)

// epoch is one life of the pipeline: from a folded state to a failed append or to closing.
type epoch struct {
	ledger  *Ledger
	claims  *claims
	failed  chan struct{} // closed by the first failure
	once    sync.Once
	cause   error // written once before failed is closed
	cancel  context.CancelFunc
	snapped State // in the last snapshot; owned by remember
	// spare holds the memory of frames that were appended: a log copies what it appends.
	spare chan []byte
}

const (
	spareFrames = 2
	// spareBytes bounds what is kept of one frame: more than the most ordinary events that a frame holds take.
	spareBytes = 4 << 20
)

func (e *epoch) fail(err error) {
	e.once.Do(func() {
		e.cause = err
		close(e.failed)
		e.cancel()
	})
}

// run runs the five stages until ctx ends, having written what was taken on, or until one fails, having answered everybody.
func (e *epoch) run(ctx context.Context, state State, last time.Time) error {
	taking, cancel := context.WithCancel(ctx)
	defer cancel()
	e.cancel, e.spare = cancel, make(chan []byte, spareFrames)
	// What was taken on is written even while the ledger closes.
	working := context.WithoutCancel(ctx)
	resolved, frames := make(chan []*task, 1), make(chan *frame)
	durable, answered := make(chan *frame, 4), make(chan *frame, 4)
	cfg := e.ledger.cfg
	cfg.claims = e.claims
	var stages errgroup.Group
	stages.Go(func() error { e.resolve(taking, working, resolved); return nil })
	stages.Go(func() error {
		s := &sequencer{cfg: cfg, state: state, last: last, matters: e.ledger.matters.Load(), spare: e.spare}
		s.run(working, resolved, frames, e.failed)
		return nil
	})
	stages.Go(func() error { e.append(working, frames, durable); return nil })
	stages.Go(func() error { e.finish(durable, answered); return nil })
	stages.Go(func() error { e.remember(answered); return nil })
	if err := stages.Wait(); err != nil {
		return err
	}
	return e.cause
}

func (e *epoch) resolve(taking, working context.Context, out chan<- []*task) {
	defer close(out)
	cfg := e.ledger.cfg
	r := &resolver{log: cfg.Log, vault: cfg.Vault, memory: cfg.Memory, claims: e.claims, maxAction: cfg.actionBytes()}
	for {
		subs, err := e.ledger.queue.pop(taking, resolveBatch)
		if err != nil {
			return
		}
		tasks, err := r.resolve(working, subs)
		if err != nil {
			e.fail(err)
			return
		}
		if len(tasks) > 0 {
			out <- tasks
		}
	}
}

func (e *epoch) append(ctx context.Context, in <-chan *frame, out chan<- *frame) {
	defer close(out)
	for f := range in {
		if e.broken() {
			f.fail(ErrReset)
			continue
		}
		if len(f.ends) > 0 {
			patience, cancel := context.WithTimeout(ctx, appendPatience)
			err := e.ledger.cfg.Log.Append(patience, f.at, f.events())
			cancel()
			e.reuse(f)
			if err != nil {
				e.fail(errors.Wrap(err, "append"))
				f.fail(ErrReset)
				continue
			}
		}
		out <- f
	}
}

// reuse takes the memory of a frame that needs it no more, for one to come.
func (e *epoch) reuse(f *frame) {
	b := f.buffer
	if f.buffer = nil; cap(b) > spareBytes {
		return
	}
	select {
	case e.spare <- b[:0]:
	default:
	}
}

// outgrown says that the state is to be written again: after so many events, or once what it is made of has grown by an eighth, so that
// a register which is declared bit by bit is not written whole for each bit.
func (e *epoch) outgrown(now State) bool {
	grown := len(now.history) - len(e.snapped.history)
	return grown > len(e.snapped.history)/8 || now.End-e.snapped.End >= snapshotEvery
}

func (e *epoch) broken() bool {
	select {
	case <-e.failed:
		return true
	default:
		return false
	}
}

// finish answers what is durable: an answer waits for nothing but the log.
func (e *epoch) finish(in <-chan *frame, out chan<- *frame) {
	defer close(out)
	for f := range in {
		state := f.state
		e.ledger.state.Store(&state)
		for _, t := range f.tasks {
			if t.claim == nil {
				t.settleRepeated()
				continue
			}
			t.sub.settle(t.index, Outcome{Receipt: receipt(t.action().ID, t.claim.seen, false)})
		}
		for _, c := range f.commands {
			c.command.done <- c.result
		}
		out <- f
	}
}

// remember remembers what was answered, and only then lets go of the claims, so that no message is ever neither claimed nor
// remembered. Once something could not be remembered, nothing after it is: the memory would say that it is complete to beyond
// the gap, and a repetition would be recorded again.
func (e *epoch) remember(in <-chan *frame) {
	gap := false
	for f := range in {
		if len(f.ends) == 0 || gap {
			continue
		}
		news := News{Messages: make([]Remembered, 0, len(f.tasks)), Kept: f.kept}
		keys := make([]MessageKey, 0, len(f.tasks))
		for _, t := range f.tasks {
			if t.claim != nil {
				news.Messages = append(news.Messages, Remembered{t.key, t.claim.seen})
				keys = append(keys, t.key)
			}
		}
		if e.outgrown(f.state) {
			news.Snapshot = f.state.snapshot()
			e.snapped = f.state
		}
		if err := e.ledger.cfg.Memory.Remember(f.state.End, news); err != nil {
			e.fail(errors.Wrap(err, "remember messages"))
			gap = true
			continue
		}
		e.claims.drop(keys...)
	}
}
