package tiles

import (
	"bytes"
	"context"
	"runtime"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// maxHashers bounds how many bundles are compared and hashed at once: each holds 16 MiB at most.
const maxHashers = 4

// group is the events beneath one bundle of entries and one tile of leaves.
type group struct {
	place  place // of the bundle
	events [][]byte
	bundle fetched
	tile   fetched

	leaves [width]merkle.Hash
	above  merkle.Hash // where the group is full
	err    error       // why there is no group, or why it is not what was signed
	done   chan struct{}
}

// holding holds a log against its files: events and files are read by one goroutine, compared and hashed by a few, and put into the
// tree, in order, by whoever called.
type holding struct {
	log   Log
	files Files
	tree  *merkle.Tree // of a size that whole bundles come to
	// progress hears how many events were checked.
	progress func(done domain.Position)

	work, order chan *group
}

// hold checks the log up to the last of the checkpoints, which stand in the order of their sizes, none of them beneath the tree's.
// It returns a *Damage where the log, the files and the checkpoints differ, and domain.ErrUnavailable.
func (h *holding) hold(ctx context.Context, heads []Checkpoint) error {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	hashers := min(maxHashers, runtime.GOMAXPROCS(0))
	size := heads[len(heads)-1].Size
	h.work, h.order = make(chan *group), make(chan *group, hashers)
	files := readAhead(ctx, h.files, domain.Position(h.tree.Size()), size)
	defer files.close()
	all.Go(func() { h.gather(ctx, files, size) })
	for range hashers {
		all.Go(func() {
			for g := range h.work {
				g.check(ctx, h.files)
				close(g.done)
			}
		})
	}
	heads, err := h.agree(heads) // an empty log has no group
	for g := range h.order {
		if err != nil {
			return err
		}
		if <-g.done; g.err != nil {
			return g.err
		}
		if heads, err = h.add(ctx, g, heads); err == nil {
			h.progress(domain.Position(h.tree.Size()))
		}
	}
	switch {
	case err != nil:
		return err
	case domain.Position(h.tree.Size()) < size:
		return ended()
	}
	return nil
}

// gather makes the groups up to a size.
func (h *holding) gather(ctx context.Context, files Files, size domain.Position) {
	defer close(h.order)
	defer close(h.work)
	give := func(g *group) bool {
		select {
		case h.order <- g:
		case <-ctx.Done():
			return false
		}
		if g.err != nil {
			close(g.done)
			return false
		}
		select {
		case h.work <- g:
			return true
		case <-ctx.Done():
			g.err = ended()
			close(g.done)
			return false
		}
	}
	at := domain.Position(h.tree.Size())
	next := groupAt(at, size)
	err := events(ctx, h.log, at, size, func(event []byte) bool {
		next.events = append(next.events, event)
		if len(next.events) < next.place.width {
			return true
		}
		next.read(ctx, files)
		at += domain.Position(next.place.width)
		more := give(next)
		next = groupAt(at, size)
		return more
	})
	if err != nil {
		give(&group{err: next.before(ctx, files, err), done: make(chan struct{})})
	}
}

// before gives what differs in the part of a group that was read before the log broke off, or else why it did: a log that lost an
// event in the middle is shorter, too, and what is wrong first is where it was lost.
func (g *group) before(ctx context.Context, files Files, err error) error {
	var damage *Damage
	if g.place.width = len(g.events); len(g.events) == 0 || !errors.As(err, &damage) {
		return err
	}
	if g.read(ctx, files); g.same() {
		return err
	}
	if earlier := g.differs(ctx, files, g.place, g.bundle, g.entries()); errors.As(earlier, &damage) {
		return errors.WithSecondaryError(earlier, err)
	}
	return err
}

// entries gives the bundle that the events make.
func (g *group) entries() []byte {
	var bundle []byte
	for _, event := range g.events {
		bundle = append(append(bundle, byte(len(event)>>8), byte(len(event))), event...)
	}
	return bundle
}

func groupAt(at, size domain.Position) *group {
	n := int(min(width, size-at))
	return &group{place: place{entries, uint64(at) / width, n}, events: make([][]byte, 0, n), done: make(chan struct{})}
}

// read fetches the files that the group must agree with.
func (g *group) read(ctx context.Context, files Files) {
	for _, f := range []struct {
		level int
		into  *fetched
	}{{entries, &g.bundle}, {0, &g.tile}} {
		f.into.path = place{f.level, g.place.index, g.place.width}.path()
		f.into.content, f.into.err = files.File(ctx, f.into.path)
	}
}

// check compares the events with the bundle and their leaves with the tile. What differs is looked at once more, slowly, by files.
func (g *group) check(ctx context.Context, files Files) {
	if !g.same() {
		if g.err = g.differs(ctx, files, g.place, g.bundle, g.entries()); g.err != nil {
			return
		}
	}
	same := g.tile.err == nil && len(g.tile.content) == len(g.events)*hashSize
	for i, event := range g.events {
		g.leaves[i] = merkle.Leaf(event)
		same = same && hashAt(g.tile.content, i) == g.leaves[i]
	}
	if !same {
		want := joined(g.leaves[:len(g.events)])
		if g.err = g.differs(ctx, files, place{0, g.place.index, g.place.width}, g.tile, want); g.err != nil {
			return
		}
	}
	if g.place.width == width {
		g.above = merkle.Above(g.leaves[:])
	}
}

// differs says how a file that was read is not what it must be.
func (g *group) differs(ctx context.Context, files Files, p place, read fetched, want []byte) error {
	return compare(ctx, seen{files, read}, p, want)
}

// seen gives one file as it was read, and asks for the others.
type seen struct {
	Files
	read fetched
}

// File is described at Files.
func (s seen) File(ctx context.Context, path string) ([]byte, error) {
	if path == s.read.path {
		return s.read.content, s.read.err
	}
	return s.Files.File(ctx, path)
}

// same says that the bundle holds the events and nothing else.
func (g *group) same() bool {
	rest := g.bundle.content
	for _, event := range g.events {
		n := entryLength(rest)
		if n < 0 || !bytes.Equal(rest[2:n], event) {
			return false
		}
		rest = rest[n:]
	}
	return g.bundle.err == nil && len(rest) == 0
}

// add puts a group into the tree, holds what it fills above its leaves against the files, and gives the checkpoints that are still
// ahead.
func (h *holding) add(ctx context.Context, g *group, heads []Checkpoint) ([]Checkpoint, error) {
	full := func(level int, index uint64, hashes []merkle.Hash) error {
		if level == 0 { // check did it
			return nil
		}
		return compare(ctx, h.files, place{level, index, width}, joined(hashes))
	}
	begin := domain.Position(h.tree.Size())
	end := begin + domain.Position(g.place.width)
	if g.place.width == width && heads[0].Size >= end {
		if err := h.tree.AppendTile(g.leaves[:], g.above, full); err != nil {
			return heads, err
		}
	} else { // a checkpoint stands inside
		for _, leaf := range g.leaves[:g.place.width] {
			if err := h.tree.Append(leaf, full); err != nil {
				return heads, err
			}
			if domain.Position(h.tree.Size()) < end {
				var err error
				if heads, err = h.agree(heads); err != nil {
					return heads, err
				}
			}
		}
	}
	if len(heads) > 0 && heads[len(heads)-1].Size == end {
		if err := h.edge(ctx); err != nil {
			return heads, err
		}
	}
	return h.agree(heads)
}

// edge holds the tiles above the leaves that are not full against the files.
func (h *holding) edge(ctx context.Context) error {
	for level := 1; level < h.tree.Levels(); level++ {
		hashes := h.tree.Edge(level)
		if len(hashes) == 0 {
			continue
		}
		if err := compare(ctx, h.files, place{level, h.tree.Size() >> (8 * (level + 1)), len(hashes)}, joined(hashes)); err != nil {
			return err
		}
	}
	return nil
}

// agree holds the tree against the checkpoints of its size, and gives those beyond.
func (h *holding) agree(heads []Checkpoint) ([]Checkpoint, error) {
	for len(heads) > 0 && heads[0].Size == domain.Position(h.tree.Size()) {
		if h.tree.Root() != heads[0].Root {
			return heads, damaged("the events are not those of the checkpoint, though the tiles agree with them", checkpointFile, 0, heads[0].Size)
		}
		heads = heads[1:]
	}
	return heads, nil
}

func joined(hashes []merkle.Hash) []byte {
	out := make([]byte, 0, len(hashes)*hashSize)
	for i := range hashes {
		out = append(out, hashes[i][:]...)
	}
	return out
}
