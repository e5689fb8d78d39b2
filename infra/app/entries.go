package app

import (
	"context"
	"iter"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/vault"
	"github.com/jigowatt/daybook/infra/wire"
)

// Entries says which entries of a stopped ledger to read.
type Entries struct {
	From domain.Position
	// Controller and Identifier ask for what names one person only: kind:value under a client. Empty for all.
	Controller, Identifier string
	// Before and Until end where the log ended: at a position, or at a time of recording; nil for its end.
	Before *domain.Position
	Until  *time.Time
	// Secret asks also for what the law forbids telling of now: for the processor and the regulator.
	Secret bool
	// Reached is called now and then with how far the log was read; nil for none.
	Reached func(domain.Position)
}

// Entries yields entries of the log in order, up to its end. What the law forbids telling of is withheld, for which the whole log is
// gone through before for orders of courts. It yields domain.ErrNotFound for a person whom nobody has told of, and what reading does.
func (s *Stopped) Entries(ctx context.Context, q Entries) iter.Seq2[wire.LogEntry, error] {
	return func(yield func(wire.LogEntry, error) bool) {
		wanted, err := s.wanted(ctx, q)
		if err != nil {
			yield(wire.LogEntry{}, err)
			return
		}
		var veil *api.Veil
		if !q.Secret {
			veil = api.NewVeil(s.app.cfg.Now)
			if err := s.each(ctx, 0, func(_ domain.Position, stored []byte) (bool, error) { return true, veil.Learn(stored) }); err != nil {
				yield(wire.LogEntry{}, err)
				return
			}
		}
		err = s.each(ctx, q.From, func(at domain.Position, stored []byte) (bool, error) {
			if q.Reached != nil && at%1024 == 0 {
				q.Reached(at)
			}
			if over, err := q.over(at, stored); over || err != nil {
				return false, err
			}
			if !wanted(stored) {
				return true, nil
			}
			entry := wire.LogEntry{Position: uint64(at), Event: stored}
			if veil != nil {
				hidden, err := veil.Hides(stored)
				if err != nil {
					return false, err
				}
				if hidden {
					entry = api.Withheld(at, stored)
				}
			}
			return yield(entry, nil), nil
		})
		if err != nil {
			yield(wire.LogEntry{}, err)
		}
	}
}

// each goes through the log from a position to its end.
func (s *Stopped) each(ctx context.Context, from domain.Position, do func(at domain.Position, stored []byte) (more bool, err error)) error {
	for batch, err := range s.log.Read(ctx, from) {
		if err != nil {
			return err
		}
		for i, stored := range batch.Events {
			if more, err := do(batch.At+domain.Position(i), stored); err != nil || !more {
				return err
			}
		}
		if batch.CaughtUp {
			return nil
		}
	}
	return ctx.Err()
}

// wanted finds the person in the vault, and says which entries are asked for.
func (s *Stopped) wanted(ctx context.Context, q Entries) (func([]byte) bool, error) {
	if q.Identifier == "" {
		return func([]byte) bool { return true }, nil
	}
	controller, err := domain.ParseName[domain.ControllerID](q.Controller)
	if err != nil {
		return nil, errors.Wrap(err, "controller")
	}
	id, err := domain.ParseIdentifier(q.Identifier)
	if err != nil {
		return nil, errors.Wrap(err, "person")
	}
	if s.app.vault == nil {
		if !vault.Exists(s.app.cfg.path("vault")) {
			return nil, errors.WithHint(errors.Wrap(domain.ErrNotFound, "vault that says who is who"), "Give the whole data directory of the ledger.")
		}
		if err := s.app.openVault(ctx); err != nil {
			return nil, err
		}
	}
	keys, err := s.app.vault.Keys(ctx, controller, id)
	if errors.Is(err, domain.ErrNotFound) {
		err = errors.WithHint(errors.Wrap(domain.ErrNotFound, "person in the log"), "No service has told the ledger about that identifier under this client.")
	}
	return api.Names(keys), err
}

// over says that an event is beyond what is asked for.
func (q Entries) over(at domain.Position, stored []byte) (bool, error) {
	if q.Before != nil && at >= *q.Before {
		return true, nil
	}
	if q.Until == nil {
		return false, nil
	}
	event, err := catalog.Decode(stored)
	return event.Recorded.After(*q.Until), errors.Wrapf(err, "time of event %s", at)
}
