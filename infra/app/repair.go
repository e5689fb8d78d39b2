package app

import (
	"context"
	"encoding/hex"
	"iter"
	"os"
	"path/filepath"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/tiles"
)

// remains is the log of a stopped ledger as repairing sees it, whichever engine keeps it.
type remains interface {
	// Pieces yields what is left of the log and never changes it.
	Pieces(ctx context.Context) iter.Seq2[tiles.Remnant, error]
	// Known says whether the engine will find the log again.
	Known() bool
	// Build makes a log beside the old one, in a directory, and hands its port to write. What write does is durable after it.
	Build(ctx context.Context, dir string, write func(engine) error) error
	// Built gives what Build made, to be looked at before it counts.
	Built(dir string) (remains, error)
	// Exchange puts what was built in the place of the log, which is left in the directory.
	Exchange(dir string) error
}

// Positions are a run of positions, To excluded.
type Positions = tiles.Range

// RepairPlan says what a repair found, and so what it will do.
type RepairPlan struct {
	// Needed says that there is something to do.
	Needed bool
	// Signed is how many events the last checkpoint speaks of, Events how many the ledger has afterwards, and Root that of Signed.
	Signed, Events domain.Position
	Root           string
	// Log is set where the log is written again; Wrong are the positions at which it was damaged, and FromTiles how many events
	// come from the second copy.
	Log       bool
	Wrong     []Positions
	FromTiles int
	// Files is how many files of the proof are written again, and Checkpoint names the file of the checkpoint that is, if one is.
	Files      int
	Checkpoint []string
	// Aside are the positions of events of the log that nothing proves: they are put aside.
	Aside []Positions
	// Lost are positions that were acknowledged and are in neither copy: nothing brings them back.
	Lost Positions
	// Seen is set where it is not the mark that knows of what is lost, but only the memory of messages or a view.
	Seen bool
	// Apart says that the ledger goes on apart from then on, under another origin and key: positions are lost that were acknowledged,
	// or this was begun and not ended. Whoever holds a receipt or a checkpoint of them must not find another history under one name.
	Apart bool
	// Derived says that what was made of the log, the memory of messages and the views, is made again.
	Derived bool
}

// Repair is a stopped ledger that is to be repaired.
type Repair struct {
	app    *App
	log    remains
	begun  *fork // that an interrupted repair began
	head   tiles.Checkpoint
	signed []byte
	plan   RepairPlan
	// Key and Origin are the verifier key and the origin from then on, where Do had the ledger go on apart.
	Key, Origin string
}

// OpenRepair opens the directory of a ledger that does not run, without starting what keeps its log. The verifier key is the
// ledger's own where none is given. It returns domain.ErrNotFound where the directory holds no ledger, domain.ErrUnavailable where
// another process has it, domain.ErrInvalid where its log is kept elsewhere, and a *Damage where no checkpoint bears the signature.
func OpenRepair(ctx context.Context, cfg Config, key string) (*Repair, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	r := &Repair{app: &App{cfg: cfg, quiet: true}}
	for _, open := range []func(context.Context) error{
		r.app.chooseEngine, r.findProof, r.app.openDirectory, func(ctx context.Context) error { return r.openProof(ctx, key) },
	} {
		if err := open(ctx); err != nil {
			return nil, errors.CombineErrors(err, r.Close())
		}
	}
	r.log = &natsRemains{store: cfg.path("nats"), name: cfg.Name, logger: cfg.Logger}
	return r, nil
}

// findProof makes sure that there is something to repair with.
func (r *Repair) findProof(context.Context) error {
	if !r.app.cfg.onDisk() {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "a log on a server elsewhere cannot be repaired from here"),
			"Restore the stream by the means of that server; the tiles hold every event that was signed.")
	}
	if !isDirectory(r.app.cfg.path(tilesDir)) && !isDirectory(r.app.cfg.path("nats")) {
		return errors.WithHint(errors.Wrap(domain.ErrNotFound, "copy of a ledger in the data directory"),
			"Name with --data the directory that was given to daybook serve.")
	}
	return nil
}

// openProof chooses the newest checkpoint that bears the signature.
func (r *Repair) openProof(ctx context.Context, key string) error {
	if err := r.proofless(ctx); err != nil {
		return err
	}
	if key == "" {
		var err error
		if key, err = (&Stopped{app: r.app}).key(ctx); err != nil {
			return err
		}
	}
	found, err := tiles.Heads(ctx, r.app.cfg.path(tilesDir), r.app.cfg.path(lastFile), key)
	if errors.Is(err, ErrDamaged) {
		found, err = r.beforeFork(ctx, found, err)
	}
	if err != nil {
		return err
	}
	r.head, r.signed, r.plan.Checkpoint = found.Head, found.Signed, found.Wrong
	return nil
}

// Close closes what was opened.
func (r *Repair) Close() error { return r.app.closers.close() }

// Plan looks at everything and says what there is to do, and changes nothing. It returns a *Damage where the two copies together
// are not what was signed.
func (r *Repair) Plan(ctx context.Context) (RepairPlan, error) {
	found, err := tiles.Recover(ctx, r.recovery(r.log, recovering{}))
	if err != nil {
		return r.plan, err
	}
	p := &r.plan
	p.Signed, p.Events, p.Root = r.head.Size, found.End, hex.EncodeToString(r.head.Root[:])
	p.Wrong, p.FromTiles, p.Files, p.Aside = found.Wrong, found.FromTiles, found.Files, found.Aside
	p.Log = len(found.Wrong) > 0 || len(found.Aside) > 0 || found.Broken || !r.log.Known()
	want, err := r.app.expected(ctx)
	if err != nil {
		return r.plan, err
	}
	if want.end > found.End {
		p.Lost, p.Seen = Positions{From: found.End, To: want.end}, want.lacking != shortOfMark
	}
	p.Apart = p.Lost.To > 0 || r.begun != nil
	p.Derived = len(found.Aside) > 0 || p.Lost.To > 0
	p.Needed = p.Log || p.Files > 0 || len(p.Checkpoint) > 0 || p.Derived || p.Apart
	return r.plan, nil
}

// recovering are the functions of a recovery; nil ones do nothing.
type recovering struct {
	event func(at domain.Position, event []byte) error
	file  func(path string, content []byte) error
	aside func(at domain.Position, event []byte, sound bool) error
}

func (r *Repair) recovery(from remains, do recovering) tiles.Recovery {
	if do.event == nil {
		do.event = func(domain.Position, []byte) error { return nil }
	}
	if do.file == nil {
		do.file = func(string, []byte) error { return nil }
	}
	if do.aside == nil {
		do.aside = func(domain.Position, []byte, bool) error { return nil }
	}
	return tiles.Recovery{
		Remains: from.Pieces, Files: tiles.Directory(r.app.cfg.path(tilesDir)), Head: r.head,
		Event: do.event, File: do.file, Aside: do.aside,
	}
}

// Do carries out the plan that Plan made, and gives the directory in which it put aside what it replaced, relative to that of the
// ledger, empty where nothing was. Interrupted at any point it can be begun again. It returns what Plan does.
func (r *Repair) Do(ctx context.Context, progress func(done, of domain.Position)) (aside string, err error) {
	dir := r.app.aside()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", cannotAside(err)
	}
	if err := r.proof(ctx); err != nil {
		return "", err
	}
	if r.plan.Log {
		if err := r.rebuild(ctx, dir, progress); err != nil {
			return "", err
		}
	}
	if r.plan.Apart {
		if err := r.goApart(ctx, dir); err != nil {
			return "", err
		}
	}
	if r.plan.Derived {
		if err := r.derived(dir); err != nil {
			return "", err
		}
	}
	if err := os.Remove(dir); err == nil {
		return "", nil
	}
	return filepath.Rel(r.app.cfg.Data, dir)
}

// proof writes the files of the proof that are not what the history makes them.
func (r *Repair) proof(ctx context.Context) error {
	dir := tiles.Directory(r.app.cfg.path(tilesDir))
	if r.plan.Files > 0 {
		if _, err := tiles.Recover(ctx, r.recovery(r.log, recovering{file: dir.Replace})); err != nil {
			return err
		}
	}
	return tiles.SetHeads(r.app.cfg.path(tilesDir), r.app.cfg.path(lastFile), r.signed)
}

// The size of the frames of a log that is written again.
const (
	rebuildEvents = 4_096
	rebuildBytes  = 2 << 20
)

// rebuild writes the log again, holds it against what was signed, and only then puts it in its place.
func (r *Repair) rebuild(ctx context.Context, dir string, progress func(done, of domain.Position)) error {
	unproved := unproved{path: filepath.Join(dir, "unproved.jsonl")}
	err := r.log.Build(ctx, dir, func(log engine) error {
		w := frames{ctx: ctx, log: log, progress: func(done domain.Position) { progress(done, r.plan.Events) }}
		if _, err := tiles.Recover(ctx, r.recovery(r.log, recovering{event: w.add, aside: unproved.add})); err != nil {
			return err
		}
		return w.flush()
	})
	if err = errors.CombineErrors(err, unproved.close()); err != nil {
		return err
	}
	built, err := r.log.Built(dir)
	if err != nil {
		return err
	}
	again, err := tiles.Recover(ctx, r.recovery(built, recovering{}))
	if err != nil {
		return err
	}
	if again.End != r.plan.Events || len(again.Wrong) > 0 || len(again.Aside) > 0 || again.Broken || again.Files > 0 {
		return errors.AssertionFailedf("the log that was written again ends at %s and not at %s, or is not the history", again.End, r.plan.Events)
	}
	return r.log.Exchange(dir)
}

// derived puts what was made of the log aside, so that it is made again, and says how far is acknowledged now.
func (r *Repair) derived(dir string) error {
	for _, name := range []string{"memory", "views"} {
		err := os.Rename(r.app.cfg.path(name), filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) {
			return cannotAside(err)
		}
	}
	if err := os.Rename(r.app.cfg.path(markFile), filepath.Join(dir, markFile)); err != nil && !os.IsNotExist(err) {
		return cannotAside(err)
	}
	return nil
}

func cannotAside(err error) error {
	return errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "put something aside"), err),
		"Check that the data directory belongs to the user that runs daybook, and that its disk has room for a second log.")
}

// frames writes events as large frames.
type frames struct {
	ctx      context.Context
	log      commands.Log
	progress func(domain.Position)
	at       domain.Position
	events   [][]byte
	bytes    int
}

func (f *frames) add(at domain.Position, event []byte) error {
	if len(f.events) == rebuildEvents || f.bytes+len(event) > rebuildBytes {
		if err := f.flush(); err != nil {
			return err
		}
	}
	if len(f.events) == 0 {
		f.at = at
	}
	f.events, f.bytes = append(f.events, event), f.bytes+len(event)
	return nil
}

func (f *frames) flush() error {
	if len(f.events) == 0 {
		return nil
	}
	if err := f.log.Append(f.ctx, f.at, f.events); err != nil {
		return errors.Wrap(err, "write the log again")
	}
	f.progress(f.at + domain.Position(len(f.events)))
	f.events, f.bytes = f.events[:0], 0
	return nil
}
