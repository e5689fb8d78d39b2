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

// A view's writer has a page cache of so many KiB, and its write-ahead log is carried over into the file at so many pages. The log keeps
// its largest size, which counts for every ledger, however small.
const (
	writerCache, logPages = 2 << 10, 1_024
	// In a longer log most pages of a view that writes in random order are written several times before they are carried over.
	randomCache, randomPages = 8 << 10, 4_096
)

// openView opens a view's file: a commit waits for no disk, because a view can be made again.
func openView(path string, tables projections.Tables) (projections.Store, error) {
	cache, pages := writerCache, logPages
	if tables.Random {
		cache, pages = randomCache, randomPages
	}
	db, err := sqlite.Open(path, sqlite.Config{
		Schema: tables.Schema, Version: tables.Version, Synchronous: sqlite.Normal,
		Readers: 4, WriterCache: cache, ReaderCache: 1 << 10, PageSize: 4096, CheckpointPages: pages,
	})
	if err != nil {
		return nil, err
	}
	return db, nil
}
