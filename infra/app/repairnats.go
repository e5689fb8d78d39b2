package app

import (
	"context"
	"iter"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
	"github.com/jigowatt/daybook/infra/tiles"
)

// natsRemains is the log in the files of the embedded server.
type natsRemains struct {
	store, name string
	logger      *slog.Logger
}

var _ remains = (*natsRemains)(nil)

func (n *natsRemains) config() natslog.Config { return natslog.Config{Name: n.name} }

// Pieces is described at remains. What a crash left of a frame that nobody was told of is no piece.
func (n *natsRemains) Pieces(ctx context.Context) iter.Seq2[tiles.Remnant, error] {
	return func(yield func(tiles.Remnant, error) bool) {
		disk, err := natslog.OpenDisk(n.store, n.config())
		if errors.Is(err, domain.ErrNotFound) {
			return // nothing is left
		}
		if err != nil {
			yield(tiles.Remnant{}, err)
			return
		}
		for p, err := range disk.Pieces(ctx, 0) {
			if err == nil && p.Last && len(p.Events) == 0 {
				return
			}
			if !yield(tiles.Remnant{At: p.At, Events: p.Events, Sound: p.Sound}, err) {
				return
			}
		}
	}
}

// Known is described at remains.
func (n *natsRemains) Known() bool {
	disk, err := natslog.OpenDisk(n.store, n.config())
	return err == nil && disk.Known()
}

func (n *natsRemains) beside(dir string) *natsRemains {
	return &natsRemains{store: filepath.Join(dir, "nats"), name: n.name, logger: n.logger}
}

// Build is described at remains.
func (n *natsRemains) Build(ctx context.Context, dir string, write func(engine) error) (err error) {
	server, err := bus.Embedded(ctx, bus.Config{StoreDir: n.beside(dir).store, DontListen: true, Logger: n.logger})
	if err != nil {
		return errors.Wrap(err, "server for the log that is written again")
	}
	defer func() { err = errors.CombineErrors(err, server.Close()) }()
	log, err := natslog.Open(ctx, server.Conn(), n.config())
	if err != nil {
		return errors.Wrap(err, "the log that is written again")
	}
	defer log.Close()
	return write(log)
}

// Built is described at remains.
func (n *natsRemains) Built(dir string) (remains, error) { return n.beside(dir), nil }

// Exchange is described at remains: the other streams of the server stay where they are.
func (n *natsRemains) Exchange(dir string) error {
	old, built := n.dir(), n.beside(dir).dir()
	if err := os.MkdirAll(filepath.Dir(old), 0o700); err != nil {
		return cannotAside(err)
	}
	if err := exchange(old, built); err != nil {
		return cannotAside(err)
	}
	for _, parent := range []string{filepath.Dir(old), filepath.Dir(built)} {
		if err := tiles.SyncDirectory(parent); err != nil {
			return cannotAside(err)
		}
	}
	return nil
}

func (n *natsRemains) dir() string { return natslog.StreamDir(n.store, n.config()) }
