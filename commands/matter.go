package commands

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/source"
)

// Matter is a command about one person: an objection, a restriction, a hold, an order, a consent, or the end of one.
type Matter struct {
	Controller domain.ControllerID
	Person     domain.Identifier
	By         domain.ContactID // who said so; may be empty
	At         time.Time        // when it was said; zero for now
	What       dossier.Matter
	// With gives the matters of the person that are recorded with it, all or none, and only where it is new; nil for none.
	With func(context.Context, dossier.Of) ([]dossier.Matter, error)
}

// Settled says where a command about a person was recorded. Events is 0 where it changed nothing.
type Settled struct {
	Position domain.Position
	Events   int
	Of       dossier.Of
	// Note says that what was recorded does nothing, such as an objection to what cannot be objected to (Art. 21(1)).
	Note Note
}

// About records a matter of a person whom the ledger knows. It returns domain.ErrNotFound for one it does not know, and whatever
// the matter's decision returns.
func (l *Ledger) About(ctx context.Context, m Matter) (Settled, error) {
	keys, err := l.cfg.Vault.Resolve(ctx, []Lookup{{Controller: m.Controller, Identifier: m.Person}})
	if err != nil {
		return Settled{}, errors.Wrap(err, "find the person")
	}
	if keys[0] == 0 {
		return Settled{}, errors.WithHint(errors.Wrap(domain.ErrNotFound, "person of a matter"),
			"No service has told the ledger about this identifier under this controller. Check both, or record first what was done with the data.")
	}
	of := dossier.Of{Controller: m.Controller, Subject: keys[0], By: m.By}
	all := []dossier.Matter{m.What}
	if m.With != nil {
		with, err := m.With(ctx, of)
		if err != nil {
			return Settled{}, err
		}
		all = append(all, with...)
	}
	return l.about(ctx, of, all, m.At)
}

// AboutDossier records a matter of the person who goes by a subject key. It returns whatever the matter's decision returns.
func (l *Ledger) AboutDossier(ctx context.Context, of dossier.Of, what dossier.Matter, at time.Time) (Settled, error) {
	return l.about(ctx, of, []dossier.Matter{what}, at)
}

// about records the first of several matters, and the others where that is new.
func (l *Ledger) about(ctx context.Context, of dossier.Of, all []dossier.Matter, at time.Time) (Settled, error) {
	result, err := l.do(ctx, &command{decide: func(_ context.Context, on deciding) (any, []domain.Event, error) {
		when, err := either(at, on.now)
		if err != nil {
			return nil, nil, err
		}
		var facts []domain.Fact
		for i, what := range all {
			standing := on.standings.get(of.Subject)
			if err := on.state.final(dossier.For(what, of), standing, when); err != nil {
				return nil, nil, err
			}
			decided, err := dossier.For(what, of).Decide(standing, on.now)
			if err != nil {
				return nil, nil, err
			}
			if i == 0 && len(decided) == 0 {
				break
			}
			facts = append(facts, decided...)
		}
		return on.state.note(dossier.For(all[0], of), when), l.owned(facts, when), nil
	}})
	note, _ := result.value.(Note)
	return Settled{Position: result.position, Events: result.events, Of: of, Note: note}, err
}

// Standing gives what stands about the person with a subject key, ahead of what is durable by what is being written.
func (l *Ledger) Standing(key domain.SubjectKey) dossier.Standing {
	return l.matters.Load().standings.get(key)
}

// ReceiveCourtOrder records that an order to disclose was received. It returns domain.ErrNotFound where the controller or the
// authority is not registered, domain.ErrInvalid, and domain.ErrConflict.
func (l *Ledger) ReceiveCourtOrder(ctx context.Context, c disclosure.Receive) (Settled, error) {
	return l.decided(ctx, func(on deciding) ([]domain.Fact, error) {
		r := on.state.Register
		if _, known := r.Controllers[c.Controller]; !known {
			return nil, errors.Wrapf(domain.ErrNotFound, "controller %s of a court order", c.Controller)
		}
		if authority, known := r.Recipients[c.Authority]; !known || authority.Kind != register.Authority {
			return nil, errors.WithHint(errors.Wrapf(domain.ErrNotFound, "authority %s of a court order", c.Authority),
				"Declare the court or authority among the recipients, as an authority.")
		}
		return c.Decide(on.state.CourtOrders)
	})
}

// InformController records that a controller was told of an order to disclose. It returns domain.ErrNotFound, domain.ErrInvalid, and
// domain.ErrForbidden while the law forbids telling.
func (l *Ledger) InformController(ctx context.Context, c disclosure.Inform) (Settled, error) {
	return l.decided(ctx, func(on deciding) ([]domain.Fact, error) { return c.Decide(on.state.CourtOrders) })
}

// Heartbeat records that a service lives.
func (l *Ledger) Heartbeat(ctx context.Context, c source.HeartbeatRecorded) error {
	_, err := l.decided(ctx, func(deciding) ([]domain.Fact, error) { return []domain.Fact{c}, nil })
	return err
}

// decided records facts that the ledger decides on.
func (l *Ledger) decided(ctx context.Context, decide func(deciding) ([]domain.Fact, error)) (Settled, error) {
	result, err := l.do(ctx, &command{decide: func(_ context.Context, on deciding) (any, []domain.Event, error) {
		facts, err := decide(on)
		return nil, l.owned(facts, on.now), err
	}})
	return Settled{Position: result.position, Events: result.events}, err
}

func (l *Ledger) owned(facts []domain.Fact, at time.Time) []domain.Event {
	events := make([]domain.Event, len(facts))
	for i, fact := range facts {
		events[i] = l.own(fact, at)
	}
	return events
}

// either gives the time at which something was said, now where that is not known. A year that an event cannot hold is
// domain.ErrInvalid.
func either(at, now time.Time) (time.Time, error) {
	if at.IsZero() {
		return now, nil
	}
	return at, checkTime(at)
}
