package app

import (
	"context"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/backup"
	"github.com/jigowatt/daybook/infra/eventlog/natslog/blocks"
	"github.com/jigowatt/daybook/infra/intake"
)

func (a *App) streams() intake.Streams {
	return intake.Streams{Name: a.cfg.Name, Replicas: a.cfg.Replicas}
}

// eachResting hands on what waits in the inbox and in quarantine, from the server that runs.
func (a *App) eachResting(ctx context.Context, put func(backup.Message) error) error {
	return intake.EachResting(ctx, a.bus.services, a.streams(), func(m intake.Rested) error { return put(backup.Message(m)) })
}

// eachRestingFile does so from the files of an embedded server that does not run, without starting it: it would cut a file off at the
// first damaged message. What is damaged is left out, and counted. It may hand on what was recorded already, which does no harm.
func (a *App) eachRestingFile(put func(backup.Message) error) (damaged int, err error) {
	for _, stream := range a.streams().Resting() {
		files, err := a.restingFiles(stream)
		if err != nil {
			return damaged, err
		}
		removed := map[uint64]bool{}
		if err := eachRecord(files, func(r blocks.Record) error {
			if r.Removed {
				removed[r.Seq] = true
			}
			return nil
		}); err != nil {
			return damaged, err
		}
		if err := eachRecord(files, func(r blocks.Record) error {
			if !r.Sound {
				damaged++
			}
			if !r.Sound || removed[r.Seq] {
				return nil
			}
			header, _ := nats.DecodeHeadersMsg(r.Header) // none, where it is not one
			return put(backup.Message{Quarantined: stream.Quarantined, Received: intake.Received(header, r.Time), Sealed: r.Data})
		}); err != nil {
			return damaged, err
		}
	}
	return damaged, nil
}

// restingFiles gives the files of a stream of an embedded server, the last of them last, nil where nothing ever rested there.
func (a *App) restingFiles(stream intake.Stream) ([]blocks.File, error) {
	files, err := blocks.Files(blocks.Dir(a.cfg.path("nats"), stream.Name))
	if errors.Is(err, domain.ErrNotFound) {
		return nil, nil
	}
	return files, err
}

func eachRecord(files []blocks.File, take func(blocks.Record) error) error {
	for _, file := range files {
		for r, err := range file.Records() {
			if err != nil {
				return err
			}
			if err := take(r); err != nil {
				return err
			}
		}
	}
	return nil
}
