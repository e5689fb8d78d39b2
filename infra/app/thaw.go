package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

// How an embedded server whose streams are frozen is started again.
const (
	lookAtServer = time.Second
	frozenLooks  = 2        // that find it unhealthy in a row
	roomNeeded   = 16 << 20 // bytes that the disk must take and keep
	// The pause after a start that did not help doubles from the first to the longest.
	firstThaw, longestThaw = 2 * time.Second, time.Minute
)

// thaw starts the embedded server again when its streams are frozen, as after a full disk, and the disk has room again: nothing
// else makes them go on. Everything else finds its connections restored.
func (a *App) thaw(ctx context.Context) {
	if a.bus.server == nil {
		return
	}
	next := firstThaw
	for unhealthy := 0; eventlog.Pause(ctx, lookAtServer); {
		if a.bus.server.Health() == nil {
			unhealthy, next = 0, firstThaw
			continue
		}
		if unhealthy++; unhealthy < frozenLooks || !a.hasRoom(ctx) {
			continue
		}
		a.cfg.Logger.WarnContext(ctx, "the embedded server is frozen and is started again", slog.Any("error", a.bus.server.Health()))
		err := a.bus.server.Restart(func() error { return a.inspect(ctx) })
		switch {
		case errors.Is(err, ErrDamaged):
			a.tiles.Trouble(ctx, err)
			return
		case err != nil:
			a.cfg.Logger.ErrorContext(ctx, "the embedded server did not start again", slog.Any("error", err))
		default:
			a.cfg.Logger.WarnContext(ctx, "the embedded server was started again")
		}
		if !eventlog.Pause(ctx, next) {
			return
		}
		unhealthy, next = 0, min(2*next, longestThaw)
	}
}

// hasRoom says whether the disk of the log takes some MiB and says that it keeps them.
func (a *App) hasRoom(ctx context.Context) bool {
	f, err := os.CreateTemp(a.cfg.path("nats"), ".room-*")
	if err == nil {
		block := make([]byte, roomNeeded)
		_, _ = rand.Read(block) // never fails; a file system may keep zeros without room
		_, err = f.Write(block)
		if err == nil {
			err = f.Sync()
		}
		err = errors.CombineErrors(errors.CombineErrors(err, f.Close()), os.Remove(f.Name()))
	}
	if err != nil {
		a.cfg.Logger.WarnContext(ctx, "the disk of the log has no room", slog.Any("error", errors.Mark(err, domain.ErrUnavailable)))
	}
	return err == nil
}
