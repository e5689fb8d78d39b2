package api_test

import (
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/trail"
)

func allViews() []projections.Projection { return []projections.Projection{trail.Projection()} }
