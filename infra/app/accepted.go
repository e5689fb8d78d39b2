package app

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/endmark"
	"github.com/jigowatt/daybook/infra/eventlog/natslog/blocks"
	"github.com/jigowatt/daybook/infra/intake"
)

// accepted says in whose file it is kept how far a stream of messages that rest was acknowledged. The server's files do not say it: cut
// off between two messages they are sound.
func accepted(stream intake.Stream) (file, words string) {
	if stream.Quarantined {
		return markFile + "-quarantine", "the quarantine"
	}
	return markFile + "-inbox", "the inbox"
}

// missStreams holds the files of the inbox and the quarantine against how far they were acknowledged, and tells the operator what is gone.
// Nothing brings such messages back, so that the ledger starts. It looks before the embedded server does: that one takes the end of a file
// that was cut off for messages that were taken out.
func (a *App) missStreams(ctx context.Context) error {
	if a.cfg.NATSURL != "" { // on a server of others, whose other processes accept messages, too
		return nil
	}
	for _, stream := range a.streams().Resting() {
		file, words := accepted(stream)
		mark, err := endmark.Read(a.cfg.path(file))
		switch {
		case errors.Is(err, domain.ErrNotFound):
			continue
		case errors.Is(err, domain.ErrConflict):
			a.cfg.Logger.WarnContext(ctx, "the mark of what was accepted is damaged and written anew", slog.String("stream", stream.Name), slog.Any("error", err))
			continue
		case err != nil:
			return err
		}
		last, err := a.lastOnDisk(stream)
		if err != nil {
			return err
		}
		if end := uint64(mark.End); end > last {
			a.cfg.Logger.ErrorContext(ctx, "messages that were acknowledged are gone from a stream",
				slog.String("stream", stream.Name), slog.Uint64("messages", end-last), slog.Uint64("from", last+1), slog.Uint64("to", end))
			a.Note += fmt.Sprintf("At least %d messages are gone from %s, numbers %d to %d of the stream %s: they were acknowledged, and its files "+
				"end before them. What of them was not recorded yet is lost; a backup may have it, or the services that sent it.\n",
				end-last, words, last+1, end, stream.Name)
		}
	}
	return nil
}

// lastOnDisk gives the highest sequence in the files of a stream, of messages and of marks that one was taken out; 0 where there are none.
func (a *App) lastOnDisk(stream intake.Stream) (last uint64, err error) {
	files, err := a.restingFiles(stream)
	if err != nil || files == nil {
		return 0, err
	}
	err = eachRecord(files[len(files)-1:], func(r blocks.Record) error {
		if r.Sound {
			last = max(last, r.Seq)
		}
		return nil
	})
	return last, err
}

// markStreams gives the streams that keep from now on how far they are acknowledged.
func (a *App) markStreams(ctx context.Context) (intake.Streams, error) {
	streams := a.streams()
	if a.cfg.NATSURL != "" {
		return streams, nil
	}
	marks := map[bool]*endmark.File{}
	for _, stream := range streams.Resting() {
		last, err := stream.Last(ctx, a.bus.services)
		if err != nil {
			return streams, err
		}
		file, _ := accepted(stream)
		f, err := endmark.Open(a.cfg.path(file))
		if err != nil {
			return streams, err
		}
		a.closers.add(f.Close)
		if err := f.Set(endmark.Mark{End: domain.Position(last)}); err != nil {
			return streams, err
		}
		marks[stream.Quarantined] = f
	}
	streams.Accepted = func(quarantined bool, sequence uint64) {
		// Without the mark the message only would not be missed.
		if err := marks[quarantined].Set(endmark.Mark{End: domain.Position(sequence)}); err != nil {
			a.cfg.Logger.WarnContext(ctx, "how far messages were accepted could not be noted", slog.Any("error", err))
		}
	}
	return streams, nil
}
