package history

import (
	"context"
	"encoding/binary"
	"os"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/projections"
)

// OnDate asks how a view was on a date.
type OnDate struct {
	// On is the last moment of what counts.
	On time.Time
	// End is the end of the log as of which it is asked, and Fixed says that no later one will do.
	End   domain.Position
	Fixed bool
	// Least is an end of the log that must be known, where not all up to End is.
	Least domain.Position
}

func (q OnDate) key(view string) key {
	if q.Fixed {
		return key{view, q.End, q.On.UnixMilli()}
	}
	return key{view, latest, q.On.UnixMilli()}
}

// Told is a view on a date. Its events are counted from 0 in the order in which they happened.
type Told struct {
	view    *projections.View
	end     domain.Position
	origins *os.File
}

// Read runs do on a snapshot, which stands at the number of its events, and gives the end of the log that it rests on. It returns
// domain.ErrUnavailable.
func (t *Told) Read(ctx context.Context, do func(conn *sqlite.Conn, at domain.Position) error) (domain.Position, error) {
	_, err := t.view.Read(ctx, do)
	return t.end, err
}

var _ projections.Reader = (*Told)(nil)

// End gives the end of the log that the view rests on.
func (t *Told) End() domain.Position { return t.end }

// originBytes is what is kept of where an event stands: its position, and when it was recorded in milliseconds.
const originBytes = 16

// Origin gives where the event with a number stands in the log, and when it was recorded. It returns domain.ErrUnavailable where the
// file that says so cannot be read.
func (t *Told) Origin(number domain.Position) (domain.Position, time.Time, error) {
	var b [originBytes]byte
	if _, err := t.origins.ReadAt(b[:], int64(number)*originBytes); err != nil {
		return 0, time.Time{}, errors.WithSecondaryError(errors.Wrapf(domain.ErrUnavailable, "where event %s of a view on a date stands", number), err)
	}
	return domain.Position(binary.LittleEndian.Uint64(b[:])), time.UnixMilli(int64(binary.LittleEndian.Uint64(b[8:]))).UTC(), nil
}

func closeOrigins(f *os.File) error {
	if f == nil {
		return nil
	}
	if err := f.Close(); err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "close the places of events"), err)
	}
	return nil
}

// owed is how long a view that was built for somebody who went away meanwhile is given to whoever asks next as it is: on a ledger in
// which something new counts all the time, nobody who asks again would ever have an answer otherwise.
const owed = time.Minute

// OnDate gives a view as it was on a date, as far as that is known: folded from the events that had happened by then, in the order in which
// they did, each as if it had been recorded then. What the register said first, and who is who, counts from the beginning. release must
// be called when the view is no longer read. What was built answers again as long as nothing that was recorded since concerns it. It
// returns what View does.
func (h *History) OnDate(ctx context.Context, view string, q OnDate) (*Told, func(), error) {
	for {
		p, release, err := h.get(ctx, q.key(view), q.End)
		if err != nil {
			return nil, nil, err
		}
		stands, err := h.stands(ctx, p, q)
		if err == nil && stands {
			h.mu.Lock()
			told := &Told{p.copy.View(view), max(p.from, min(p.end, q.End)), p.origins}
			h.mu.Unlock()
			return told, release, nil
		}
		h.replace(p)
		release()
		if err != nil {
			return nil, nil, err
		}
	}
}

// Building says how far a view on a date is that is being built, and false for one that is not.
func (h *History) Building(view string, q OnDate) (projections.Progress, bool) {
	return h.building(q.key(view))
}

// stands says that a view answers the question as it is.
func (h *History) stands(ctx context.Context, p *past, q OnDate) (bool, error) {
	h.mu.Lock()
	end := p.end
	waited := !p.given && end >= q.Least && h.cfg.Now().Sub(p.since) < owed
	p.given = true
	h.mu.Unlock()
	if end >= q.End || waited {
		return true, nil
	}
	concerned, err := h.concerned(ctx, end, q)
	if err != nil || concerned {
		return false, err
	}
	h.mu.Lock()
	p.end = max(p.end, q.End)
	h.mu.Unlock()
	return true, nil
}

// concerned says that something recorded from a position up to the end of the question had happened by its date.
func (h *History) concerned(ctx context.Context, from domain.Position, q OnDate) (bool, error) {
	var decoder catalog.Decoder
	for batch, err := range projections.Until(h.log, q.End).Read(ctx, from) {
		if err != nil {
			return false, errors.Wrap(err, "what was recorded since a view was built")
		}
		for i, stored := range batch.Events {
			event, err := decoder.Decode(stored)
			if err != nil {
				return false, errors.Wrapf(err, "event %s", batch.At+domain.Position(i))
			}
			if at, _ := happened(event); !at.After(q.On) {
				return true, nil
			}
		}
		if batch.CaughtUp {
			return false, nil
		}
	}
	return false, errors.Mark(errors.Wrap(context.Cause(ctx), "read what was recorded since a view was built"), domain.ErrUnavailable)
}

// replace lets the next one who asks have the view built anew.
func (h *History) replace(p *past) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.past[p.key] == p {
		delete(h.past, p.key) // its files go with the last one who reads them
	}
}
