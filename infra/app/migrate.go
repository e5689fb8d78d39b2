package app

import (
	"context"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog"
	"github.com/jigowatt/daybook/infra/eventlog/migrate"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
	"github.com/jigowatt/daybook/infra/intake"
)

// Migration says between which places a log is copied; see migrate.Config.
type Migration struct {
	// From and To are places: a data directory (its embedded server), the URL of a NATS server or cluster (nats://, tls://, ws://,
	// wss://), or the connection string of KurrentDB (esdb://, esdb+discover://, kurrentdb://).
	From, To string
	// Replicas is how many copies a NATS cluster is to keep, at the target; 1.
	Replicas int
	// Resume goes on with a target that holds the beginning of the source.
	Resume   bool
	Progress func(step string, done, of domain.Position)
}

// Migrated is what both logs are after a migration; see migrate.Result.
type Migrated = migrate.Result

// Migrate copies the log of a ledger that nobody serves from one engine to another, and proves that both are the same. Only the log is
// copied: vault, proof and views stay in the ledger's data directory, with which it is served from the new place. It returns what
// migrate.Run does, and domain.ErrConflict where messages still wait at a NATS server that is left.
func Migrate(ctx context.Context, cfg Config, m Migration) (result Migrated, err error) {
	if cfg.Data == "" {
		cfg.Data = "." // no place of its own
	}
	if err := cfg.fill(); err != nil {
		return Migrated{}, err
	}
	from, to := &App{cfg: cfg, quiet: true}, &App{cfg: cfg, quiet: true}
	defer func() {
		err = errors.CombineErrors(err, errors.CombineErrors(from.closers.close(), to.closers.close()))
	}()
	to.cfg.Replicas = m.Replicas
	source, err := from.openPlace(ctx, m.From, true)
	if err != nil {
		return Migrated{}, errors.Wrap(err, "source of the migration")
	}
	if err := from.leave(ctx, m.To); err != nil {
		return Migrated{}, err
	}
	target, err := to.openPlace(ctx, m.To, false)
	if err != nil {
		return Migrated{}, errors.Wrap(err, "target of the migration")
	}
	result, err = migrate.Run(ctx, source, target, migrate.Config{Resume: m.Resume, Progress: m.Progress})
	if err == nil {
		err = errors.CombineErrors(from.moved(m.From, m.To), to.moved(m.To, m.To))
	}
	return result, err
}

// moved writes down, where a place is a ledger's directory, which engine now keeps its log.
func (a *App) moved(place, to string) error {
	if strings.Contains(place, "://") {
		return nil
	}
	a.cfg.Engine, a.cfg.NATSURL = EngineNATS, ""
	switch {
	case isKurrentDB(to):
		a.cfg.Engine = EngineKurrentDB
	case strings.Contains(to, "://"):
		a.cfg.NATSURL = to
	}
	return errors.CombineErrors(a.keepEngine(context.Background()), a.keepElsewhere(context.Background()))
}

// isKurrentDB says that a place is a connection string of KurrentDB.
func isKurrentDB(place string) bool {
	scheme, _, is := strings.Cut(place, "://")
	return is && (strings.HasPrefix(scheme, "esdb") || strings.HasPrefix(scheme, "kurrentdb"))
}

// openPlace opens the engine at a place. There must be a ledger in the directory of a source.
func (a *App) openPlace(ctx context.Context, place string, source bool) (engine, error) {
	scheme, _, is := strings.Cut(place, "://")
	switch {
	case place == "":
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "place of a log"),
			"Name a data directory, nats://HOST:PORT, or esdb://HOST:PORT.")
	case !is:
		a.cfg.Data, a.cfg.Engine = place, EngineNATS
		steps := []func(context.Context) error{a.openDirectory, a.openBus, a.openLog}
		if source {
			steps = append([]func(context.Context) error{a.chooseEngine, a.findLedger}, steps...)
		}
		for _, open := range steps {
			if err := open(ctx); err != nil {
				return nil, err
			}
		}
		return a.log, nil
	case scheme == "nats" || scheme == "tls" || scheme == "ws" || scheme == "wss":
		nc, err := bus.Connect(ctx, place, a.cfg.Logger)
		if err != nil {
			return nil, err
		}
		a.closers.addPlain(nc.Close)
		a.bus.log = nc
		log, err := natslog.Open(ctx, nc, natslog.Config{Name: a.cfg.Name, Replicas: a.cfg.Replicas})
		if err != nil {
			return nil, err
		}
		a.closers.addPlain(log.Close)
		return log, nil
	case isKurrentDB(place):
		log, err := kurrentlog.Open(ctx, kurrentlog.Config{URL: place, Name: a.cfg.Name, MaxAppendSize: a.cfg.KurrentDBMaxAppend, Logger: a.cfg.Logger})
		if err != nil {
			return nil, err
		}
		a.closers.addPlain(log.Close)
		return log, nil
	default:
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "place of a log"),
			"A place is a data directory, or begins with nats:// or esdb://.")
	}
}

// leave refuses to leave messages behind in the inbox of a NATS server. A ledger that goes to KurrentDB keeps its embedded server, and
// what waits there. What was set aside in the quarantine stays where it is.
func (a *App) leave(ctx context.Context, to string) error {
	embedded := a.bus.server != nil
	if a.bus.log == nil || embedded && isKurrentDB(to) {
		return nil
	}
	inbox, err := intake.Waiting(ctx, a.bus.log, intake.Streams{Name: a.cfg.Name})
	if err != nil {
		return err
	}
	if inbox > 0 {
		return errors.WithHint(errors.Wrapf(domain.ErrConflict, "%d messages wait in the inbox that would be left behind", errors.Safe(inbox)),
			"Serve the ledger where it is until its inbox is empty.")
	}
	return nil
}
