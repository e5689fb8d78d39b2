package api

import (
	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/wire"
)

// settleCase closes the places that the recorded actions close, and says of the others why they stay open. The ledger does so by itself
// in a moment; who asks does not have to wait.
func (c *call) settleCase(in wire.CaseAction) (wire.CaseSettled, domain.Position, error) {
	key, err := c.caseKey()
	if err != nil {
		return wire.CaseSettled{}, 0, err
	}
	s, err := c.api.cfg.Ledger.Case(key)
	if err != nil {
		return wire.CaseSettled{}, 0, err
	}
	of, err := c.of(s, in.On, in.By)
	if err != nil {
		return wire.CaseSettled{}, 0, err
	}
	closed, left, err := c.api.cases.Settle(c.ctx(), of)
	if err != nil {
		return wire.CaseSettled{}, 0, err
	}
	out := wire.CaseSettled{Settled: []wire.CasePlaceState{}, Open: []wire.CaseBlocked{}}
	for _, step := range closed {
		out.Settled = append(out.Settled, placeState(s.Received.Kind, request.PlaceState{Place: step.Place, Settled: &step}))
	}
	for _, l := range left {
		out.Open = append(out.Open, wire.CaseBlocked{Place: shownPlace(l.Place), Why: l.Why})
	}
	taken, at, err := c.taken(key, commands.Settled{})
	out.Stage, out.Next, out.Position = taken.Stage, taken.Next, uint64(at)
	return out, at, err
}
