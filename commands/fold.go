package commands

import (
	"context"
	"log/slog"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/domain/source"
)

// foldBatch bounds how many messages are remembered at once while folding.
const foldBatch = 8_192

// fold brings the state and the memory to the end of the log. A memory that is damaged is emptied first, if it can be.
func (l *Ledger) fold(ctx context.Context) error {
	err := l.foldOnce(ctx)
	m, can := l.cfg.Memory.(interface{ Reset() error })
	if !can || !errors.Is(err, ErrMemoryDamaged) {
		return err
	}
	l.cfg.Logger.WarnContext(ctx, "the memory of messages is damaged and is made again from the log", slog.Any("error", err))
	if err := m.Reset(); err != nil {
		return errors.Wrap(err, "empty the memory")
	}
	return l.foldOnce(ctx)
}

// foldOnce reads at least the last event, whose recorded time bounds
// that of the next.
func (l *Ledger) foldOnce(ctx context.Context) error {
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
	f := folder{ledger: l, state: state.draft(), remembered: end, matters: newMatters()}
	if err := l.cfg.Memory.Kept(f.matters.take); err != nil {
		return errors.Wrap(err, "load what is kept")
	}
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
	if err := f.matters.forgetting.finish(ctx, l.cfg.Vault); err != nil {
		return err
	}
	l.state.Store(&f.state.State)
	l.matters.Store(f.matters)
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
	state      *draft
	remembered domain.Position // the memory is complete up to here
	messages   []Remembered    // to be remembered
	matters    *matters
	kept       []Kept              // to be kept
	subjects   []domain.SubjectKey // of the message being gathered
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
			f.state.evolve(domain.Recorded{Position: at, Bytes: stored, Event: event})
		}
		if at < f.remembered {
			continue
		}
		// Only between messages, so that what is remembered ends where an action ends.
		if len(f.messages)+len(f.kept) > foldBatch && !strings.Contains(event.ID, "/") {
			if err := f.remember(at, nil); err != nil {
				return err
			}
		}
		if err := f.gather(ctx, at, stored, event); err != nil {
			return err
		}
		f.kept = append(f.kept, f.matters.evolve(domain.Recorded{Bytes: stored, Event: event})...)
	}
	return nil
}

// gather makes the memory's entry of a message out of its events, which stand next to each other. What the ledger recorded of
// its own accord came by no message.
func (f *folder) gather(ctx context.Context, at domain.Position, stored []byte, event domain.Event) error {
	var subject domain.SubjectKey
	switch fact := event.Fact.(type) {
	case dossier.Statement:
		subject = fact.Person().Subject
	case source.CountReported:
	default:
		return nil
	}
	if event.Source == domain.LedgerSource {
		return nil
	}
	a, _ := event.Fact.(dossier.ActionRecorded)
	id, more, _ := strings.Cut(event.ID, "/")
	if more == "" {
		plain, err := sentDigest(event)
		if err != nil {
			return err
		}
		f.subjects, f.details = nil, domain.Personal{}
		if len(a.Details) > 0 {
			f.details, err = f.ledger.cfg.Vault.Open(ctx, subject, domain.SealedFor(event.Source, event.ID), a.Details)
			if err != nil && !errors.Is(err, domain.ErrForgotten) {
				return errors.Wrapf(err, "details at position %d", at)
			}
		}
		f.messages = append(f.messages, Remembered{Key: messageKey(event.Source, id), Seen: Seen{
			Position: at, Recorded: event.Recorded, Leaf: merkle.Leaf(stored), Subject: subject, Plain: plain,
		}})
	}
	f.subjects = append(f.subjects, subject)
	seen := &f.messages[len(f.messages)-1].Seen
	seen.Events++
	seen.Findings |= a.Findings | reasons(event.Fact)
	personal, err := personalDigest(ctx, f.ledger.cfg.Vault, f.subjects, f.details)
	if errors.Is(err, domain.ErrForgotten) {
		err = nil
	}
	seen.Personal = personal
	return err
}

// sentDigest gives the digest of the message that an event came by.
func sentDigest(e domain.Event) ([8]byte, error) {
	switch f := e.Fact.(type) {
	case dossier.ActionRecorded:
		return actionDigest(dossier.Action{
			Time: e.Time, Operation: f.Operation, Instruction: f.Instruction, Categories: f.Categories, System: f.System, From: f.From,
			Location: f.Location, Recipient: f.Recipient, Order: f.Order, Announced: f.Announced, Stated: f.Stated,
		}), nil
	case dossier.Statement:
		return statementDigest(e.Time, dossier.For(f, dossier.Of{Controller: f.Person().Controller}))
	case source.CountReported:
		return statementDigest(e.Time, f)
	default:
		return [8]byte{}, errors.AssertionFailedf("an event of a service is about nobody")
	}
}

// reasons gives what an answer had against what was asked, nothing for any other event.
func reasons(fact domain.Fact) domain.FindingSet {
	answer, _ := fact.(dossier.AnswerRecorded)
	return answer.Findings()
}

func (f *folder) remember(end domain.Position, snapshot []byte) error {
	end = max(end, f.remembered)
	err := f.ledger.cfg.Memory.Remember(end, News{Messages: f.messages, Kept: f.kept, Snapshot: snapshot})
	if err != nil {
		return errors.Wrap(err, "remember what was folded")
	}
	f.messages, f.remembered = f.messages[:0], end
	f.kept = f.kept[:0]
	return nil
}
