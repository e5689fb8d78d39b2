package api_test

import (
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/article30"
	"github.com/jigowatt/daybook/projections/disclosures"
	found "github.com/jigowatt/daybook/projections/findings"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/looks"
	"github.com/jigowatt/daybook/projections/orders"
	"github.com/jigowatt/daybook/projections/promises"
	"github.com/jigowatt/daybook/projections/register"
	"github.com/jigowatt/daybook/projections/requests"
	"github.com/jigowatt/daybook/projections/retention"
	"github.com/jigowatt/daybook/projections/sources"
	"github.com/jigowatt/daybook/projections/statistics"
	"github.com/jigowatt/daybook/projections/trail"
)

func allViews() []projections.Projection {
	return []projections.Projection{
		trail.Projection(), holdings.Projection(), register.Projection(), sources.Projection(), found.Projection(),
		requests.Projection(), retention.Projection(), orders.Projection(), disclosures.Projection(), article30.Projection(),
		promises.Projection(), statistics.Projection(), looks.Projection(),
	}
}
