package tiles

import (
	"bytes"
	"context"
	"iter"
	"os"
	"path/filepath"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// Remnant is something that is left of a log: consecutive events as they were stored, or as damage left them.
type Remnant struct {
	At     domain.Position
	Events [][]byte
	// Sound says that the engine's own checks found the events as they were written.
	Sound bool
}

// Remains yields what is left of a log, in order. The events are not changed afterwards.
type Remains func(ctx context.Context) iter.Seq2[Remnant, error]

// Recovery says from what a history is put together again.
type Recovery struct {
	Remains Remains
	Files   Files
	Head    Checkpoint // a checkpoint that was checked

	// Event takes each event of the history, in order.
	Event func(at domain.Position, event []byte) error
	// File takes each file of the proof that is not what the history makes it, up to the checkpoint; the content is lent.
	File func(path string, content []byte) error
	// Aside takes each event of the log that is not part of the history.
	Aside func(at domain.Position, event []byte, sound bool) error
}

// Recovered says what was found.
type Recovered struct {
	// End is the end of the history: at the checkpoint, or beyond it by the events of the log that continue what was signed.
	End domain.Position
	// Wrong are the positions at which the log does not have the event of the history, up to the checkpoint.
	Wrong []Range
	// Aside are the positions of the log whose events are not part of the history, at most some.
	Aside []Range
	// Files is how many files of the proof are not what the history makes them.
	Files int
	// FromTiles is how many events only the tiles have.
	FromTiles int
	// Broken says that something stands in the log that is no event at all.
	Broken bool
}

// Range is a run of positions, To excluded.
type Range struct{ From, To domain.Position }

// Recover puts the history together that was signed, event by event from whichever copy has the one that its tile names, and proves
// it. What stands in the log beyond the checkpoint is taken as far as it continues it. Nothing is changed but by the functions of r.
// It returns a *Damage where neither copy has an event, or what they have is not what was signed: then nothing that was given to
// the functions may be relied on. It returns domain.ErrUnavailable where a file cannot be read now.
func Recover(ctx context.Context, r Recovery) (Recovered, error) {
	next, stop := iter.Pull2(r.Remains(ctx))
	defer stop()
	m := merge{Recovery: r, next: next, follows: true}
	m.build = newBuilder(func(p place, content []byte) error { return m.file(ctx, p, content) })
	for m.build.size() < r.Head.Size {
		if err := m.bundle(ctx); err != nil {
			return m.found, err
		}
	}
	if err := m.build.partials(func(p place, content []byte) error { return m.file(ctx, p, content) }); err != nil {
		return m.found, err
	}
	if m.build.tree.Root() != r.Head.Root {
		return m.found, damaged("neither the log nor the tiles, nor both together, are what was signed", "", 0, r.Head.Size)
	}
	return m.found, m.rest(ctx)
}

// merge is a recovery under way.
type merge struct {
	Recovery
	found   Recovered
	build   *builder
	next    func() (Remnant, error, bool)
	held    Remnant         // what of a remnant reaches beyond the bundle
	ended   domain.Position // where the remnant that was read last ended
	follows bool            // the newest sound event of the log is that of the history
}

// take gives the next remnant. One that is not sound says nothing of where it lies, so that it lies behind the one before it.
func (m *merge) take() (r Remnant, more bool, err error) {
	if len(m.held.Events) > 0 {
		r, m.held = m.held, Remnant{}
		return r, true, nil
	}
	if r, err, more = m.next(); err != nil || !more {
		return r, false, err
	}
	if m.found.Broken = m.found.Broken || len(r.Events) == 0; !r.Sound {
		r.At = m.ended
	}
	m.ended = r.At + domain.Position(len(r.Events))
	return r, true, nil
}

// file hears of a file of the history.
func (m *merge) file(ctx context.Context, p place, content []byte) error {
	var damage *Damage
	if err := compare(ctx, m.Files, p, content); !errors.As(err, &damage) {
		return err
	}
	m.found.Files++
	return m.File(p.path(), content)
}

// candidate is an event as the log has it.
type candidate struct {
	event []byte
	sound bool
}

// bundle decides on the next bundle of entries.
func (m *merge) bundle(ctx context.Context) error {
	if ctx.Err() != nil {
		return errors.WithStack(errEnded)
	}
	low := m.build.size()
	n := int(min(width, m.Head.Size-low))
	var logged [width]candidate
	if err := m.fill(low, logged[:n]); err != nil {
		return err
	}
	tile := m.read(ctx, place{0, uint64(low) / width, n})
	kept := split(m.read(ctx, place{entries, uint64(low) / width, n}), n)
	for i, c := range logged[:n] {
		at := low + domain.Position(i)
		event := choose(c.event, kept[i], tile, i)
		if event == nil {
			return damaged("neither the log nor the tiles have the event", "", at, at+1)
		}
		same := string(event) == string(c.event)
		if !same || !c.sound {
			m.found.Wrong = join(m.found.Wrong, at)
		}
		if c.sound {
			m.follows = same
		}
		if c.event != nil && !same {
			if err := m.aside(at, c.event, c.sound); err != nil {
				return err
			}
		}
		if !same {
			m.found.FromTiles++
		}
		if err := m.build.add(event); err != nil {
			return err
		}
		if err := m.Event(at, event); err != nil {
			return err
		}
	}
	return nil
}

// choose gives the event that the tile names, or else the one that there is, or in which both copies agree. What it gives is proved
// by the root only.
func choose(logged, kept, tile []byte, i int) []byte {
	if len(tile) >= (i+1)*hashSize {
		leaf := hashAt(tile, i)
		for _, event := range [][]byte{logged, kept} {
			if event != nil && merkle.Leaf(event) == leaf {
				return event
			}
		}
	}
	if kept != nil {
		return kept
	}
	return logged
}

// read gives a file, nil where there is none that can be read.
func (m *merge) read(ctx context.Context, p place) []byte {
	content, err := m.Files.File(ctx, p.path())
	if err != nil {
		return nil
	}
	return content
}

// split gives the entries of a bundle, nil for those that it does not have.
func split(bundle []byte, n int) [][]byte {
	events := make([][]byte, n)
	for i := range events {
		length := entryLength(bundle)
		if length <= 2 {
			break
		}
		events[i], bundle = bundle[2:length], bundle[length:]
	}
	return events
}

// fill gives the events of the log from a position on. What cannot lie there is put aside.
func (m *merge) fill(low domain.Position, into []candidate) error {
	high := low + domain.Position(len(into))
	for {
		r, more, err := m.take()
		if err != nil || !more {
			return err
		}
		if r.At >= high {
			m.held = r
			return nil
		}
		for i, event := range r.Events {
			at := r.At + domain.Position(i)
			switch {
			case at >= high:
				m.held = Remnant{At: at, Events: r.Events[i:], Sound: r.Sound}
				return nil
			case at < low || into[at-low].event != nil:
				if err := m.aside(at, event, r.Sound); err != nil {
					return err
				}
			default:
				into[at-low] = candidate{event, r.Sound}
			}
		}
	}
}

// rest takes what stands in the log beyond the checkpoint, as far as it continues what was signed.
func (m *merge) rest(ctx context.Context) error {
	m.found.End = m.build.size()
	for ctx.Err() == nil {
		r, more, err := m.take()
		if err != nil || !more {
			return err
		}
		m.follows = m.follows && r.Sound && r.At == m.found.End
		for i, event := range r.Events {
			at := r.At + domain.Position(i)
			if !m.follows {
				if err := m.aside(at, event, r.Sound); err != nil {
					return err
				}
				continue
			}
			if err := m.Event(at, event); err != nil {
				return err
			}
			m.found.End++
		}
	}
	return errors.WithStack(errEnded)
}

func (m *merge) aside(at domain.Position, event []byte, sound bool) error {
	m.found.Aside = join(m.found.Aside, at)
	return m.Aside(at, event, sound)
}

// maxRanges bounds what is told of positions one by one.
const maxRanges = 64

// join adds a position to ranges that were told in order. The last is widened where there are too many.
func join(ranges []Range, at domain.Position) []Range {
	if n := len(ranges); n > 0 && (ranges[n-1].To == at || n == maxRanges && ranges[n-1].To <= at) {
		ranges[n-1].To = at + 1
		return ranges
	}
	if len(ranges) == maxRanges {
		return ranges
	}
	return append(ranges, Range{at, at + 1})
}

// HeadsFound says which checkpoint a ledger goes on from.
type HeadsFound struct {
	Head   Checkpoint
	Signed []byte
	// Wrong names the files that do not hold it and must, relative to the ledger's directory.
	Wrong []string
}

// Heads gives the newest checkpoint of a ledger that bears its signature: of the file that the next is held against, and the
// published one. It returns a *Damage where neither does, or they contradict each other, and domain.ErrUnavailable.
func Heads(ctx context.Context, dir, last, key string) (HeadsFound, error) {
	var found HeadsFound
	var fault error
	for _, f := range []struct {
		name string
		read func() ([]byte, error)
	}{
		{filepath.Base(last), func() ([]byte, error) { return ReadLast(last) }},
		{filepath.Base(dir) + "/" + checkpointFile, func() ([]byte, error) { return Directory(dir).File(ctx, checkpointFile) }},
	} {
		signed, err := f.read()
		if errors.Is(err, domain.ErrUnavailable) {
			return found, err
		}
		var head Checkpoint
		if err == nil {
			head, err = OpenCheckpoint(signed, key)
		}
		switch {
		case err != nil:
			fault = err
			found.Wrong = append(found.Wrong, f.name)
		case found.Signed != nil && head.Size == found.Head.Size && head.Root != found.Head.Root:
			return found, damaged("two checkpoints of one size contradict each other", checkpointFile, 0, head.Size)
		case found.Signed == nil || head.Size > found.Head.Size:
			if found.Signed != nil {
				found.Wrong = append(found.Wrong, filepath.Base(last))
			}
			found.Head, found.Signed = head, signed
		}
	}
	if found.Signed == nil && errors.Is(fault, domain.ErrNotFound) {
		return found, damaged("there is no checkpoint", checkpointFile, 0, 0)
	}
	if found.Signed == nil {
		return found, fault
	}
	return found, nil
}

// SetHeads makes a checkpoint the last one and the published one. It returns domain.ErrUnavailable.
func SetHeads(dir, last string, signed []byte) error {
	for _, path := range []string{last, filepath.Join(dir, checkpointFile)} {
		if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, signed) {
			continue
		}
		if err := replace(path, signed); err != nil {
			return err
		}
	}
	return nil
}

// Replace puts a file in the place of another, or makes it, and is durable when it returns. It returns domain.ErrUnavailable.
func (d Directory) Replace(path string, content []byte) error {
	return replace(filepath.Join(string(d), filepath.FromSlash(path)), content)
}

// SyncDirectory brings the names in a directory to disk.
func SyncDirectory(dir string) error { return syncDirectory(dir) }
