package commands

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// Link is the command that a second identifier names a person whom the ledger knows already by the first.
type Link struct {
	Controller  domain.ControllerID
	Known, Also domain.Identifier
	By          domain.ContactID // who said so; may be empty
}

// Linked says where the link was recorded.
type Linked struct {
	Position domain.Position
	Joined   bool // the second identifier had a dossier of its own
}

// Link makes the link in the vault, durably, and then records it. Repeated, it records again that somebody said so. It returns
// domain.ErrNotFound when the first identifier is not known.
func (l *Ledger) Link(ctx context.Context, c Link) (Linked, error) {
	release, err := l.alone(ctx)
	if err != nil {
		return Linked{}, err
	}
	defer release()
	found, err := l.cfg.Vault.Resolve(ctx, []Lookup{
		{Controller: c.Controller, Identifier: c.Known}, {Controller: c.Controller, Identifier: c.Also},
	})
	if err != nil {
		return Linked{}, errors.Wrap(err, "find people to link")
	}
	known, also := found[0], found[1]
	if known == 0 {
		return Linked{}, errors.WithHint(errors.Wrap(domain.ErrNotFound, "first identifier"),
			"No service has told the ledger about the first identifier; link to one that it knows.")
	}
	if _, err := l.cfg.Vault.Link(ctx, c.Controller, c.Known, c.Also); err != nil {
		return Linked{}, errors.Wrap(err, "link in the vault")
	}
	fact := dossier.IdentifierLinked{Controller: c.Controller, Subject: known, Identifier: c.Also.Kind, By: c.By}
	// Also where the vault had joined the two before: it may have been asked by one who could not record it afterwards.
	if also != 0 && also != known {
		fact.Joined = also
	}
	result, err := l.do(ctx, &command{decide: func(_ context.Context, on deciding) (any, []domain.Event, error) {
		return nil, []domain.Event{l.own(fact, on.now)}, nil
	}})
	return Linked{Position: result.position, Joined: fact.Joined != 0}, err
}

// alone waits until nobody else joins or destroys dossiers, or returns the error of ctx.
func (l *Ledger) alone(ctx context.Context) (release func(), err error) {
	select {
	case <-l.people:
		return func() { l.people <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// own gives an event that the ledger records itself.
func (l *Ledger) own(fact domain.Fact, at time.Time) domain.Event {
	return domain.Event{ID: l.cfg.NewID(), Source: domain.LedgerSource, Time: at, Fact: fact}
}
