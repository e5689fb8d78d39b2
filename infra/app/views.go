package app

import (
	"context"
	"log/slog"

	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/article30"
	"github.com/jigowatt/daybook/projections/disclosures"
	"github.com/jigowatt/daybook/projections/findings"
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

// Views are all views that there are.
func Views() []projections.Projection {
	return []projections.Projection{
		trail.Projection(), holdings.Projection(), register.Projection(), sources.Projection(), findings.Projection(),
		retention.Projection(), orders.Projection(), requests.Projection(),
		disclosures.Projection(), article30.Projection(), statistics.Projection(), promises.Projection(), looks.Projection(),
	}
}

func (a *App) openViews(context.Context) error { return a.openViewsOn(a.log) }

func (a *App) openViewsOn(log projections.Log) error {
	views, err := projections.New(log, a.cfg.path("views"), openView, Views(),
		projections.Config{Log: a.cfg.Logger.With(slog.String("part", "views"))})
	if err != nil {
		return err
	}
	a.views = views
	a.closers.add(views.Close)
	return nil
}

// openView opens a view's file: a commit waits for no disk, because a view can be made again. The write-ahead log of each file keeps
// its largest size, which counts for every ledger, however small.
func openView(path string, version int, schema string) (projections.Store, error) {
	db, err := sqlite.Open(path, sqlite.Config{
		Schema: schema, Version: version, Synchronous: sqlite.Normal,
		Readers: 4, WriterCache: 8 << 10, ReaderCache: 1 << 10, PageSize: 4096, CheckpointPages: 1_024,
	})
	if err != nil {
		return nil, err
	}
	return db, nil
}
