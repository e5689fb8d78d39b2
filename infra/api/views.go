package api

import (
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/register"
	"github.com/jigowatt/daybook/projections/sources"
	"github.com/jigowatt/daybook/projections/trail"
)

func (c *call) trails() (*trail.Trail, error) {
	view, err := c.view(trail.Name)
	if err != nil {
		return nil, err
	}
	return trail.New(view), nil
}

func (c *call) registers() (*register.Register, error) {
	view, err := c.view(register.Name)
	if err != nil {
		return nil, err
	}
	return register.New(view), nil
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
