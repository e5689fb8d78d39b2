package api_test

import (
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/register"
	"github.com/jigowatt/daybook/projections/sources"
	"github.com/jigowatt/daybook/projections/trail"
)

func allViews() []projections.Projection {
	return []projections.Projection{trail.Projection(), holdings.Projection(), register.Projection(), sources.Projection()}
}
