package commands

import (
	"context"
	"log/slog"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
)

const (
	// gatherLooks is how long looks are gathered before they are written, unless somebody waits for one: recording a look must
	// cost the reading next to nothing.
	gatherLooks = 100 * time.Millisecond
	// looksAtOnce is how many looks become one command.
	looksAtOnce = 256
	// lastLooks bounds how long closing waits for looks to be written.
	lastLooks = 5 * time.Second
)

// writeLooks writes looks until ctx ends, and then those that still wait.
func (l *Ledger) writeLooks(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-l.looks.signal:
			l.gather(ctx)
			l.drainLooks(ctx)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLooks)
	defer cancel()
	l.drainLooks(last)
	if left := l.looks.close(); left > 0 {
		l.cfg.Logger.ErrorContext(last, "looks were not recorded before closing", slog.Int("looks", left))
	}
}

func (l *Ledger) gather(ctx context.Context) {
	pause := time.NewTimer(gatherLooks)
	defer pause.Stop()
	select {
	case <-ctx.Done():
	case <-l.looks.urgent:
	case <-pause.C:
	}
}

// drainLooks writes all that wait. It goes on after failures until ctx ends or the ledger closes.
func (l *Ledger) drainLooks(ctx context.Context) {
	for pause := 50 * time.Millisecond; ; {
		batch := l.looks.first(min(looksAtOnce, l.cfg.MaxFrameEvents))
		if len(batch) == 0 {
			return
		}
		from := l.State().End
		// A command that was handed in is waited for whatever happens, so that it is never written twice.
		at, err := l.appendLooks(context.WithoutCancel(ctx), batch)
		if err == nil {
			for i, one := range batch {
				one.position = at + domain.Position(i)
			}
			l.looks.settle(batch)
			pause = 50 * time.Millisecond
			continue
		}
		if errors.Is(err, ErrClosed) {
			return
		}
		l.cfg.Logger.WarnContext(ctx, "looks wait to be recorded", slog.Any("error", err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, 5*time.Second)
		if errors.Is(err, ErrReset) {
			l.settleFound(ctx, from, batch)
		}
	}
}

func (l *Ledger) appendLooks(ctx context.Context, batch []*look) (domain.Position, error) {
	result, err := l.do(ctx, &command{decide: func(context.Context, deciding) (any, []domain.Event, error) {
		events := make([]domain.Event, len(batch))
		for i, one := range batch {
			events[i] = one.event
		}
		return nil, events, nil
	}})
	return result.position, err
}

// settleFound settles the looks that an append of unknown outcome has written after all.
func (l *Ledger) settleFound(ctx context.Context, from domain.Position, batch []*look) {
	// An answer means that the log was folded again: what was going to land has.
	if _, err := l.do(context.WithoutCancel(ctx), &command{decide: func(context.Context, deciding) (any, []domain.Event, error) { return nil, nil, nil }}); err != nil {
		return
	}
	byID := make(map[string]*look, len(batch))
	for _, one := range batch {
		byID[one.event.ID] = one
	}
	var found []*look
	var decoder catalog.Decoder
	for stored, err := range l.cfg.Log.Read(ctx, from) {
		if err != nil {
			return
		}
		for i, bytes := range stored.Events {
			event, err := decoder.Decode(bytes)
			if one := byID[event.ID]; err == nil && one != nil && event.Source == one.event.Source {
				one.position = stored.At + domain.Position(i)
				found = append(found, one)
			}
		}
		if stored.CaughtUp {
			break
		}
	}
	l.looks.settle(found)
}
