package cli

import (
	"context"
	"log/slog"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/app"
)

// openStopped opens the ledger of a directory that no process serves. The default addresses are not used: nothing listens.
func (p *program) openStopped(ctx context.Context, of stoppedFlags) (*app.Stopped, error) {
	cfg := app.Config{Data: of.data, Name: of.name, NATSURL: of.natsURL, Version: version(), Logger: p.logger(false, slog.LevelWarn)}
	of.engine.set(p, &cfg)
	return app.OpenStopped(ctx, cfg)
}

// rebuildStopped builds views in the data directory of a ledger that is not running.
func (p *program) rebuildStopped(ctx context.Context, of stoppedFlags, views []string) (err error) {
	ledger, err := p.openStopped(ctx, of)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, ledger.Close()) }()
	bar := p.progress("Rebuilding", -1)
	reached := map[string]uint64{}
	var order []string
	err = ledger.Rebuild(ctx, views, func(view string, progress app.Progress) {
		if _, begun := reached[view]; !begun {
			order = append(order, view)
		}
		reached[view] = uint64(progress.Position)
		bar.reach(int64(progress.Position), int64(progress.Of))
	})
	bar.finish()
	if err != nil {
		return err
	}
	for _, view := range slices.Compact(order) {
		if err := p.rebuilt(view, reached[view]); err != nil {
			return err
		}
	}
	return nil
}
