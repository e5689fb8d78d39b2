package tiles

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Paths gives the paths of all files of a tree, in the order in which it grows: each bundle of entries, the tiles that it fills, and at
// the end what is not full.
func Paths(size domain.Position) iter.Seq[string] {
	return func(yield func(string) bool) {
		for p := range places(uint64(size)) {
			if !yield(p.path()) {
				return
			}
		}
	}
}

func places(size uint64) iter.Seq[place] {
	return func(yield func(place) bool) {
		for i := range size / width {
			if !yield(place{entries, i, width}) {
				return
			}
			for level, full := 0, i+1; ; level, full = level+1, full/width {
				if !yield(place{level, full - 1, width}) {
					return
				}
				if full%width != 0 {
					break
				}
			}
		}
		if n := int(size % width); n > 0 && !yield(place{entries, size / width, n}) {
			return
		}
		for level, rest := 0, size; rest > 0; level, rest = level+1, rest/width {
			if n := int(rest % width); n > 0 && !yield(place{level, rest / width, n}) {
				return
			}
		}
	}
}

// Sequence checks the files of a tree as they come in the order of Paths, keeping no more of them than the tree's right edge.
type Sequence struct {
	heads []Checkpoint // in the order of their sizes
	build *builder
	next  func() (place, bool)
	stop  func()
	due   []dueTile // that the bundles so far make
	event func(at domain.Position, event []byte) error
}

type dueTile struct {
	place   place
	content []byte
}

// NewSequence begins with the checkpoint up to which the files are to be, and others that are not newer, which the history must agree
// with. The function takes each event, before the whole is proved. Close ends it.
func NewSequence(head Checkpoint, others []Checkpoint, event func(at domain.Position, event []byte) error) *Sequence {
	s := &Sequence{heads: append(slices.Clone(others), head), event: event}
	slices.SortStableFunc(s.heads, func(a, b Checkpoint) int { return int(int64(a.Size) - int64(b.Size)) })
	s.build = newBuilder(s.tile)
	s.next, s.stop = iter.Pull(places(uint64(head.Size)))
	return s
}

// Close ends the sequence.
func (s *Sequence) Close() { s.stop() }

// Size is how many events were taken.
func (s *Sequence) Size() domain.Position { return s.build.size() }

func (s *Sequence) tile(p place, content []byte) error {
	if p.level != entries {
		s.due = append(s.due, dueTile{p, slices.Clone(content)})
	}
	return nil
}

// Take takes the next file. It returns a *Damage where the file is not the one that comes next, or not what the events make it, and
// what the function returned.
func (s *Sequence) Take(path string, content []byte) error {
	p, more := s.next()
	switch {
	case !more:
		return damaged("there is a file that is none of the tree", path, 0, 0)
	case p.path() != path:
		return damaged("a file of the proof is missing", p.path(), p.position(0), p.position(p.width))
	case p.level == entries:
		return s.bundle(p, content)
	}
	if len(s.due) == 0 {
		if err := s.build.partials(s.tile); err != nil {
			return err
		}
	}
	if len(s.due) == 0 || s.due[0].place != p {
		return errors.AssertionFailedf("the tile %s is not the one that the events make next", errors.Safe(path))
	}
	want := s.due[0].content
	s.due = s.due[1:]
	return compare(context.Background(), lent(content), p, want)
}

func (s *Sequence) bundle(p place, content []byte) error {
	for i, event := range split(content, p.width) {
		at := p.position(i)
		if event == nil {
			return damaged("a bundle of entries is torn", p.path(), at, p.position(p.width))
		}
		if err := s.agrees(at); err != nil {
			return err
		}
		if err := s.build.add(event); err != nil {
			return err
		}
		if err := s.event(at, event); err != nil {
			return err
		}
		content = content[2+len(event):]
	}
	if len(content) > 0 {
		return damaged("a bundle of entries is longer than it may be", p.path(), p.position(p.width-1), p.position(p.width))
	}
	return nil
}

// agrees holds the tree against the checkpoints of a size.
func (s *Sequence) agrees(size domain.Position) error {
	for len(s.heads) > 0 && s.heads[0].Size == size {
		if s.build.tree.Root() != s.heads[0].Root {
			return damaged("the events are not those of a checkpoint", "", 0, size)
		}
		s.heads = s.heads[1:]
	}
	return nil
}

// End says whether all files came, and whether they are what was signed. It returns a *Damage.
func (s *Sequence) End() error {
	if p, more := s.next(); more {
		return damaged("a file of the proof is missing", p.path(), p.position(0), p.position(p.width))
	}
	return s.agrees(s.build.size())
}

// lent is one file.
type lent []byte

// File gives the file, whatever it is called.
func (l lent) File(context.Context, string) ([]byte, error) { return l, nil }

// Put writes a file of the tree; Sync makes it durable. It returns domain.ErrUnavailable.
func (d Directory) Put(path string, content []byte) error {
	path = filepath.Join(string(d), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return unusable(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return unusable(err)
	}
	return nil
}

// Sync makes durable what Put wrote. It returns domain.ErrUnavailable.
func (d Directory) Sync() error {
	dir, err := os.Open(string(d))
	if err != nil {
		return unusable(err)
	}
	can, err := syncAll(dir.Fd())
	if err = errors.CombineErrors(err, dir.Close()); err != nil || can {
		return unusableOrNil(err)
	}
	return unusableOrNil(filepath.WalkDir(string(d), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncDirectory(path) // files and directories alike
	}))
}

func unusableOrNil(err error) error {
	if err == nil {
		return nil
	}
	return unusable(err)
}

// Sign signs a checkpoint as a ledger does. It returns an assertion failure for a seed that is none.
func Sign(ledger string, seed []byte, c Checkpoint) ([]byte, error) {
	s, err := newSigner(Origin(ledger), seed)
	if err != nil {
		return nil, err
	}
	c.Origin = s.name
	return s.sign(c)
}

// BundleSize is how many events one full bundle holds.
const BundleSize = width

// IsBundle says that a path of the tree is that of a bundle of entries.
func IsBundle(path string) bool { return strings.HasPrefix(path, "tile/entries/") }
