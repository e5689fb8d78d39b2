package client

import (
	"sync"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

// message is what is sent at once: a batch, in the clear or sealed.
type message struct {
	contentType string
	body        []byte
	ids         []string // of its actions, in the order of the answer
}

// backlog holds what was handed over and is not yet settled, oldest first. One goroutine, the sender's, peeks and settles.
type backlog interface {
	// add takes on events; when it returns nil they are as safe as this backlog makes them.
	add(events []encoded) error
	// peek gives up to n of the oldest messages.
	peek(n int) ([]message, error)
	// settle forgets the n oldest messages that peek gave.
	settle(n int) error
	// setAside settles the oldest message that peek gave and keeps it out of the way where it can be kept.
	setAside() error
	// waiting is how many events are not settled.
	waiting() int
	// patience is how long to wait for more events before the next peek.
	patience() time.Duration
}

// queue is the backlog in memory.
type queue struct {
	limit, batch int
	wait         time.Duration
	mu           sync.Mutex
	events       []encoded // guarded by mu
	peeked       []int     // events in each message that was peeked; guarded by mu
}

func newQueue(limit, batch int, wait time.Duration) *queue {
	return &queue{limit: limit, batch: batch, wait: wait}
}

func (q *queue) add(events []encoded) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events)+len(events) > q.limit {
		return &Error{Kind: ErrSpoolFull, ID: events[0].id}
	}
	q.events = append(q.events, events...)
	return nil
}

func (q *queue) peek(n int) ([]message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.peeked = q.peeked[:0]
	var messages []message
	for rest := q.events; len(rest) > 0 && len(messages) < n; {
		k := fits(rest, q.batch)
		messages = append(messages, message{wire.ContentBatch, array(rest[:k]), ids(rest[:k])})
		q.peeked = append(q.peeked, k)
		rest = rest[k:]
	}
	return messages, nil
}

func ids(events []encoded) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = e.id
	}
	return out
}

func (q *queue) settle(n int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	k := 0
	for _, size := range q.peeked[:n] {
		k += size
	}
	clear(q.events[:k]) // let go of what may be personal
	q.events, q.peeked = q.events[k:], q.peeked[n:]
	return nil
}

// setAside has nowhere to keep it: the rejection that its publisher is told of is what remains.
func (q *queue) setAside() error { return q.settle(1) }

func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.events)
}

func (q *queue) patience() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) >= q.batch {
		return 0
	}
	return q.wait
}
