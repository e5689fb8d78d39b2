package projections

import (
	"context"
	"sync"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/redact"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
)

// View is one view as those who ask see it. The file behind it may change; a reading sees one file and one snapshot of it. All
// methods may be called concurrently.
type View struct {
	name    string
	version int

	// files is held for reading while somebody reads from answering, and for writing while answering changes.
	files     sync.RWMutex
	answering *file // nil while there is nothing to answer from

	asked chan struct{} // wakes the worker that waits for more events, because somebody waits for the view

	hurt chan struct{} // wakes whoever builds the view anew, because damage was found

	mu       sync.Mutex // guards what follows
	damage   error      // that was found in a file which is still in use
	position domain.Position
	stopped  error
	caughtUp bool
	building *Progress
	lingers  bool          // the worker holds a few events back, in the hope of more
	changed  chan struct{} // closed at the next change; nil while nobody waits
}

// Progress says how far a file is built.
type Progress struct {
	// Position is that of the next event; Of is the end of the log as far as it is known.
	Position, Of domain.Position
}

// Status is the state of one view.
type Status struct {
	Name    string
	Version int
	// Position is the position of the next event: the view has all before it.
	Position domain.Position
	// CaughtUp says that the view has all that was in the log when it last looked.
	CaughtUp bool
	// Stopped says why the view takes in no more events, without personal data; empty where it goes on.
	Stopped string
	// Damaged says what was found to be damaged in the view's file, without personal data; empty where nothing was. Whoever asks for
	// what is there gets an error, the rest is answered, and the view is being built anew.
	Damaged string
	// Building is the progress of a file that is to take the place of the one that answers, nil where there is none.
	Building *Progress
}

// Read runs do on a snapshot of the view and gives the position at which the snapshot stands, which do gets too: it has all events
// before it. Where few events come, those that the view is taking in are waited for, a tenth of a second at most. It returns the error
// of do as it is, and domain.ErrUnavailable where the view is being built for the first time or its file does not answer, or is damaged
// where it was read. do must not keep what conn gives it.
func (v *View) Read(ctx context.Context, do func(conn *sqlite.Conn, at domain.Position) error) (domain.Position, error) {
	v.hurry(ctx)
	v.files.RLock()
	defer v.files.RUnlock()
	if v.answering == nil {
		return 0, v.silent()
	}
	var at domain.Position
	err := v.answering.store.Read(ctx, func(conn *sqlite.Conn) error {
		stmt, err := conn.Prepare("SELECT position FROM progress")
		if err != nil {
			return err
		}
		if found, err := stmt.Step(); err != nil || !found {
			return errors.CombineErrors(err, stmt.Reset())
		}
		at = v.answering.at(domain.Position(stmt.ColumnInt64(0)))
		if err := stmt.Reset(); err != nil {
			return err
		}
		return do(conn, at)
	})
	if damaged(err) {
		v.found(err)
		err = errors.WithHint(errors.WithSecondaryError(errors.WithStack(errDamaged), err),
			"The view is being built anew from the log. Ask again when it is built; daybook doctor shows how far it is.")
	}
	return at, errors.Wrapf(err, "read view %s", errors.Safe(v.name))
}

// found notes damage in a file that is in use.
func (v *View) found(err error) {
	v.change(func() { v.damage = err })
	select {
	case v.hurt <- struct{}{}:
	default:
	}
}

// isDamaged says whether damage was found in a file that is still in use.
func (v *View) isDamaged() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.damage != nil
}

// silent says why there is nothing to answer from.
func (v *View) silent() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stopped != nil {
		return v.stoppedError()
	}
	return errors.WithHint(errors.Wrapf(errUnbuilt, "view %s", errors.Safe(v.name)), "Try again when the view is built; daybook doctor shows how far it is.")
}

func (v *View) stoppedError() error {
	return errors.WithHint(errors.WithSecondaryError(errors.Wrapf(errStopped, "view %s", errors.Safe(v.name)), v.stopped),
		"An operator finds the reason with daybook doctor and builds the view anew with daybook rebuild.")
}

// Await returns when the view answers with the event at the position: whoever recorded it reads their own writing. It returns
// domain.ErrUnavailable when ctx ends first, and at once where the view has stopped before that event.
func (v *View) Await(ctx context.Context, event domain.Position) error {
	for {
		changed, err := v.await(event)
		if changed == nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.WithHint(errors.WithSecondaryError(errors.Wrapf(errBehind, "view %s before event %s", errors.Safe(v.name), event), context.Cause(ctx)),
				"The event is recorded and will show; ask again in a moment.")
		}
	}
}

// await gives what to wait for, nil where there is nothing to wait for.
func (v *View) await(event domain.Position) (<-chan struct{}, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.position > event:
		return nil, nil
	case v.stopped != nil:
		return nil, v.stoppedError()
	}
	return v.ask(), nil
}

// patient bounds how long a reading waits for what the worker holds back: longer than committing it takes, and not for a slow one.
const patient = 100 * time.Millisecond

// hurry has the worker commit what it holds back, where it does, and waits until it has.
func (v *View) hurry(ctx context.Context) {
	v.mu.Lock()
	var changed <-chan struct{}
	if v.lingers {
		changed = v.ask()
	}
	v.mu.Unlock()
	if changed == nil {
		return
	}
	timer := time.NewTimer(patient)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// ask wakes the worker and gives what is closed at the next change. The caller holds mu.
func (v *View) ask() <-chan struct{} {
	if v.changed == nil {
		v.changed = make(chan struct{})
		select {
		case v.asked <- struct{}{}:
		default:
		}
	}
	return v.changed
}

// linger says whether the worker may wait for more events: not where somebody waits for those that it has. few says that they are so few
// that whoever reads is to wait for them.
func (v *View) linger(few bool) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lingers = few
	select {
	case <-v.asked: // for what was committed since
	default:
	}
	return v.changed == nil
}

// Status gives the state of the view.
func (v *View) Status() Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := Status{Name: v.name, Version: v.version, Position: v.position, CaughtUp: v.caughtUp}
	if v.stopped != nil {
		s.Stopped = redact.Sprint(v.stopped).Redact().StripMarkers()
		s.CaughtUp = false
	}
	if v.damage != nil {
		s.Damaged = redact.Sprint(v.damage).Redact().StripMarkers()
	}
	if v.building != nil {
		p := *v.building
		s.Building = &p
	}
	return s
}

// change changes the state and wakes whoever waits.
func (v *View) change(do func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	do()
	if v.changed != nil {
		close(v.changed)
		v.changed = nil
	}
}

// swap puts a file in the place of the one that answers, which it gives back; nobody reads from that one any more. What was damaged in
// it matters no more.
func (v *View) swap(f *file) *file {
	v.files.Lock()
	defer v.files.Unlock()
	old := v.answering
	v.answering = f
	if f != old {
		v.change(func() { v.damage = nil })
	}
	return old
}

// Reader gives snapshots of a view's file: of the one that follows the log, or of one apart.
type Reader interface {
	// Read runs do on a snapshot that stands at a position, and gives the position as of which it answers. It returns domain.ErrUnavailable.
	Read(ctx context.Context, do func(conn *sqlite.Conn, at domain.Position) error) (domain.Position, error)
}

var _ Reader = (*View)(nil)
