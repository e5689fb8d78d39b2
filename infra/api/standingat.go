package api

import (
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/trail"
)

// stands gives what stands about a person: what the ledger decides by, or, as of then, what the trail says when it is folded as the
// ledger folds the log.
func (c *call) stands(p person) (dossier.Standing, error) {
	if c.as == nil {
		return c.api.cfg.Ledger.Standing(p.keys[0]), nil
	}
	trails, err := c.trails()
	if err != nil {
		return dossier.Standing{}, err
	}
	events, failed := c.about(trails, p)
	standing := commands.StandingAfter(p.keys[0], events)
	return standing, failed()
}

// about goes through the events about a person as of then, the oldest first, and gives what broke it off. Details stay sealed.
func (c *call) about(trails *trail.Trail, p person) (events func(yield func(domain.Event) bool), failed func() error) {
	var broken error
	return func(yield func(domain.Event) bool) {
		q := trail.Query{Controller: p.controller, Subjects: p.keys, At: c.at(), Limit: trail.MaxLimit}
		for more := true; more; {
			page, err := trails.Of(c.ctx(), q)
			if err != nil {
				broken = errors.Wrap(err, "what was recorded of a person")
				return
			}
			for i := range page.Entries {
				e := &page.Entries[i]
				if !yield(domain.Event{ID: e.ID, Time: e.Time, Recorded: e.Recorded, Sequence: e.Sequence, Fact: recorded(e)}) {
					return
				}
			}
			if more = page.More && len(page.Entries) > 0; more {
				q.After = &page.Entries[len(page.Entries)-1].Position
			}
		}
	}, func() error { return broken }
}

// recorded gives what an entry says, with whom it is about.
func recorded(e *trail.Entry) domain.Fact {
	said := fact(*e)
	if action, is := said.(dossier.ActionRecorded); is && e.Fact == nil {
		action.Subject, action.Identifier, action.Action = e.Subject, e.Identifier, e.Action
		return action
	}
	return said
}
