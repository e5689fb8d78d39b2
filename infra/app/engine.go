package app

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/infra/vault"
)

// The engines that can keep a log.
const (
	EngineNATS      = "nats"
	EngineKurrentDB = "kurrentdb"
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

// engineFile names, in a data directory, the engine that keeps the ledger's log: kurrentdb, or natsElsewhere. Where there is none, the
// embedded NATS server does.
const (
	engineFile    = "engine"
	natsElsewhere = "nats elsewhere"
)

// checkEngine returns domain.ErrInvalid for an engine that there is none of.
func (c *Config) checkEngine() error {
	switch c.Engine {
	case "", EngineNATS, EngineKurrentDB:
		return nil
	}
	return errors.WithHint(errors.Wrap(domain.ErrInvalid, "engine of the log"), "An engine is nats or kurrentdb.")
}

// chooseEngine takes the engine of the directory where none is named. It returns domain.ErrConflict where another one is: beside a
// log elsewhere, everything in the directory would speak of a history that is not there.
func (a *App) chooseEngine(context.Context) error {
	content, err := os.ReadFile(a.cfg.path(engineFile))
	if err != nil && !os.IsNotExist(err) {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "read which engine keeps the log"), err)
	}
	kept := strings.TrimSpace(string(content))
	if kept == natsElsewhere && a.cfg.NATSURL == "" && a.cfg.Engine != EngineKurrentDB {
		return errors.WithHint(errors.Wrap(domain.ErrConflict, "the log of this directory is kept by a NATS server elsewhere"),
			"Name that server with --nats-url. A log is moved into a directory by daybook migrate.")
	}
	if kept == natsElsewhere || kept == "" && vault.Exists(a.cfg.path("vault")) {
		kept = EngineNATS
	}
	if a.cfg.Engine == "" {
		a.cfg.Engine = cmp.Or(kept, EngineNATS)
	}
	if kept != "" && kept != a.cfg.Engine {
		return errors.WithHint(errors.Wrapf(domain.ErrConflict, "the log of this directory is kept by %s", errors.Safe(kept)),
			"Leave --engine out, or name that one. A log is moved to another engine by daybook migrate.")
	}
	return a.cfg.checkEngine()
}

// keepEngine writes the engine down, before anything is made that belongs to a log.
func (a *App) keepEngine(context.Context) error {
	switch {
	case a.cfg.Engine != EngineNATS:
		return a.writeEngine(a.cfg.Engine)
	case a.cfg.NATSURL != "":
		return nil // keepElsewhere does, once it is known that the directory goes with the log of that server
	}
	if err := os.Remove(a.cfg.path(engineFile)); err != nil && !os.IsNotExist(err) {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "forget which engine kept the log"), err)
	}
	return nil
}

// keepElsewhere writes down that a NATS server elsewhere keeps the log, so that nobody who opens the directory without it takes the
// log for lost.
func (a *App) keepElsewhere(context.Context) error {
	if a.cfg.Engine != EngineNATS || a.cfg.NATSURL == "" {
		return nil
	}
	return a.writeEngine(natsElsewhere)
}

func (a *App) writeEngine(name string) error {
	return errors.Wrap(tiles.Directory(a.cfg.Data).Replace(engineFile, []byte(name+"\n")), "write which engine keeps the log")
}

// onDisk says that the log lies in files of the data directory, which can be read without a server.
func (c *Config) onDisk() bool { return c.Engine == EngineNATS && c.NATSURL == "" }

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
	if a.cfg.Engine == EngineKurrentDB {
		log, err := kurrentlog.Open(ctx, kurrentlog.Config{
			URL: a.cfg.KurrentDBURL, Name: a.cfg.Name, MaxAppendSize: a.cfg.KurrentDBMaxAppend,
			Logger: a.cfg.Logger.With(slog.String("part", "kurrentdb")),
		})
		if err != nil {
			return nil, err
		}
		return log, nil
	}
	log, err := natslog.Open(ctx, a.bus.log, natslog.Config{Name: a.cfg.Name, Replicas: a.cfg.Replicas, Existing: a.cfg.existing})
	if err != nil {
		return nil, err
	}
	return log, nil
}

// engineHealth says why the engine cannot be used now, where it says so itself.
func (a *App) engineHealth() error {
	if e, says := a.log.(interface{ Health() error }); says {
		return e.Health()
	}
	return nil
}
