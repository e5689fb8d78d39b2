package app

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// engine is an event store as the ledger uses it, whichever it is: the writer's port, which the proof, the views and the API read
// from too, its limit on one append, and its end.
type engine interface {
	commands.Log
	// MaxFrame gives the most bytes that one Append takes, as eventlog.Size counts them.
	MaxFrame() int
	// Close ends readings and what runs in the background.
	Close()
}

// openLog opens the event store that the configuration names.
func (a *App) openLog(ctx context.Context) error {
	log, err := a.openEngine(ctx)
	if err != nil {
		return errors.Wrap(a.lost(ctx, err), "event log")
	}
	a.closers.addPlain(log.Close)
	a.log = log
	return nil
}

func (a *App) openEngine(ctx context.Context) (engine, error) {
	log, err := natslog.Open(ctx, a.bus.log, natslog.Config{Name: a.cfg.Name, Replicas: a.cfg.Replicas})
	if err != nil {
		return nil, err
	}
	if log.MaxFrame() < 2*commands.MaxActionBytes {
		log.Close()
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "the NATS server's largest message is too small"),
			"Set max_payload to 8MB on the NATS server: an action is written in one message.")
	}
	return log, nil
}
