package app

import (
	"context"

	"github.com/jigowatt/daybook/infra/intake"
)

// Healthy says why the ledger cannot record now.
func Healthy(a *App) error { return a.healthy() }

// Waits counts what waits in the inbox.
func Waits(ctx context.Context, a *App) (uint64, error) {
	return intake.Waiting(ctx, a.bus.services, a.streams())
}
