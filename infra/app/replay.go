package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/history"
	"github.com/jigowatt/daybook/projections/replay"
)

// scratchDir holds views that are built for a while: for a replay, and as of earlier positions. It can be deleted at any time while
// nothing runs, and belongs in no backup.
const scratchDir = "scratch"

// openScratch opens a file of a view that is built once and then looked at: with a small memory, because there are many.
func openScratch(path string, tables projections.Tables) (projections.Store, error) {
	db, err := sqlite.Open(path, sqlite.Config{
		Schema: tables.Schema, Version: tables.Version, Synchronous: sqlite.Off,
		Readers: 2, WriterCache: 4 << 10, ReaderCache: 1 << 10, PageSize: 4096, CheckpointPages: 16_384,
	})
	if err != nil {
		return nil, err
	}
	return db, nil
}

// openHistory makes ready to answer as of earlier positions.
func (a *App) openHistory(context.Context) error {
	if err := os.RemoveAll(a.cfg.path(scratchDir)); err != nil { // what a process that was killed left
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "empty the folder for views that are built for a while"), err)
	}
	past, err := history.New(a.log, openScratch, Views(), history.Config{
		Dir: filepath.Join(a.cfg.path(scratchDir), "history"), Log: a.cfg.Logger.With(slog.String("part", "history")),
	})
	if err != nil {
		return err
	}
	a.history = past
	a.closers.add(past.Close)
	return nil
}

// scratch makes a folder that nobody else uses.
func (a *App) scratch(purpose string) (dir string, remove func() error, err error) {
	if err = os.MkdirAll(a.cfg.path(scratchDir), 0o700); err == nil {
		dir, err = os.MkdirTemp(a.cfg.path(scratchDir), purpose)
	}
	if err != nil {
		return "", nil, errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "make a folder to build views in"), err),
			"Check that the data directory belongs to the user that runs daybook, and that its disk has room.")
	}
	return dir, func() error {
		if err := os.RemoveAll(dir); err != nil {
			return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "remove views that were built for a while"), err)
		}
		return nil
	}, nil
}

// replay builds views anew in a folder that is removed afterwards, and compares them with the live ones; see replay.Run.
func (a *App) replay(ctx context.Context, views []string, at *domain.Position, progress func(projections.Progress)) ([]replay.Verdict, error) {
	return a.replayOf(ctx, a.log, replay.Query{Views: views, At: at, Progress: progress})
}

// replayOf is replay of a log, in the folder of the query where that names one.
func (a *App) replayOf(ctx context.Context, log projections.Log, q replay.Query) (verdicts []replay.Verdict, err error) {
	if q.Dir != "" {
		return replay.Run(ctx, log, openScratch, Views(), a.views, q)
	}
	dir, remove, err := a.scratch("replay-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.CombineErrors(err, remove()) }()
	q.Dir = dir
	return replay.Run(ctx, log, openScratch, Views(), a.views, q)
}

// Replay builds views of a stopped ledger anew, apart from those in its directory, and compares every row with them. Where keep names
// a folder, they are built there and stay. It returns what replay.Run does, and a *Damage where the log is not the one that was signed.
func (s *Stopped) Replay(ctx context.Context, views []string, at *domain.Position, keep string, progress func(Progress)) ([]wire.ReplayVerdict, error) {
	if err := s.app.openViewsOn(s.log); err != nil {
		return nil, err
	}
	verdicts, err := s.app.replayOf(ctx, s.log, replay.Query{Views: views, At: at, Dir: keep, Progress: progress})
	if at == nil && errors.Is(err, domain.ErrInvalid) {
		err = s.blamed(ctx, err) // a view reached what the log lacks
	}
	out := make([]wire.ReplayVerdict, len(verdicts))
	for i := range verdicts {
		out[i] = api.Replayed(&verdicts[i])
	}
	return out, err
}

// blamed says which positions are gone where the log ends before a view of it does.
func (s *Stopped) blamed(ctx context.Context, err error) error {
	if _, damage := s.Verify(ctx, Verification{}); errors.Is(damage, ErrDamaged) {
		return errors.WithSecondaryError(damage, err)
	}
	return err
}
