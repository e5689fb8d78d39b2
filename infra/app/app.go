package app

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/endmark"
	"github.com/jigowatt/daybook/infra/intake"
	"github.com/jigowatt/daybook/infra/opendsr"
	"github.com/jigowatt/daybook/infra/reactions"
	"github.com/jigowatt/daybook/infra/tiles"
	"github.com/jigowatt/daybook/infra/vault"
	"github.com/jigowatt/daybook/infra/witness"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/history"
)

// App is one ledger with everything around it.
type App struct {
	// Note is for the operator, in full sentences, where there is something to do; it must not be overlooked.
	Note string

	cfg        Config
	closers    closers
	bus        busses
	vault      people
	log        engine
	tiles      *tiles.Tiles
	witnesses  *witness.Witnesses // nil where none are asked
	mark       *endmark.File
	ledger     *commands.Ledger
	views      *projections.Runner
	history    *history.History
	reactions  *reactions.Reactions
	signer     *opendsr.Signer
	callbacks  *opendsr.Callbacks
	claims     claims
	intake     *intake.Service
	quarantine *intake.Quarantine
	listener   net.Listener
	writing    atomic.Bool
	quiet      bool // the embedded server has no port
}

// Addresses are the doors of a running ledger.
type Addresses struct {
	HTTP string // a URL
	NATS string // a URL
}

// Open opens everything, and folds the log up to its end, without answering anybody yet. It returns domain.ErrInvalid and
// domain.ErrForbidden for a configuration that cannot be, domain.ErrUnavailable where another process has the directory or
// something does not answer, and an assertion failure where stored data was lost or changed.
func Open(ctx context.Context, cfg Config) (*App, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	a := &App{cfg: cfg}
	for _, open := range []func(context.Context) error{
		a.chooseEngine, a.openDirectory, a.keepEngine, a.openVault, a.inspect, a.missStreams, a.sift, a.openBus, a.openSharedVault,
		a.openLog, a.holdSeen, a.openMark, a.openTiles, a.keepElsewhere, a.openLedger,
		a.openViews, a.openHistory, a.openReactions, a.openIntake, a.listen,
	} {
		if err := open(ctx); err != nil {
			return nil, errors.CombineErrors(err, a.closers.close())
		}
	}
	return a, nil
}

// findLedger makes sure that there is a ledger to open: its log, or what is left where that was lost.
func (a *App) findLedger(context.Context) error {
	is := vault.Exists(a.cfg.path("vault")) || a.cfg.NATSURL != "" && isDirectory(a.cfg.path("keys"))
	if a.cfg.onDisk() {
		is = is && (isDirectory(a.cfg.path("nats")) || isDirectory(a.cfg.path(tilesDir)))
	}
	if !is {
		return errors.WithHint(errors.Wrap(domain.ErrNotFound, "ledger in the data directory"),
			"Name with --data the directory that daybook serve was given.")
	}
	return nil
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (a *App) openDirectory(context.Context) error {
	if err := os.MkdirAll(a.cfg.Data, 0o700); err != nil {
		return errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "make the data directory"), err),
			"Check that the directory can be made by the user that runs daybook, and that its disk has room.")
	}
	lock, err := lockDirectory(a.cfg.Data)
	if err != nil {
		return err
	}
	a.closers.add(lock.Close)
	if _, err := os.Lstat(a.cfg.path(restoringName)); err == nil && !a.cfg.restoring {
		return errors.WithHint(errors.Wrap(domain.ErrConflict, "the ledger was not restored to its end"),
			"Remove the directory and run daybook backup restore again: people who were forgotten may be in it.")
	}
	return nil
}

func (a *App) listen(ctx context.Context) error {
	l, err := api.Listen(ctx, a.cfg.HTTP)
	if err != nil {
		return err
	}
	a.listener = l
	a.closers.add(func() error {
		// The server closes it too, once it serves.
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return errors.Wrap(err, "close the HTTP listener")
		}
		return nil
	})
	return nil
}

// Addresses gives the doors.
func (a *App) Addresses() Addresses {
	return Addresses{HTTP: "http://" + a.listener.Addr().String(), NATS: a.bus.url}
}

// Run answers until ctx ends, calling ready once everything does, and then closes everything in order: the doors first, then the
// writer when it has written what it took on, then the rest. It is called once.
func (a *App) Run(ctx context.Context, ready func(Addresses)) error {
	inside, stopInside := context.WithCancel(context.WithoutCancel(ctx))
	defer stopInside()
	outside, stopOutside := context.WithCancel(ctx)
	defer stopOutside()
	proving, stopProving := context.WithCancel(context.WithoutCancel(ctx))
	defer stopProving()
	var core, doors errgroup.Group
	var proof sync.WaitGroup
	proof.Go(func() { a.tiles.Run(proving) })
	core.Go(func() error {
		defer stopOutside()
		return errors.Wrap(a.write(inside), "writer")
	})
	core.Go(func() error { a.views.Run(inside); return nil })
	core.Go(func() error { a.thaw(inside); return nil })
	answering := make(chan struct{})
	doors.Go(func() error {
		defer stopOutside()
		return errors.Wrap(a.intake.Run(outside, func() { close(answering) }), "intake")
	})
	doors.Go(func() error {
		defer stopOutside()
		return errors.Wrap(a.serve(outside), "HTTP")
	})
	doors.Go(func() error {
		defer stopOutside()
		return errors.Wrap(a.reactions.Run(outside), "reactions")
	})
	doors.Go(func() error {
		defer stopOutside()
		return errors.Wrap(a.callbacks.Run(outside), "callbacks")
	})
	select {
	case <-answering:
		ready(a.Addresses())
	case <-outside.Done():
	}
	<-outside.Done()
	err := doors.Wait()
	stopInside()
	err = errors.CombineErrors(err, core.Wait())
	stopProving() // it signs for what the writer wrote last
	proof.Wait()
	return errors.CombineErrors(err, a.closers.close())
}

// write is the writer's life. Where the log is no longer what it was, nothing is written any more, but what can be read is still
// answered, and why nothing is written.
func (a *App) write(ctx context.Context) error {
	a.writing.Store(true)
	err := a.ledger.Run(ctx)
	if errors.HasAssertionFailure(err) {
		err = a.explained(ctx, err)
		a.tiles.Trouble(ctx, err)
		<-ctx.Done()
		if damage := a.tiles.Damage(); damage != nil {
			err = errors.CombineErrors(damage, err)
		}
	}
	a.writing.Store(false)
	return err
}

// Close closes what Open opened, where Run was not called.
func (a *App) Close() error { return a.closers.close() }

func (a *App) serve(ctx context.Context) error {
	handler := api.New(api.Config{
		Ledger: a.ledger, Log: a.log, Vault: a.vault, Views: a.views, Quarantine: a.quarantine, Signer: a.signer,
		Proofs: a.tiles, Proving: a.proving, Witnessing: a.witnessing, Backups: backups{a}, Forked: a.forked(), Replay: a.replay, Bundle: a.bundle, Past: a.history, Hindsight: a.history, Healthy: a.healthy, Done: ctx.Done(), Version: a.cfg.Version, Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	return api.ServeListener(ctx, a.listener, handler)
}

// healthy says why the ledger cannot record now.
func (a *App) healthy() error {
	if !a.writing.Load() {
		return errors.Wrap(domain.ErrUnavailable, "the writer is not running")
	}
	if err := errors.CombineErrors(a.tiles.Health(), a.engineHealth()); err != nil {
		return err
	}
	if err := a.ledger.Health(); err != nil {
		return err
	}
	if a.bus.server != nil {
		return a.bus.server.Health()
	}
	for _, nc := range []*nats.Conn{a.bus.log, a.bus.services, a.bus.doors} {
		if !nc.IsConnected() {
			return errors.Wrap(domain.ErrUnavailable, "the NATS server is out of reach")
		}
	}
	return nil
}
