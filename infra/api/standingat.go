package api

import (
	"iter"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/trail"
)

// stands gives what stands about a person: what the ledger decides by, or, as of then or on a date, what the trail says when it is
// folded as the ledger folds the log.
func (c *call) stands(p person) (dossier.Standing, error) {
	if c.on != nil {
		t, err := c.happened()
		if err != nil {
			return dossier.Standing{}, err
		}
		return commands.StandingAfter(p.keys[0], slices.Values(t.events)), nil
	}
	if c.as == nil {
		return c.api.cfg.Ledger.Standing(p.keys[0]), nil
	}
	trails, err := c.trails()
	if err != nil {
		return dossier.Standing{}, err
	}
	entries, after := c.about(trails, p)
	standing := commands.StandingAfter(p.keys[0], func(yield func(domain.Event) bool) {
		for e := range entries {
			if !yield(saying(e)) {
				return
			}
		}
	})
	_, err = after()
	return standing, err
}

// about goes through what is recorded of a person as of then, the oldest first. after gives the end of the ledger that it rests on, and
// what broke it off. Details stay sealed.
func (c *call) about(trails *trail.Trail, p person) (entries iter.Seq[*trail.Entry], after func() (domain.Position, error)) {
	var end domain.Position
	var broken error
	return func(yield func(*trail.Entry) bool) {
		q := trail.Query{Controller: p.controller, Subjects: p.keys, At: c.at(), Limit: trail.MaxLimit}
		for more := true; more; {
			page, err := trails.Of(c.ctx(), q)
			if err != nil {
				broken = errors.Wrap(err, "what was recorded of a person")
				return
			}
			end = c.stood(page.Position)
			for i := range page.Entries {
				if !yield(&page.Entries[i]) {
					return
				}
			}
			if more = page.More && len(page.Entries) > 0; more {
				q.After = &page.Entries[len(page.Entries)-1].Position
			}
		}
	}, func() (domain.Position, error) { return end, broken }
}

// saying gives the event that an entry stands for, with whom it is about.
func saying(e *trail.Entry) domain.Event {
	said, source := fact(*e), domain.LedgerSource
	if action, is := said.(dossier.ActionRecorded); is && e.Fact == nil {
		action.Subject, action.Identifier, action.Action = e.Subject, e.Identifier, e.Action
		said, source = action, domain.ServiceSource(e.Controller, e.Service)
	}
	return domain.Event{ID: e.ID, Source: source, Time: e.Time, Recorded: e.Recorded, Sequence: e.Sequence, Fact: said}
}
