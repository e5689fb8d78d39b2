package projections

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
)

// chunk is a run of decoded events on its way to the views. It is shared: nobody changes it.
type chunk struct {
	at, end domain.Position
	events  []domain.Recorded
	// live says that nothing more is known to follow at once: what was folded should be committed.
	live bool
	// caughtUp says that end was the end of the log.
	caughtUp bool
	// behind says that the end of the log was not reached yet since reading began.
	behind bool
	// fault says why the event at end cannot be read, or with lost why nothing can be read any more.
	fault error
	lost  bool
}

// Limits of a chunk, so that a queue of them is bounded in memory.
const (
	maxChunkEvents = 1024
	maxChunkBytes  = 1 << 20
)

// The pause before a log out of reach is asked again doubles from the first to the longest.
const (
	firstPause   = 20 * time.Millisecond
	longestPause = 2 * time.Second
)

// follow reads the log from a position, decodes each event once, and hands over chunks until hand returns false, ctx ends, or
// the log cannot be read, which is the fault of the last chunk. A log out of reach is asked again.
func follow(ctx context.Context, log Log, from domain.Position, align int, hand func(chunk) bool) {
	d := decoding{next: from, align: domain.Position(max(1, min(align, maxChunkEvents))), hand: hand}
	d.begin()
	for pause := firstPause; ctx.Err() == nil; {
		err := d.read(ctx, log)
		switch {
		case d.done || ctx.Err() != nil:
			return
		case !errors.Is(err, domain.ErrUnavailable):
			if err == nil {
				err = errors.AssertionFailedf("the log ended its reading before event %s", d.next)
			}
			if errors.Is(err, domain.ErrInvalid) && !errors.Is(err, errShort) {
				err = errors.WithHint(errors.WithSecondaryError(errors.WithStack(errAhead), err), hintRebuild)
			}
			d.give(chunk{live: true, lost: true, fault: errors.Wrapf(err, "read the log from %s", d.next)})
			return
		}
		if d.progressed {
			pause = firstPause
		}
		d.progressed = false
		// What was read is committed before a wait that may be long.
		if !d.give(chunk{live: true}) {
			return
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		pause = min(2*pause, longestPause)
	}
}

// decoding turns batches into chunks.
type decoding struct {
	decoder catalog.Decoder
	next    domain.Position // of the next event to read
	align   domain.Position // chunks end at its multiples
	hand    func(chunk) bool

	at         domain.Position
	events     []domain.Recorded
	bytes      int
	live       bool // the end of the log was reached once: from then on nothing is held back
	done       bool // hand wants no more
	progressed bool
}

func (d *decoding) read(ctx context.Context, log Log) error {
	for batch, err := range log.Read(ctx, d.next) {
		if err != nil {
			return err
		}
		if batch.At != d.next {
			return errors.AssertionFailedf("the log gave event %s where %s was next", batch.At, d.next)
		}
		d.progressed = true
		d.live = d.live || batch.CaughtUp
		if !d.take(batch) {
			return nil
		}
	}
	return nil
}

func (d *decoding) take(batch domain.Batch) bool {
	for _, stored := range batch.Events {
		event, err := d.decoder.Decode(stored)
		if err != nil {
			if !d.give(chunk{live: true, fault: errors.Wrapf(err, "decode event %s", d.next)}) {
				return false
			}
			// Only a view that is beyond this event already takes what follows.
			d.next++
			d.at = d.next
			continue
		}
		d.events = append(d.events, domain.Recorded{Position: d.next, Bytes: stored, Event: event})
		d.bytes += len(stored)
		d.next++
		if d.next%d.align == 0 || d.bytes >= maxChunkBytes {
			last := d.next == batch.End()
			if !d.give(chunk{live: last && d.live, caughtUp: last && batch.CaughtUp}) {
				return false
			}
		}
	}
	if len(d.events) > 0 && d.live || batch.CaughtUp && len(batch.Events) == 0 {
		return d.give(chunk{live: true, caughtUp: batch.CaughtUp})
	}
	return true
}

// give hands over the events gathered so far.
func (d *decoding) give(c chunk) bool {
	c.at, c.end, c.events, c.behind = d.at, d.next, d.events, !d.live
	d.begin()
	d.done = !d.hand(c)
	return !d.done
}

func (d *decoding) begin() {
	// A slice of its own for each chunk: the views still read the last one.
	d.at, d.events, d.bytes = d.next, make([]domain.Recorded, 0, min(len(d.events)+16, maxChunkEvents)), 0
}
