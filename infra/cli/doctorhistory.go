package cli

import (
	"context"
	"log/slog"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
)

// checkHistory looks at the end of the log of a ledger that is stopped; one that runs holds its history against its proof itself.
func (p *program) checkHistory(ctx context.Context, dir string) []check {
	const name = "history"
	verify := "Run daybook verify --data " + dir + "."
	ledger, err := app.OpenStopped(ctx, app.Config{Data: dir, Version: version(), Logger: p.logger(false, slog.LevelError)})
	if err == nil {
		err = errors.CombineErrors(ledger.Ends(ctx), ledger.Close())
	}
	var damage *app.Damage
	switch {
	case err == nil:
		return []check{{name, checkGood, "The log reaches as far as all that is known of it. Not every entry was looked at.", verify}}
	case errors.As(err, &damage):
		return []check{{name, checkBad, "It is damaged: " + stopped(damage.Error()), "Run daybook repair --data " + dir + ": it shows first what it would do."}}
	case errors.Is(err, domain.ErrNotFound):
		return nil // which the check of the directory says, or nothing was recorded yet
	case errors.Is(err, domain.ErrUnavailable):
		return []check{{name, checkSkipped, "It was not looked at: a ledger that runs holds its history against its proof itself.", "Run daybook verify."}}
	}
	return []check{{name, checkSkipped, "It was not looked at.", verify}}
}
