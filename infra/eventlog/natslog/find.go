package natslog

import (
	"context"
	"slices"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// maxMarks bounds what is remembered of where frames lie.
const maxMarks = 4096

// mark says which message a frame begins with.
type mark struct {
	at  domain.Position
	seq uint64
}

// marks remembers where some frames lie, so that finding a position asks less of the server.
type marks struct {
	mu     sync.Mutex
	sorted []mark // by position, and so by sequence; at most maxMarks
}

func newMarks() *marks { return &marks{} }

// add remembers one frame. When there is no more room, every second mark is forgotten.
func (m *marks) add(new mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, known := m.search(new.at)
	if known {
		return
	}
	if len(m.sorted) == maxMarks {
		kept := m.sorted[:0]
		for i := 0; i < maxMarks; i += 2 {
			kept = append(kept, m.sorted[i])
		}
		m.sorted = kept
		i, _ = m.search(new.at)
	}
	m.sorted = slices.Insert(m.sorted, i, new)
}

// around narrows the range in which the frame of a position lies: low is at or before it, high after it.
func (m *marks) around(at domain.Position, low, high mark) (mark, mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, exact := m.search(at)
	if exact {
		i++
	}
	if i > 0 && m.sorted[i-1].seq > low.seq {
		low = m.sorted[i-1]
	}
	if i < len(m.sorted) && m.sorted[i].seq < high.seq {
		high = m.sorted[i]
	}
	return low, high
}

// search gives the index of the first mark at or after a position. The caller holds mu.
func (m *marks) search(at domain.Position) (int, bool) {
	return slices.BinarySearchFunc(m.sorted, at, func(m mark, at domain.Position) int {
		switch {
		case m.at < at:
			return -1
		case m.at > at:
			return 1
		}
		return 0
	})
}

// find gives the frame that holds the event at a position, which must be before the end, by halving: frames lie in order.
func (l *Log) find(ctx context.Context, at domain.Position) (mark, error) {
	seq, end := l.tail.last()
	low, high := l.marks.around(at, mark{seq: 1}, mark{at: end, seq: seq + 1})
	for low.at != at && high.seq-low.seq > 1 {
		middle := low.seq + (high.seq-low.seq)/2
		m, err := l.message(ctx, middle)
		if err != nil {
			return mark{}, err
		}
		h, err := parseHead(m.Header, middle)
		if err != nil {
			return mark{}, err
		}
		found := mark{at: h.at, seq: middle}
		if found.at <= low.at || found.at >= high.at {
			return mark{}, errors.AssertionFailedf("message %d begins at %s, outside of %s to %s, where it must lie",
				errors.Safe(middle), found.at, low.at, high.at)
		}
		l.marks.add(found)
		if found.at <= at {
			low = found
		} else {
			high = found
		}
	}
	return low, nil
}
