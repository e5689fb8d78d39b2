package tiles

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// Config says where the proof is kept and who signs it. Dir, Last and Seed are required; zero values of the rest mean the defaults.
type Config struct {
	// Dir is the directory of the tiles; it is made where it does not exist.
	Dir string
	// Last is the file of the last signed checkpoint, outside of Dir: what the next is held against.
	Last string
	// Ledger names the ledger where there are several; "ledger". It is signed, so it never changes.
	Ledger string
	// Seed is that of the Ed25519 key, of SeedSize bytes.
	Seed []byte
	// Every is the least pause between two checkpoints while the log is not ahead of them by much; a second.
	Every time.Duration
	// Watch is the pause between two looks at the end of the log; two seconds. Again is the pause between two checks of the whole
	// log, ten minutes, and Rate how many events a second all of them but the first look at; 20,000.
	Watch, Again time.Duration
	Rate         int
	// Pause is the wait before trying again what did not work; a second.
	Pause time.Duration
	// Cosigner has checkpoints cosigned by witnesses; nil for none.
	Cosigner Cosigner
	Now      func() time.Time // for telling when things were done; time.Now
	Logger   *slog.Logger     // discards by default
}

// Tiles keeps the proof of one log. It is made by Open; its methods may be called at any time.
type Tiles struct {
	cfg    Config
	log    Log
	signer signer
	key    string
	dir    Directory

	build  *builder // owned by Run
	writer writer   // owned by Run
	old    oldTiles // owned by Run

	reached atomic.Uint64 // the end of what was taken in

	publishing sync.Mutex // held while the published checkpoint is written

	mu      sync.Mutex // guards what follows
	signed  []byte
	head    Checkpoint
	damage  error
	trouble error
	times   Times
	cosigning
}

// Open holds the end of the log against the last checkpoint and the tiles, and makes the first checkpoint of a new ledger. Tiles
// that are torn, lost or changed are written again from the log, where all of it is proved to be the one that was signed. It returns
// a *Damage where the log is shorter than what was signed or different, or a checkpoint forged, and domain.ErrUnavailable.
func Open(ctx context.Context, log Log, cfg Config) (*Tiles, error) {
	cfg.fill()
	s, err := newSigner(Origin(cfg.Ledger), cfg.Seed)
	if err != nil {
		return nil, err
	}
	key, err := s.verifierKey()
	if err != nil {
		return nil, err
	}
	t := &Tiles{cfg: cfg, log: log, signer: s, key: key, dir: Directory(cfg.Dir), writer: writer{dir: cfg.Dir}}
	if err := t.loadLast(ctx); err != nil {
		return nil, err
	}
	if err := t.resume(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

func (cfg *Config) fill() {
	for _, d := range []struct {
		value   *time.Duration
		initial time.Duration
	}{{&cfg.Every, time.Second}, {&cfg.Pause, time.Second}, {&cfg.Watch, 2 * time.Second}, {&cfg.Again, 10 * time.Minute}} {
		if *d.value == 0 {
			*d.value = d.initial
		}
	}
	if cfg.Rate == 0 {
		cfg.Rate = 20_000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
}

// loadLast reads the last checkpoint, or makes the first, and publishes it where that was not done.
func (t *Tiles) loadLast(ctx context.Context) error {
	signed, err := ReadLast(t.cfg.Last)
	if errors.Is(err, domain.ErrNotFound) {
		if listed, err := os.ReadDir(t.cfg.Dir); err == nil && len(listed) > 0 {
			return damaged("the last checkpoint is gone, though there are tiles", "", 0, 0)
		}
		if err := t.beginAnew(ctx); err != nil {
			return err
		}
		if signed, err = t.signer.sign(Checkpoint{Origin: t.signer.name, Root: (&merkle.Tree{}).Root()}); err == nil {
			err = replace(t.cfg.Last, signed)
		}
	}
	if err != nil {
		return err
	}
	if t.head, err = OpenCheckpoint(signed, t.key); err != nil {
		return err
	}
	t.signed = signed
	if err := t.loadWitnessed(ctx); err != nil {
		return err
	}
	published, err := t.dir.File(ctx, checkpointFile)
	switch {
	case err == nil:
		head, err := OpenCheckpoint(published, t.key)
		if err != nil {
			return err
		}
		if head == t.head {
			return nil
		}
		if head.Size >= t.head.Size {
			return damaged("the last checkpoint is older than the published one", checkpointFile, t.head.Size, head.Size)
		}
	case !errors.Is(err, domain.ErrNotFound):
		return err
	}
	return t.publish()
}

// beginAnew tells of a first checkpoint for a log that has events already: whatever was signed of them before is gone.
func (t *Tiles) beginAnew(ctx context.Context) error {
	for batch, err := range t.log.Read(ctx, 0) {
		if err != nil {
			return errors.Wrap(err, "look whether the log is new")
		}
		if len(batch.Events) > 0 {
			t.cfg.Logger.WarnContext(ctx, "there are events but neither tiles nor a checkpoint: the proof of the log begins anew, from the log as "+
				"it is; hold it against a checkpoint that somebody kept with daybook verify --checkpoint")
		}
		break
	}
	return nil
}

// ReadLast reads the file of the last checkpoint. It returns domain.ErrNotFound where there is none.
func ReadLast(path string) ([]byte, error) {
	signed, err := os.ReadFile(path)
	switch {
	case os.IsNotExist(err):
		return nil, errors.WithStack(errNone)
	case err != nil:
		return nil, unusable(err)
	}
	return signed, nil
}

// resume takes the tree up where the last checkpoint left it: the right edge from the tiles, the last events from the log. Where
// that does not give what was signed, everything is looked at.
func (t *Tiles) resume(ctx context.Context) error {
	t.writer.drop()
	b, err := t.edge(ctx, t.head)
	var damage *Damage
	switch {
	case errors.As(err, &damage):
		return t.mend(ctx, t.head)
	case err != nil:
		return err
	}
	t.take(b)
	return nil
}

// take makes a tree the one to go on with.
func (t *Tiles) take(b *builder) {
	t.reached.Store(uint64(b.size()))
	b.emit = t.full
	t.build = b
}

// mend looks at the whole log up to a checkpoint. Where it is the one that was signed, the tiles that differ are written again;
// where it is not, the error names what differs first.
func (t *Tiles) mend(ctx context.Context, head Checkpoint) error {
	silent := func(place, []byte) error { return nil }
	proof := newBuilder(silent)
	err := feed(ctx, t.log, proof, head.Size)
	if err == nil && proof.tree.Root() == head.Root {
		return t.rewrite(ctx, head)
	}
	var damage *Damage
	if err != nil && !errors.As(err, &damage) {
		return err
	}
	signed := t.Checkpoint()
	if _, found := Verify(ctx, Verification{Log: t.log, Files: t.dir, Key: t.key, Checkpoints: [][]byte{signed}}); found != nil {
		return found
	}
	if err == nil {
		err = damaged("the events are not those of the last checkpoint", "", 0, head.Size)
	}
	return err
}

// rewrite writes the files that are not what the log, which is proved, makes them.
func (t *Tiles) rewrite(ctx context.Context, head Checkpoint) error {
	count := 0
	put := func(p place, content []byte) error {
		var damage *Damage
		err := compare(ctx, t.dir, p, content)
		if !errors.As(err, &damage) {
			return err
		}
		t.cfg.Logger.WarnContext(ctx, "a file of the proof was damaged and is written again from the log", slog.String("file", p.path()),
			slog.Uint64("position", uint64(damage.From)))
		count++
		return replace(string(t.dir)+"/"+p.path(), content)
	}
	b := newBuilder(put)
	if err := feed(ctx, t.log, b, head.Size); err != nil {
		return err
	}
	if err := b.partials(put); err != nil {
		return err
	}
	if b.tree.Root() != head.Root {
		return damaged("the log changed while it was read", "", 0, head.Size)
	}
	t.cfg.Logger.WarnContext(ctx, "the proof was made whole from the log", slog.Int("files", count))
	if t.build == nil || b.size() >= t.build.size() {
		t.take(b)
	}
	return nil
}

// Checkpoint gives the last signed checkpoint as its text, without the cosignatures of witnesses.
func (t *Tiles) Checkpoint() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.signed
}

// Key gives the verifier key with which anybody checks the checkpoints.
func (t *Tiles) Key() string { return t.key }

// Damage gives the *Damage that was found since the ledger started, nil where there is none.
func (t *Tiles) Damage() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.damage
}

// Health gives why the history is not proved on: damage, or what keeps the tiles from being written.
func (t *Tiles) Health() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.damage != nil {
		return t.damage
	}
	return t.trouble
}
