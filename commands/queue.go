package commands

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/jigowatt/daybook/domain"
)

// submission is what came in by one call: actions to record, or one command of another kind.
type submission struct {
	actions  []Action
	outcomes []Outcome
	done     func([]Outcome)
	left     atomic.Int64
	command  *command
	bytes    int
}

// settle gives one action its outcome; the last one answers the whole call.
func (s *submission) settle(i int, o Outcome) {
	s.outcomes[i] = o
	if s.left.Add(-1) == 0 {
		s.done(s.outcomes)
	}
}

// fail settles everything of a submission that no stage has taken on.
func (s *submission) fail(err error) {
	if s.command != nil {
		s.command.done <- commandResult{err: err}
		return
	}
	for i := range s.actions {
		s.settle(i, Outcome{Err: err})
	}
}

// queue holds what waits for the resolver, bounded in actions and in bytes.
type queue struct {
	maxActions, maxBytes int

	mu      sync.Mutex
	waiting []*submission // under mu
	actions int           // under mu
	bytes   int           // under mu
	closed  bool          // under mu
	refused error         // under mu; why nothing is taken on now
	signal  chan struct{} // holds one token while something waits
}

func newQueue(maxActions, maxBytes int) *queue {
	return &queue{maxActions: maxActions, maxBytes: maxBytes, signal: make(chan struct{}, 1)}
}

// push takes a submission on. It returns domain.ErrBusy when the queue is full, and ErrClosed.
func (q *queue) push(s *submission) error {
	weight := max(1, len(s.actions))
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	if q.refused != nil {
		return q.refused
	}
	if q.actions > 0 && (q.actions+weight > q.maxActions || q.bytes+s.bytes > q.maxBytes) {
		return domain.ErrBusy
	}
	q.waiting = append(q.waiting, s)
	q.actions += weight
	q.bytes += s.bytes
	q.wake()
	return nil
}

func (q *queue) wake() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

// pop waits for submissions and gives as many as hold at most about limit actions, at least one.
func (q *queue) pop(ctx context.Context, limit int) ([]*submission, error) {
	for ctx.Err() == nil {
		if batch := q.take(limit); len(batch) > 0 {
			return batch, nil
		}
		select {
		case <-ctx.Done():
		case <-q.signal:
		}
	}
	return nil, ctx.Err()
}

func (q *queue) take(limit int) []*submission {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, actions := 0, 0
	for n < len(q.waiting) && (n == 0 || actions < limit) {
		actions += max(1, len(q.waiting[n].actions))
		q.bytes -= q.waiting[n].bytes
		n++
	}
	batch := append([]*submission(nil), q.waiting[:n]...)
	clear(q.waiting[:n])
	q.waiting = q.waiting[n:]
	if len(q.waiting) == 0 {
		q.waiting = nil
	}
	q.actions -= actions
	if q.actions > 0 {
		q.wake()
	}
	return batch
}

// refuse takes nothing on while err is not nil, and gives back what waits.
func (q *queue) refuse(err error) []*submission {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refused = err
	if err == nil {
		return nil
	}
	return q.drain()
}

// refusal gives why nothing is taken on now.
func (q *queue) refusal() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.refused
}

// drain gives back what waits. The caller holds mu.
func (q *queue) drain() []*submission {
	rest := q.waiting
	q.waiting, q.actions, q.bytes = nil, 0, 0
	return rest
}

// close refuses what comes from now on and gives back what waits.
func (q *queue) close() []*submission {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	return q.drain()
}
