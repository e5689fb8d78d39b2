package client

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

// sender is the goroutine that brings the backlog to the ledger. The client owns it and waits for it.
type sender struct {
	c      *Client
	ctx    context.Context // of the goroutine's whole life; done when it is to stop
	cancel context.CancelFunc
	done   chan struct{}
	work   chan struct{} // something was added
	hurry  chan struct{} // somebody waits: do not pause

	mu       sync.Mutex
	total    uint64        // events ever added; guarded by mu
	settled  uint64        // events ever settled; guarded by mu
	failures uint64        // attempts that failed; guarded by mu
	last     error         // of the newest attempt, nil where it succeeded; guarded by mu
	rejected error         // the first rejection that nobody was told of; guarded by mu
	changed  chan struct{} // closed and replaced when any of these changes; guarded by mu
}

func startSender(c *Client) *sender {
	ctx, cancel := context.WithCancel(context.Background())
	s := &sender{c: c, ctx: ctx, cancel: cancel, done: make(chan struct{}), work: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		changed: make(chan struct{}), total: uint64(c.backlog.waiting())}
	go s.run()
	return s
}

func (s *sender) stop() {
	s.cancel()
	<-s.done
}

func nudge(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

func (s *sender) added(n int) {
	s.mu.Lock()
	s.total += uint64(n)
	s.mu.Unlock()
	nudge(s.work)
}

// note changes what waiters see, and tells them.
func (s *sender) note(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *sender) run() {
	defer close(s.done)
	for failed := 0; s.ctx.Err() == nil; {
		messages, err := s.c.backlog.peek(s.c.inFlight)
		if err == nil && len(messages) == 0 {
			select {
			case <-s.work:
				s.pause(s.c.backlog.patience())
			case <-s.ctx.Done():
			}
			continue
		}
		if err == nil {
			err = s.send(messages)
		}
		if s.ctx.Err() != nil {
			return
		}
		if err == nil {
			if failed > 0 && s.c.spool != nil {
				// Whoever answers again may be another ledger process with another key.
				if err := s.c.fetchKey(s.ctx); err != nil {
					s.c.log.WarnContext(s.ctx, "the sealing key was not fetched again", slog.Any("error", err))
				}
			}
			failed = 0
			continue
		}
		s.note(func() { s.failures++; s.last = err })
		if failed == 0 {
			s.c.log.WarnContext(s.ctx, "what waits cannot be sent now", slog.Int("actions", s.c.backlog.waiting()), slog.Any("error", err))
		}
		s.pause(s.c.backoff.wait(failed, s.c.random))
		failed++
	}
}

// pause waits, unless somebody is in a hurry.
func (s *sender) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.hurry:
	case <-s.ctx.Done():
	}
}

// outcome is what became of one message.
type outcome struct {
	err      *Error      // the message as a whole was not taken
	rejected []Rejection // events of it that were not
}

// send sends messages side by side and settles those at the front that the ledger answered for good. It gives the error of the
// first that is to be sent again.
func (s *sender) send(messages []message) error {
	outcomes := make([]outcome, len(messages))
	var group sync.WaitGroup
	for i := range messages {
		group.Go(func() { outcomes[i] = s.sendOne(messages[i]) })
	}
	group.Wait()
	for i, o := range outcomes {
		if o.err != nil && (temporary(o.err) || errors.Is(o.err, ErrForbidden)) {
			return o.err
		}
		settle := func() error { return s.c.backlog.settle(1) }
		if o.err != nil {
			settle = s.c.backlog.setAside
			for _, id := range messages[i].ids {
				err := *o.err
				err.ID = id
				o.rejected = append(o.rejected, Rejection{id, &err})
			}
		}
		if err := settle(); err != nil {
			return err
		}
		s.tell(o.rejected)
		s.note(func() { s.settled += uint64(len(messages[i].ids)); s.last = nil })
	}
	return nil
}

func (s *sender) sendOne(m message) outcome {
	var items []wire.Item
	if err := s.c.request(s.ctx, wire.Record, m.contentType, m.body, &items); err != nil {
		return outcome{err: err}
	}
	if len(items) != len(m.ids) {
		return outcome{err: unavailable(errNotReply)}
	}
	var o outcome
	for i, item := range items {
		switch {
		case item.Problem != nil:
			err := ofProblem(m.ids[i], *item.Problem)
			if temporary(err) || errors.Is(err, ErrForbidden) {
				return outcome{err: err}
			}
			o.rejected = append(o.rejected, Rejection{m.ids[i], err})
		case item.Receipt == nil || item.Receipt.ID != m.ids[i]:
			return outcome{err: unavailable(errNotReply)}
		}
	}
	return o
}

func (s *sender) tell(rejected []Rejection) {
	for _, r := range rejected {
		if s.c.onRejected != nil {
			s.c.onRejected(r)
			continue
		}
		s.c.log.ErrorContext(s.ctx, "the ledger did not take an action", slog.String("id", r.ID), slog.Any("error", r.Err))
		s.note(func() {
			if s.rejected == nil {
				s.rejected = r.Err
			}
		})
	}
}

// flush waits until all that was added before is settled.
func (s *sender) flush(ctx context.Context) error { return s.await(ctx, false) }

// drain is flush, and may give up at the first attempt that fails.
func (s *sender) drain(ctx context.Context, once bool) error { return s.await(ctx, once) }

func (s *sender) await(ctx context.Context, once bool) error {
	s.mu.Lock()
	target, failures := s.total, s.failures
	s.mu.Unlock()
	nudge(s.hurry)
	for {
		s.mu.Lock()
		settled, failed, last, changed, rejected := s.settled, s.failures > failures, s.last, s.changed, s.rejected
		if settled >= target {
			s.rejected = nil
		}
		s.mu.Unlock()
		switch {
		case settled >= target:
			return rejected
		case failed && last != nil && (once || errors.Is(last, ErrForbidden)):
			return last
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return unavailable(errors.Join(context.Cause(ctx), last))
		case <-s.done:
			return ErrClosed
		}
	}
}
