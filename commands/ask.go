package commands

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// Answer says whether an action would be in order: it is when the judgement has no findings.
type Answer struct {
	dossier.Judgement
}

// Permitted says that nothing stands against the action.
func (a Answer) Permitted() bool { return a.Findings == 0 }

// Ask answers whether an action may be done to people, by the same rules that find fault with a recorded one. It records nothing
// and opens no dossier: of somebody whom the ledger does not know nothing stands. NewQuestion has the answer recorded. A zero time means now. It returns
// domain.ErrUnavailable when people cannot be looked up.
func (l *Ledger) Ask(ctx context.Context, a dossier.Action, people []domain.Identifier) (Answer, error) {
	if a.Time.IsZero() {
		a.Time = l.cfg.Now()
	}
	state := l.state.Load()
	j := dossier.Judge(a, state.Known(a))
	if len(people) == 0 {
		j.Findings = j.Of(a, dossier.Standing{})
		return Answer{j}, nil
	}
	asked := make([]Lookup, len(people))
	for i, id := range people {
		asked[i] = Lookup{Controller: a.Controller, Identifier: id}
	}
	keys, err := l.cfg.Vault.Resolve(ctx, asked)
	if err != nil {
		return Answer{}, errors.Wrap(err, "find the people asked about")
	}
	standings := l.matters.Load().standings
	found := j.Findings
	for _, key := range keys {
		found |= j.Of(a, standings.get(key))
	}
	j.Findings = found
	return Answer{j}, nil
}
