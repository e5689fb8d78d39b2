package app

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/custody"
	"github.com/jigowatt/daybook/infra/tiles"
)

// beforeFork finds the checkpoint of before where a repair was interrupted after the ledger got another origin, and before that signed.
func (r *Repair) beforeFork(ctx context.Context, none tiles.HeadsFound, damage error) (tiles.HeadsFound, error) {
	f, err := r.app.cfg.fork()
	if err != nil || f == nil || r.app.vault == nil {
		return none, errors.CombineErrors(damage, err)
	}
	key, err := r.app.before(ctx, f)
	if err != nil {
		return none, errors.CombineErrors(damage, err)
	}
	found, err := tiles.Heads(ctx, r.app.cfg.path(tilesDir), r.app.cfg.path(lastFile), key)
	if err != nil {
		return none, damage
	}
	r.begun = f
	return found, nil
}

// goApart gives the ledger another origin and another key, records that, and signs with them what is left. The origin is written down
// first and signed with last, so that a repair that is interrupted between the two is ended by the next.
func (r *Repair) goApart(ctx context.Context, aside string) error {
	a := r.app
	if _, err := (&Stopped{app: a}).key(ctx); err != nil { // opens the vault, which keeps the key
		return err
	}
	if r.begun == nil {
		f, err := a.newFork(custody.Forked{
			From: r.head.Origin, At: uint64(r.plan.Events), Checkpoint: string(r.signed), Lost: uint64(r.plan.Lost.To),
		})
		if err != nil {
			return err
		}
		r.begun = &f
	}
	if r.plan.Events == domain.Position(r.begun.At) { // else it was recorded before
		if err := r.record(ctx, r.begun.Forked); err != nil {
			return err
		}
		r.plan.Events++
	}
	signed, key, err := a.signAgain(ctx, r.head)
	if err != nil {
		return err
	}
	r.Key, r.Origin = key, r.begun.To
	witnessed := a.cfg.path(filepath.Join(tilesDir, "witnessed")) // of the history of before
	if err := os.Rename(witnessed, filepath.Join(aside, "witnessed")); err != nil && !os.IsNotExist(err) {
		return cannotAside(err)
	}
	return tiles.SetHeads(a.cfg.path(tilesDir), a.cfg.path(lastFile), signed)
}

// record writes a fact behind what was repaired.
func (r *Repair) record(ctx context.Context, fact domain.Fact) (err error) {
	a := &App{cfg: r.app.cfg, quiet: true}
	defer func() { err = errors.CombineErrors(err, a.closers.close()) }()
	for _, open := range []func(context.Context) error{a.openBus, a.openLog} {
		if err := open(ctx); err != nil {
			return err
		}
	}
	var last time.Time
	for batch, err := range a.log.Read(ctx, max(1, r.plan.Events)-1) {
		if err != nil {
			return errors.Wrap(err, "read the last event that is left")
		}
		if len(batch.Events) > 0 {
			e, err := catalog.Decode(batch.Events[0])
			if err != nil {
				return errors.Wrap(err, "the last event that is left")
			}
			last = e.Recorded
		}
		break
	}
	events, err := custodyEvents([]domain.Fact{fact}, a.cfg.Now(), last)
	if err != nil {
		return err
	}
	return errors.Wrap(a.log.Append(ctx, r.plan.Events, events), "record that the ledger goes on apart")
}
