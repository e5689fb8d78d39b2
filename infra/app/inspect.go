package app

import (
	"context"
	"log/slog"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/endmark"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
	"github.com/jigowatt/daybook/infra/tiles"
)

// markFile says how far was acknowledged; see endmark.
const markFile = "acknowledged"

const badSettings = "the settings of the log's stream are damaged, so that its server would not find it"

func (a *App) disk() (*natslog.Disk, error) {
	return natslog.OpenDisk(a.cfg.path("nats"), natslog.Config{Name: a.cfg.Name})
}

// inspect looks at the log's own files before the embedded server is started on them: where it finds one bad record it cuts the
// file off, and what was good behind it and is not signed yet would be gone for ever. What is signed stands in the tiles, so that
// only the files that reach beyond the checkpoint are read.
func (a *App) inspect(ctx context.Context) error {
	if !a.cfg.onDisk() {
		return nil
	}
	want, err := a.expected(ctx)
	if err != nil {
		return err
	}
	signed := a.signedSize()
	if signed >= want.end {
		want = known{signed, shortOfMark}
	}
	disk, err := a.disk()
	if errors.Is(err, domain.ErrNotFound) && want.end == 0 {
		return nil
	}
	if errors.Is(err, domain.ErrNotFound) {
		return found("the files of the log are gone", 0, want.end)
	}
	if err != nil {
		return err
	}
	if !disk.Known() {
		return found(badSettings, 0, want.end)
	}
	end, err := soundEnd(ctx, disk, signed)
	if err != nil {
		return err
	}
	if end < want.end {
		return found(want.lacking, end, want.end)
	}
	return nil
}

// soundEnd gives the end of the log by its files. It returns a *Damage where it has a hole or is damaged before its end.
func soundEnd(ctx context.Context, disk *natslog.Disk, from domain.Position) (end domain.Position, err error) {
	begun, bad := false, false
	for p, err := range disk.Pieces(ctx, from) {
		if err != nil {
			return end, err
		}
		if !p.Sound {
			bad = true
			continue
		}
		if !begun {
			end = min(p.At, from)
		}
		if bad || p.At != end && (begun || p.At > from) {
			return end, found("the log is damaged or has a gap", end, max(p.At, end+1))
		}
		end, begun = p.End(), true
	}
	return end, nil
}

// acknowledged gives how far was acknowledged, by the mark; 0 where it says nothing.
func (a *App) acknowledged(ctx context.Context) (domain.Position, error) {
	mark, err := endmark.Read(a.cfg.path(markFile))
	switch {
	case errors.Is(err, domain.ErrConflict):
		a.cfg.Logger.WarnContext(ctx, "the mark of what was acknowledged is damaged and written anew", slog.Any("error", err))
		return 0, nil
	case errors.Is(err, domain.ErrNotFound):
		return 0, nil
	}
	return mark.End, err
}

// signedSize gives how far the last checkpoint reaches, 0 where it cannot be told: opening the proof says why.
func (a *App) signedSize() domain.Position {
	signed, err := tiles.ReadLast(a.cfg.path(lastFile))
	if err != nil {
		return 0
	}
	return tiles.ClaimedSize(signed)
}

// openMark holds the log against the mark, and opens the mark.
func (a *App) openMark(ctx context.Context) error {
	mark, err := endmark.Read(a.cfg.path(markFile))
	if err != nil && !errors.IsAny(err, domain.ErrNotFound, domain.ErrConflict) {
		return err
	}
	if err == nil && mark.End > 0 {
		if err := a.holdMark(ctx, mark); err != nil {
			return err
		}
	}
	if a.mark, err = endmark.Open(a.cfg.path(markFile)); err != nil {
		return err
	}
	a.closers.add(a.mark.Close)
	return nil
}

func (a *App) holdMark(ctx context.Context, mark endmark.Mark) error {
	last := mark.End - 1
	for batch, err := range a.log.Read(ctx, last) {
		switch {
		case errors.Is(err, domain.ErrInvalid), err == nil && len(batch.Events) == 0:
			return found(shortOfMark, tiles.End(ctx, a.log, mark.End), mark.End)
		case err != nil:
			return errors.Wrap(err, "read the log at what was acknowledged")
		case merkle.Leaf(batch.Events[0]) != mark.Last:
			return found("the log has another event than the one that was acknowledged", last, mark.End)
		}
		break
	}
	return nil
}

// lost makes damage of a log that its engine refuses to open, and names the positions where they can be told.
func (a *App) lost(ctx context.Context, err error) error {
	if !errors.HasAssertionFailure(err) || a.vault == nil {
		return err
	}
	if disk, failed := a.disk(); failed == nil && a.cfg.onDisk() {
		_, differs := (&Stopped{app: a, log: onFiles{disk}, disk: disk}).Verify(ctx, Verification{})
		if errors.Is(differs, ErrDamaged) {
			return errors.WithSecondaryError(differs, err)
		}
	}
	return errors.WithSecondaryError(found("the log has lost something, as its engine says", 0, a.signedSize()), err)
}

// found makes the error for damage that shows without a proof.
func found(what string, from, to domain.Position) error {
	return tiles.Found(&Damage{What: what, From: from, To: to})
}
