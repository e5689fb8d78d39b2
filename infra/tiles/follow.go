package tiles

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// Bounds of what is not signed yet while the log is caught up with.
const (
	maxUnsigned      = 65_536
	maxUnsignedBytes = 64 << 20
)

// Run follows the log, writes the tiles and signs, until ctx ends; then it signs what it has. Beside that it holds the end of
// the log against the tiles every little while, and the whole log again and again. What goes wrong is told by Health; damage ends the signing for good. It is called once.
func (t *Tiles) Run(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { t.checkAll(ctx) })
	beside.Go(func() { t.watch(ctx) })
	if t.cfg.Cosigner != nil {
		beside.Go(func() { t.cosignOn(ctx) })
	}
	for ctx.Err() == nil && t.Damage() == nil {
		err := t.follow(ctx)
		if err == nil {
			break
		}
		t.note(ctx, err)
		if !pause(ctx, t.cfg.Pause) || t.Damage() != nil {
			break
		}
		if err := t.resume(ctx); err != nil {
			t.note(ctx, err)
		}
	}
	t.writer.drop()
	if t.Damage() != nil && ctx.Err() == nil { // name the positions, if it was not they by which it was found
		if err := t.check(ctx, t.log, t.state()); err != nil {
			t.note(ctx, err)
		}
	}
}

func (t *Tiles) state() Checkpoint {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head
}

const asEngineSays = "the log has lost something, as its engine says"

// note keeps what went wrong. What says that the log was changed is damage.
func (t *Tiles) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	var damage *Damage
	lost := errors.As(err, &damage)
	if !lost && errors.HasAssertionFailure(err) { // as the engine says it
		lost = true
		err = errors.WithSecondaryError(damaged(asEngineSays, "", 0, domain.Position(t.reached.Load())), err)
	}
	t.mu.Lock()
	if lost && (t.damage == nil || errors.As(t.damage, &damage) && damage.What == asEngineSays) { // what names positions is better
		t.damage = err
	}
	t.trouble = err
	t.mu.Unlock()
	if lost {
		t.cfg.Logger.ErrorContext(ctx, "the history is not the one that was signed; nothing more is recorded", slog.Any("error", err))
		return
	}
	t.cfg.Logger.WarnContext(ctx, "the proof of the log does not go on", slog.Any("error", err))
}

// Trouble takes what keeps something beside the proof from going on, until the next checkpoint is signed.
func (t *Tiles) Trouble(ctx context.Context, err error) {
	if errors.Is(err, ErrDamaged) {
		t.note(ctx, err)
		return
	}
	t.mu.Lock()
	t.trouble = err
	t.mu.Unlock()
	t.cfg.Logger.WarnContext(ctx, "the ledger does not go on as it must", slog.Any("error", err))
}

// Check holds the whole log against the tiles up to the last checkpoint. Tiles that differ are written again, where the log is
// sound. It returns a *Damage where it is not, and domain.ErrUnavailable.
func (t *Tiles) Check(ctx context.Context) error { return t.check(ctx, t.log, t.state()) }

func (t *Tiles) check(ctx context.Context, log Log, head Checkpoint) error {
	h := holding{log: log, files: t.dir, tree: &merkle.Tree{}, progress: func(domain.Position) {}}
	err := h.hold(ctx, []Checkpoint{head})
	if err == nil {
		t.cfg.Logger.InfoContext(ctx, "the log was held against its proof", slog.Uint64("position", uint64(head.Size)))
		return nil
	}
	var damage *Damage
	if errors.As(err, &damage) {
		// The tree of Run, which may be under way, is left alone.
		err = (&Tiles{cfg: t.cfg, log: t.log, signer: t.signer, key: t.key, dir: t.dir, head: head, signed: t.Checkpoint()}).mend(ctx, head)
	}
	return err
}

// follow takes events in and signs, until ctx ends, which is no error.
func (t *Tiles) follow(ctx context.Context) error {
	type step struct {
		batch domain.Batch
		err   error
	}
	steps := make(chan step)
	reading, stop := context.WithCancel(ctx)
	var reader sync.WaitGroup
	defer reader.Wait()
	defer stop()
	from := t.build.size()
	reader.Go(func() {
		defer close(steps)
		for batch, err := range t.log.Read(reading, from) {
			select {
			case steps <- step{batch, err}:
			case <-reading.Done():
				return
			}
		}
	})
	timer := time.NewTicker(t.cfg.Every)
	defer timer.Stop()
	due := false // a pause has passed in which nothing was signed
	for {
		select {
		case s, more := <-steps:
			switch {
			case !more && ctx.Err() == nil:
				return errors.Wrap(domain.ErrUnavailable, "the reading of the log ended")
			case !more:
				return t.finish(context.WithoutCancel(ctx))
			case s.err != nil:
				return s.err
			}
			if err := t.takeIn(s.batch); err != nil {
				return err
			}
			if s.batch.CaughtUp {
				t.well()
			}
		case <-timer.C:
			due = true
		}
		unsigned := t.build.size() - t.state().Size
		if unsigned >= maxUnsigned || t.writer.bytes >= maxUnsignedBytes || unsigned > 0 && due {
			if err := t.sign(ctx); err != nil {
				return err
			}
			due = false
		}
	}
}

// well says that what kept the proof from going on is over.
func (t *Tiles) well() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trouble = nil
}

// farewell is how long reading to the end and signing for it may take when the ledger stops.
const farewell = 5 * time.Second

// finish takes in what was written last, and signs.
func (t *Tiles) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	for batch, err := range t.log.Read(ctx, t.build.size()) {
		if err != nil {
			break // the next start goes on from here
		}
		if err := t.takeIn(batch); err != nil {
			return err
		}
		if batch.CaughtUp {
			break
		}
	}
	return t.sign(ctx)
}

// takeIn adds a batch to the tree.
func (t *Tiles) takeIn(batch domain.Batch) error {
	if batch.At != t.build.size() {
		return damaged("the log went on elsewhere", "", t.build.size(), batch.At)
	}
	for _, event := range batch.Events {
		if err := t.build.add(event); err != nil {
			return err
		}
	}
	t.reached.Store(uint64(t.build.size()))
	return nil
}

// full writes a file that the tree has filled.
func (t *Tiles) full(p place, content []byte) error {
	t.old.filled = append(t.old.filled, p.whole()+".p")
	return t.writer.write(p, content)
}

// oldTiles are the partial tiles that a later checkpoint made needless.
type oldTiles struct {
	filled           []string // directories of partial tiles that are full by now
	current, earlier []string // the partial tiles of this checkpoint and of the one before it
}

// next forgets the partial tiles of the checkpoint before last.
func (o *oldTiles) next(dir string, partial []string) {
	needless := append(o.filled, o.earlier...)
	keep := map[string]bool{}
	for _, path := range append(partial, o.current...) {
		keep[path] = true
	}
	for _, path := range needless {
		if !keep[path] {
			_ = os.RemoveAll(filepath.Join(dir, filepath.FromSlash(path))) // what stays does no harm
		}
	}
	o.filled, o.earlier, o.current = nil, o.current, partial
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
