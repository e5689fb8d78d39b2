package commands

import (
	"context"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/merkle"
)

// foldBatch bounds how many messages are remembered at once while folding.
const foldBatch = 8_192

// fold brings the state and the memory to the end of the log. It reads at least the last event, whose recorded time bounds
// that of the next.
func (l *Ledger) fold(ctx context.Context) error {
	end, snapshot, err := l.cfg.Memory.Load()
	if err != nil {
		return errors.Wrap(err, "load memory")
	}
	state, err := restore(snapshot)
	if err != nil {
		return err
	}
	known := max(end, state.End)
	from := min(end, state.End)
	if from > 0 {
		from--
	}
	f := folder{ledger: l, state: state, remembered: end}
	caughtUp := false
	for batch, err := range l.cfg.Log.Read(ctx, from) {
		if errors.Is(err, domain.ErrInvalid) {
			return shorter(known)
		}
		if err != nil {
			return errors.Wrap(err, "fold the log")
		}
		if err := f.batch(ctx, batch); err != nil {
			return err
		}
		if caughtUp = batch.CaughtUp; caughtUp {
			if batch.End() < known {
				return shorter(known)
			}
			break
		}
	}
	if !caughtUp {
		// Only the end of ctx ends a reading without an error.
		return errors.Wrap(domain.ErrUnavailable, "the log was not read to its end")
	}
	if err := f.remember(f.state.End, f.state.snapshot()); err != nil {
		return err
	}
	l.state.Store(&f.state)
	return nil
}

func shorter(known domain.Position) error {
	return errors.WithHint(errors.AssertionFailedf("the log is shorter than what was acknowledged: it should reach position %d", known),
		"Acknowledged events are missing from the log. Write nothing; restore the log from its second copy or a backup.")
}

// folder folds one reading of the log.
type folder struct {
	ledger     *Ledger
	decoder    catalog.Decoder
	state      State
	remembered domain.Position // the memory is complete up to here
	messages   []Remembered    // to be remembered
	base       string          // source and id of the action being gathered
	subjects   []domain.SubjectKey
	details    domain.Personal
}

func (f *folder) batch(ctx context.Context, b domain.Batch) error {
	for i, stored := range b.Events {
		at := b.At + domain.Position(i)
		event, err := f.decoder.Decode(stored)
		if err != nil {
			return errors.Wrapf(err, "event at position %d", at)
		}
		if event.Recorded.After(f.ledger.last) {
			f.ledger.last = event.Recorded
		}
		if at >= f.state.End {
			f.state = f.state.evolve(domain.Recorded{Position: at, Bytes: stored, Event: event})
		}
		if at < f.remembered {
			continue
		}
		if err := f.gather(ctx, at, stored, event); err != nil {
			return err
		}
		if len(f.messages) > foldBatch {
			if err := f.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// gather makes the memory's entry of an action out of its events, which stand next to each other.
func (f *folder) gather(ctx context.Context, at domain.Position, stored []byte, event domain.Event) error {
	a, ok := event.Fact.(dossier.ActionRecorded)
	if !ok {
		f.base = ""
		return nil
	}
	id, _, _ := strings.Cut(event.ID, "/")
	if base := event.Source + " " + id; base != f.base || a.Action == "" {
		f.base, f.subjects, f.details = base, nil, domain.Personal{}
		if len(a.Details) > 0 {
			opened, err := f.ledger.cfg.Vault.Open(ctx, a.Subject, domain.SealedFor(event.Source, event.ID), a.Details)
			if err != nil && !errors.Is(err, domain.ErrForgotten) {
				return errors.Wrapf(err, "details at position %d", at)
			}
			f.details = opened
		}
		f.messages = append(f.messages, Remembered{Key: messageKey(event.Source, id), Seen: Seen{
			Position: at, Recorded: event.Recorded, Findings: a.Findings, Leaf: merkle.Leaf(stored), Subject: a.Subject,
			Plain: plainDigest(asSent(event, a)),
		}})
	}
	f.subjects = append(f.subjects, a.Subject)
	seen := &f.messages[len(f.messages)-1].Seen
	seen.Events++
	personal, err := personalDigest(ctx, f.ledger.cfg.Vault, f.subjects, f.details)
	if errors.Is(err, domain.ErrForgotten) {
		err = nil
	}
	seen.Personal = personal
	return err
}

// asSent gives the part of an action, as it was sent, that its digest covers.
func asSent(e domain.Event, a dossier.ActionRecorded) dossier.Action {
	return dossier.Action{
		Time: e.Time, Operation: a.Operation, Instruction: a.Instruction, Categories: a.Categories, System: a.System,
		Location: a.Location, Recipient: a.Recipient, Order: a.Order, Stated: a.Stated,
	}
}

// flush remembers all but the newest message, whose action may have more events.
func (f *folder) flush() error {
	last := len(f.messages) - 1
	newest := f.messages[last]
	f.messages = f.messages[:last]
	if err := f.remember(newest.Seen.Position, nil); err != nil {
		return err
	}
	f.messages = append(f.messages, newest)
	return nil
}

func (f *folder) remember(end domain.Position, snapshot []byte) error {
	end = max(end, f.remembered)
	if err := f.ledger.cfg.Memory.Remember(end, f.messages, snapshot); err != nil {
		return errors.Wrap(err, "remember what was folded")
	}
	f.messages, f.remembered = f.messages[:0], end
	return nil
}
