package commands

import (
	"context"
	"sync"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
)

// Limits of looks that are not recorded yet.
const (
	// maxLooks is how many looks may wait to be recorded; whoever would be the next to look is refused.
	maxLooks = 4_096
	// maxSeen is how many looks of the last minute are known again. Beyond it they are recorded once more.
	maxSeen = 16_384
)

// lookKey tells looks apart: those with one key within one minute are one event.
type lookKey struct {
	by         oversight.By
	controller domain.ControllerID
	first      domain.SubjectKey
	view       oversight.View
	at         uint64
	revealed   bool
	root       string // of a verification
	bad        uint64 // of a verification: the first bad position and 1 more
}

// look is one look on its way to the log.
type look struct {
	key      lookKey
	event    domain.Event
	position domain.Position // set before recorded is closed
	recorded chan struct{}   // closed when it is durable
}

// looks holds what is not recorded yet, and what was within this minute.
type looks struct {
	signal chan struct{} // holds one token while something waits
	urgent chan struct{} // holds one token while somebody waits for it

	mu      sync.Mutex
	minute  time.Time         // under mu
	seen    map[lookKey]*look // of the minute; under mu
	waiting []*look           // under mu
	closed  bool              // under mu
}

func newLooks() *looks {
	return &looks{signal: make(chan struct{}, 1), urgent: make(chan struct{}, 1), seen: map[lookKey]*look{}}
}

// Looked takes on that somebody looks at what is recorded of a person. It does not wait for the log: a look is recorded within a
// moment, and again and again until it is. It returns domain.ErrBusy when too many wait for that already, and ErrClosed; then the
// record must not be shown.
func (l *Ledger) Looked(v oversight.RecordViewed) error {
	key := lookKey{by: v.By, controller: v.Controller, first: v.Subjects[0], view: v.View, at: v.At}
	v.Subjects = v.Subjects[:min(len(v.Subjects), oversight.MaxSubjects)]
	_, err := l.looks.take(key, l.lookAt(v))
	return err
}

// Revealed records that somebody has opened what rests sealed, and returns when that is durable. What was sealed must not be shown
// before. It returns domain.ErrUnavailable where it could not be recorded in time.
func (l *Ledger) Revealed(ctx context.Context, r oversight.DetailsRevealed) error {
	key := lookKey{by: r.By, controller: r.Controller, view: r.View, at: r.At, revealed: true}
	if len(r.Subjects) > 0 {
		key.first = r.Subjects[0]
		r.Subjects = r.Subjects[:min(len(r.Subjects), oversight.MaxSubjects)]
	}
	one, err := l.looks.take(key, l.lookAt(r))
	if err != nil {
		return err
	}
	return l.looks.await(ctx, one)
}

// LooksRecorded returns when every look that was taken on by now is durable, and gives the end of the log then: whoever asks who
// looked sees all of them. It returns domain.ErrUnavailable when ctx ends before.
func (l *Ledger) LooksRecorded(ctx context.Context) (domain.Position, error) {
	l.looks.mu.Lock()
	waiting := append([]*look(nil), l.looks.waiting...)
	l.looks.mu.Unlock()
	for _, one := range waiting {
		if err := l.looks.await(ctx, one); err != nil {
			return 0, err
		}
	}
	return l.State().End, nil
}

// Verified records that somebody checked the history, and returns when that is durable. Checks by one By of one state of the history
// within one minute are one event. It returns domain.ErrInvalid, and domain.ErrUnavailable.
func (l *Ledger) Verified(ctx context.Context, v oversight.VerificationMade) (Settled, error) {
	if err := v.Check(l.State().End); err != nil {
		return Settled{}, err
	}
	key := lookKey{by: v.By, view: "verification", at: v.Until, root: v.Root}
	if v.Bad != nil {
		key.bad = *v.Bad + 1
	}
	one, err := l.looks.take(key, l.lookAt(v))
	if err != nil {
		return Settled{}, err
	}
	if err := l.looks.await(ctx, one); err != nil {
		return Settled{}, err
	}
	return Settled{Position: one.position, Events: 1}, nil
}

// Exported records that a file was made of what is recorded, and returns when that is durable: each is an event. It returns
// domain.ErrInvalid.
func (l *Ledger) Exported(ctx context.Context, e oversight.ExportMade) (Settled, error) {
	if err := e.Check(); err != nil {
		return Settled{}, err
	}
	result, err := l.do(ctx, &command{decide: func(context.Context, deciding) (any, []domain.Event, error) {
		return nil, []domain.Event{l.lookAt(e)}, nil
	}})
	return Settled{Position: result.position, Events: result.events}, err
}

// lookAt gives the event of somebody looking now.
func (l *Ledger) lookAt(fact domain.Fact) domain.Event {
	return domain.Event{ID: l.cfg.NewID(), Source: oversight.Source, Time: millis(l.cfg.Now()), Fact: fact}
}

// take takes a look on, unless the same one was within this minute, which it then gives.
func (q *looks) take(key lookKey, event domain.Event) (*look, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, ErrClosed
	}
	if minute := event.Time.Truncate(time.Minute); !minute.Equal(q.minute) || len(q.seen) >= maxSeen {
		q.minute = minute
		clear(q.seen)
	}
	if one, seen := q.seen[key]; seen {
		return one, nil
	}
	if len(q.waiting) >= maxLooks {
		return nil, errors.WithHint(errors.Wrap(domain.ErrBusy, "looks that wait to be recorded"),
			"Article 5(2): nobody looks without a trace. Try again when the ledger records again.")
	}
	one := &look{key: key, event: event, recorded: make(chan struct{})}
	q.seen[key] = one
	q.waiting = append(q.waiting, one)
	token(q.signal)
	return one, nil
}

// await waits for a look to be durable.
func (q *looks) await(ctx context.Context, one *look) error {
	token(q.urgent)
	select {
	case <-one.recorded:
		return nil
	case <-ctx.Done():
		return errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "a look could not be recorded in time"), ctx.Err()),
			"Article 5(2): what rests sealed is not opened without a record of it. Try again.")
	}
}

// first gives the looks that wait the longest.
func (q *looks) first(most int) []*look {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]*look(nil), q.waiting[:min(len(q.waiting), most)]...)
}

// settle lets go of looks that are durable.
func (q *looks) settle(done []*look) {
	q.mu.Lock()
	defer q.mu.Unlock()
	gone := make(map[*look]bool, len(done))
	for _, one := range done {
		gone[one] = true
		close(one.recorded)
	}
	rest := make([]*look, 0, len(q.waiting))
	for _, one := range q.waiting {
		if !gone[one] {
			rest = append(rest, one)
		}
	}
	q.waiting = rest
}

// close refuses what comes from now on, and says how many are given up.
func (q *looks) close() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	return len(q.waiting)
}

func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
