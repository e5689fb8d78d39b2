package tiles

import (
	"context"
	"iter"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// edge gives the tree up to a checkpoint: the right edge from the tiles, the last events from the log. It returns a *Damage where
// that is not what was signed.
func (t *Tiles) edge(ctx context.Context, head Checkpoint) (*builder, error) {
	size := uint64(head.Size)
	base := (max(size, 1) - 1) / width * width
	tree, ok := merkle.Resume(base, func(level int, index uint64, n int) ([]merkle.Hash, bool) {
		content, err := t.dir.File(ctx, place{level, index, n}.path())
		if err != nil || len(content) != n*hashSize {
			return nil, false
		}
		hashes := make([]merkle.Hash, n)
		for i := range hashes {
			hashes[i] = hashAt(content, i)
		}
		return hashes, true
	})
	if !ok {
		return nil, damaged("the right edge of the tree is not whole", "", 0, head.Size)
	}
	check := func(p place, content []byte) error { return compare(ctx, t.dir, p, content) }
	b := newBuilder(check)
	b.tree = tree
	err := feed(ctx, t.log, b, head.Size)
	if err == nil {
		err = b.partials(check)
	}
	if err == nil && b.tree.Root() != head.Root {
		err = damaged("the end of the log is not that of the checkpoint", "", domain.Position(base), head.Size)
	}
	return b, err
}

// watch looks at the end of the log again and again: there it is that a log which was lost and has grown anew differs.
func (t *Tiles) watch(ctx context.Context) {
	for pause(ctx, t.cfg.Watch) {
		head := t.state()
		_, err := t.edge(ctx, head)
		if err == nil {
			t.done(func(at *Times, now time.Time) { at.End = now })
		}
		var damage *Damage
		// Where a checkpoint was signed meanwhile, files were replaced while they were compared.
		if !errors.As(err, &damage) || t.state() != head {
			continue
		}
		if err := t.check(ctx, t.log, head); err != nil {
			t.note(ctx, err)
		}
	}
}

// checkAll holds the whole log against the tiles, at once and then again and again, slowly.
func (t *Tiles) checkAll(ctx context.Context) {
	log := t.log
	for {
		head := t.state()
		if err := t.check(ctx, log, head); err != nil {
			t.note(ctx, err)
		} else {
			t.done(func(at *Times, now time.Time) { at.Whole, at.WholeSize = now, head.Size })
		}
		if !pause(ctx, t.cfg.Again) {
			return
		}
		log = paced{t.log, t.cfg.Rate}
	}
}

// paced is a log that is read no faster than so many events a second, so that looking at all of it costs those who record little.
type paced struct {
	log  Log
	rate int
}

// Read is described at Log.
func (p paced) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		owed := time.Duration(0)
		for batch, err := range p.log.Read(ctx, from) {
			if !yield(batch, err) {
				return
			}
			owed += time.Duration(len(batch.Events)) * time.Second / time.Duration(p.rate)
			if owed < 10*time.Millisecond {
				continue
			}
			if !pause(ctx, owed) {
				return
			}
			owed = 0
		}
	}
}

// Times says when what keeps the history proved was last done since the ledger started; zero where it was not yet.
type Times struct {
	Signed time.Time // the last checkpoint
	End    time.Time // the end of the log was held against it
	Whole  time.Time // the whole log was, which then had WholeSize signed events
	// WholeSize is how many events were looked at then.
	WholeSize domain.Position
}

// Times gives when things were last done.
func (t *Tiles) Times() Times {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.times
}

func (t *Tiles) done(set func(at *Times, now time.Time)) {
	now := t.cfg.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	set(&t.times, now)
}
