package api

import (
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/register"
	"github.com/jigowatt/daybook/projections/sources"
	"github.com/jigowatt/daybook/projections/trail"
)

// view gives one of the views and waits for it to answer with what the caller has seen. It returns domain.ErrUnavailable where that
// takes too long.
func (c *call) view(name string) (*projections.View, error) {
	view := c.api.cfg.Views.View(name)
	if view == nil {
		return nil, errors.AssertionFailedf("the ledger runs without its view %s", errors.Safe(name))
	}
	return view, c.await(view)
}

// trails gives the trail, and waits for it to reach the position as of which it is asked.
func (c *call) trails(at *domain.Position) (*trail.Trail, error) {
	view, err := c.view(trail.Name)
	if err != nil {
		return nil, err
	}
	return trail.New(view), c.reach(at, view)
}

func (c *call) registers(at *domain.Position) (*register.Register, error) {
	view, err := c.view(register.Name)
	if err != nil {
		return nil, err
	}
	return register.New(view), c.reach(at, view)
}

func (c *call) held() (*holdings.Holdings, error) {
	view, err := c.view(holdings.Name)
	if err != nil {
		return nil, err
	}
	return holdings.New(view), nil
}

func (c *call) sources() (*sources.Sources, error) {
	view, err := c.view(sources.Name)
	if err != nil {
		return nil, err
	}
	return sources.New(view), nil
}
