package api

import (
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/wire"
)

// personCases lists the cases of one person, ended ones too. The identifier travels in the body.
func (c *call) personCases(in wire.StandingQuery) (wire.CaseList, domain.Position, error) {
	p, err := c.find(in.Person)
	if err != nil {
		return wire.CaseList{}, 0, err
	}
	if err := c.looked(glance{of: p, view: oversight.Cases}); err != nil {
		return wire.CaseList{}, 0, err
	}
	view, err := c.requests()
	if err != nil {
		return wire.CaseList{}, 0, err
	}
	list, at, err := view.OfPerson(c.ctx(), p.keys)
	if err != nil {
		return wire.CaseList{}, 0, err
	}
	out := wire.CaseList{Cases: make([]wire.CaseSummary, len(list)), Position: uint64(at)}
	for i, one := range list {
		if out.Cases[i], err = c.summary(one); err != nil {
			return wire.CaseList{}, 0, err
		}
	}
	return out, at, nil
}
