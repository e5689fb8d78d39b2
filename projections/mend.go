package projections

import (
	"context"
	"log/slog"
	"time"
)

// mend builds the view anew whenever damage was found in its file, until ctx ends. The file goes on answering where it is not damaged.
func (w *worker) mend(ctx context.Context) {
	log := w.runner.config.Log.With(slog.String("view", w.projection.Name()))
	for {
		select {
		case <-w.view.hurt:
		case <-ctx.Done():
			return
		}
		if !w.view.isDamaged() {
			continue
		}
		log.WarnContext(ctx, "the file of a view is damaged and is built anew", slog.String("damage", w.view.Status().Damaged))
		for pause := firstPause; w.view.isDamaged() && ctx.Err() == nil; pause = min(2*pause, longestPause) {
			err := w.runner.Rebuild(ctx, w.projection.Name(), nil)
			if err == nil || ctx.Err() != nil {
				break
			}
			log.WarnContext(ctx, "a damaged view could not be built anew yet", slog.Any("error", err))
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			timer.Stop()
		}
	}
}
