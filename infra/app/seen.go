package app

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/memory"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/projections"
)

// known is how far the log must reach, as something beside it knows, and what to say of a log that does not.
type known struct {
	end     domain.Position
	lacking string
}

const shortOfMark = "the log is shorter than what was acknowledged"

// expected gives how far the log must reach by the mark, or by the memory of messages and the views, which are made of the log and so
// never know of more than was in it. They tell a log, a proof and a mark that were all put back as they once were: those agree.
func (a *App) expected(ctx context.Context) (known, error) {
	end, err := a.acknowledged(ctx)
	most := known{end, shortOfMark}
	if err != nil || a.ledger != nil { // a memory that is open is no farther than the mark
		return most, err
	}
	if end := memory.End(a.cfg.path("memory")); end > most.end {
		most = known{end, "events are gone that the memory of messages has seen"}
	}
	if end := projections.Reached(a.cfg.path("views"), Views(), sqlite.Peek); end > most.end {
		most = known{end, "events are gone that a view has seen"}
	}
	return most, nil
}

// holdSeen holds a log that a server elsewhere keeps against what is known of it; inspect does so for the log's own files.
func (a *App) holdSeen(ctx context.Context) error {
	if a.cfg.onDisk() {
		return nil
	}
	want, err := a.expected(ctx)
	if err != nil || want.end == 0 {
		return err
	}
	for batch, err := range a.log.Read(ctx, want.end-1) {
		switch {
		case errors.Is(err, domain.ErrInvalid), err == nil && len(batch.Events) == 0:
			return found(want.lacking, tiles.End(ctx, a.log, want.end), want.end)
		case err != nil:
			return errors.Wrap(err, "read the log at the end that is known of it")
		}
		break
	}
	return nil
}

// Ends holds the end of the log against the last checkpoint and all that knows how far it must reach, without reading all of it. It
// returns a *Damage where the log is shorter or has a hole near its end, or where nothing tells any more what was signed.
func (s *Stopped) Ends(ctx context.Context) error {
	if _, err := s.lastSigned(ctx); err != nil && !errors.Is(err, domain.ErrNotFound) {
		return err
	}
	return errors.CombineErrors(s.app.inspect(ctx), s.app.holdSeen(ctx))
}

// lastSigned gives the last checkpoint. It returns domain.ErrNotFound where nothing was signed yet, and a *Damage where it is gone.
func (s *Stopped) lastSigned(ctx context.Context) ([]byte, error) {
	last, err := tiles.ReadLast(s.app.cfg.path(lastFile))
	if errors.Is(err, domain.ErrNotFound) {
		want, failed := s.app.expected(ctx)
		if failed == nil && want.end > 0 {
			return nil, found("the last checkpoint is gone, so that nothing tells what was signed", 0, want.end)
		}
	}
	return last, err
}

// proofless says what to do where nothing is left of what was signed.
func (r *Repair) proofless(ctx context.Context) error {
	_, err := tiles.ReadLast(r.app.cfg.path(lastFile))
	if !errors.Is(err, domain.ErrNotFound) || isDirectory(r.app.cfg.path(tilesDir)) {
		return nil
	}
	if err := r.app.inspect(ctx); err != nil {
		return err
	}
	return errors.WithHint(errors.Wrap(domain.ErrNotFound, "proof of the log, neither tiles nor a checkpoint"),
		"Restore tiles and checkpoint from a backup to have what was signed proved. Or run daybook serve: it begins the proof anew from the log.")
}
