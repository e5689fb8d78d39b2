// Package memlog is the event log in memory: the twin that the simulations of the write side and quick tests run on.
//
// It passes the same contract suite as the engines that keep things, and fails on demand, in pairs: the append that did not
// happen, and the append that happened and reported failure.
//
// It deliberately does not keep anything beyond the process, and never forgets anything while the process lives: it is for
// tests, not for serving.
package memlog

import (
	"context"
	"iter"
	"sort"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

var _ commands.Log = (*Log)(nil)

// DefaultMaxFrame is the frame limit where Config does not set one: what JetStream leaves with the embedded server's 8 MiB.
const DefaultMaxFrame = 8<<20 - 1<<10

// Config sets what a log in memory may differ in. Its zero value is useful.
type Config struct {
	// MaxFrame limits the bytes of one append, as eventlog.Size counts them. 0 means DefaultMaxFrame; less than
	// eventlog.MinMaxFrame is raised to it.
	MaxFrame int
}

// Log is an event log in memory. It may be used by any number of writers and followers at once.
type Log struct {
	maxFrame int

	mu      sync.Mutex // guards what follows
	frames  []frame    // in order, without gaps; a frame never changes once it is here
	end     domain.Position
	changed chan struct{} // closed and replaced when frames or broken change
	broken  int           // counts calls of Disconnect: a reading that began under a lower count has ended
	faults  []Fault       // for the next appends, in order
	held    chan struct{} // appends wait until it is closed; nil when they need not
	waiting int           // appends that wait on held
}

type frame struct {
	at     domain.Position
	events [][]byte
}

// New makes an empty log.
func New(cfg Config) *Log {
	if cfg.MaxFrame == 0 {
		cfg.MaxFrame = DefaultMaxFrame
	}
	return &Log{maxFrame: max(cfg.MaxFrame, eventlog.MinMaxFrame), changed: make(chan struct{})}
}

// MaxFrame gives the most bytes that one Append takes, as eventlog.Size counts them.
func (l *Log) MaxFrame() int { return l.maxFrame }

// End gives the end of the log: the position that the next event takes.
func (l *Log) End() domain.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// Append is described at commands.Log. It copies the events, so callers may use their memory again.
func (l *Log) Append(ctx context.Context, at domain.Position, events [][]byte) error {
	if err := eventlog.Check(events, l.maxFrame); err != nil {
		return err
	}
	if err := l.admit(ctx); err != nil {
		return err
	}
	stored := eventlog.Clone(events)

	l.mu.Lock()
	defer l.mu.Unlock()
	fault := l.nextFault()
	if fault == Refused {
		return errors.Wrap(domain.ErrUnavailable, "the log in memory was told to refuse")
	}
	if fault == Lost {
		return errors.Wrap(domain.ErrOutcomeUnknown, "the log in memory was told to lose the request")
	}
	if at != l.end {
		return errors.Wrapf(domain.ErrFenced, "append at %s, end at %s", at, l.end)
	}
	l.frames = append(l.frames, frame{at: at, events: stored})
	l.end += domain.Position(len(stored))
	l.announce()
	if fault == Unanswered {
		return errors.Wrap(domain.ErrOutcomeUnknown, "the log in memory was told to lose the answer")
	}
	return nil
}

// Read is described at commands.Log. Each batch is one append, or the rest of it. The loop ends without an error when ctx does.
func (l *Log) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		l.mu.Lock()
		start, goal := l.broken, l.end
		l.mu.Unlock()
		if from > goal {
			yield(domain.Batch{}, errors.Wrapf(domain.ErrInvalid, "read from %s, end at %s", from, goal))
			return
		}
		if from == goal && !yield(domain.Batch{At: from, CaughtUp: true}, nil) {
			return
		}
		for at := from; ; {
			frames, end, changed, broken := l.after(at)
			if broken != start {
				yield(domain.Batch{}, errors.Wrap(domain.ErrUnavailable, "the log in memory was disconnected"))
				return
			}
			for _, f := range frames {
				if ctx.Err() != nil {
					return
				}
				b := domain.Batch{At: at, Events: f.events[at-f.at:]}
				b.CaughtUp = b.End() == end || b.End() == goal
				if at = b.End(); !yield(b, nil) {
					return
				}
			}
			if len(frames) > 0 {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
		}
	}
}

// after gives the frames that hold the events from at on, the end they reach, the channel that closes when there is news, and
// how often readings were broken.
func (l *Log) after(at domain.Position) (frames []frame, end domain.Position, changed <-chan struct{}, broken int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := len(l.frames)
	if at < l.end {
		first = sort.Search(len(l.frames), func(i int) bool { return l.frames[i].at > at }) - 1
	}
	return l.frames[first:len(l.frames):len(l.frames)], l.end, l.changed, l.broken
}

// announce wakes every follower. The caller holds mu.
func (l *Log) announce() {
	close(l.changed)
	l.changed = make(chan struct{})
}
