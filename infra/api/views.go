package api

import (
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/trail"
)

// views are the views that the API asks.
type views struct {
	trailView *projections.View
	trail     *trail.Trail
}

func viewsOf(v Views) views {
	t := v.View(trail.Name)
	return views{trailView: t, trail: trail.New(t)}
}

func (c *call) personHoldings(in wire.HoldingsQuery) (wire.Holdings, domain.Position, error) {
	return wire.Holdings{}, 0, nil
}
func (c *call) holdings(p person, at *uint64) (wire.Holdings, error) {
	return wire.Holdings{}, nil
}
func (a *API) registerRoutes() { a.declareRoutes() }
