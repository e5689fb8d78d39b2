package kurrentlog

import (
	"slices"
	"sync"

	"github.com/jigowatt/daybook/domain"
)

const (
	maxTailEvents = 16 << 10
	maxTailBytes  = 16 << 20
	batchEvents   = 1_024   // that a reading gives at once
	batchBytes    = 2 << 20 // less one event
)

// tail is the end of the log as this process knows it, with the newest events, so that followers have them without each asking the
// server.
type tail struct {
	mu      sync.Mutex      // guards what follows
	end     domain.Position // of the newest event
	events  [][]byte        // consecutive, up to end; each is never changed
	bytes   int             // of events
	changed chan struct{}   // closed and replaced at every change

	interrupts int   // counts calls of interrupt
	reason     error // of the last interrupt
	failing    error // why the end is not followed at this moment
}

func newTail() *tail { return &tail{changed: make(chan struct{})} }

// last gives the end of the log.
func (t *tail) last() domain.Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end
}

// push adds the events at a position, which the caller no longer changes. What is known already changes nothing.
func (t *tail) push(at domain.Position, events [][]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := at + domain.Position(len(events))
	if end <= t.end {
		return
	}
	if at > t.end { // others wrote in between, which the stream has and we do not
		t.events, t.bytes = nil, 0
	} else {
		events = events[t.end-at:]
	}
	t.events, t.end = append(t.events, events...), end
	for _, e := range events {
		t.bytes += len(e)
	}
	if len(t.events) > maxTailEvents || t.bytes > maxTailBytes {
		t.shed()
	}
	t.announce()
}

// shed lets go of the older half. The caller holds mu.
func (t *tail) shed() {
	older := 0
	for over := t.bytes - maxTailBytes/2; older < len(t.events)-1 && (over > 0 || older < len(t.events)-maxTailEvents/2); older++ {
		over -= len(t.events[older])
		t.bytes -= len(t.events[older])
	}
	t.events = slices.Clone(t.events[older:])
}

// advance moves the end to what the stream is known to have.
func (t *tail) advance(end domain.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if end <= t.end {
		return
	}
	t.end, t.events, t.bytes = end, nil, 0
	t.announce()
}

// interrupt ends the readings that wait at this moment, with err.
func (t *tail) interrupt(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.interrupts++
	t.reason = err
	t.announce()
}

// report says that the end is followed, or why it is not.
func (t *tail) report(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failing = err
}

func (t *tail) trouble() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failing
}

// announce wakes everybody who waits. The caller holds mu.
func (t *tail) announce() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// view is the tail at one moment.
type view struct {
	end        domain.Position
	held       [][]byte // from the position asked for on, a batch of them, where this process holds them
	changed    <-chan struct{}
	interrupts int
	reason     error
}

// from gives the tail at this moment, with a batch of the events from a position on, where they are held.
func (t *tail) from(at domain.Position) view {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := view{end: t.end, changed: t.changed, interrupts: t.interrupts, reason: t.reason}
	if first := t.end - domain.Position(len(t.events)); at < first || at >= t.end {
		return v
	}
	held, size := t.events[domain.Position(len(t.events))-(t.end-at):], 0
	n := 0
	for n < len(held) && n < batchEvents && size < batchBytes {
		size += len(held[n])
		n++
	}
	v.held = held[:n:n]
	return v
}
