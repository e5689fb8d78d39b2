package client

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/jigowatt/daybook/infra/wire"
)

// group is what several goroutines hand over while the last group is being written; one fsync makes all of it durable.
type group struct {
	entries []*entry
	done    bool // guarded by spool.commit
}

type entry struct {
	events []encoded
	err    error // guarded by spool.commit
}

// add writes events and returns when they are on disk. Whoever comes first writes for all who came meanwhile.
func (s *spool) add(events []encoded) error {
	e := &entry{events: events}
	s.mu.Lock()
	g := s.group
	g.entries = append(g.entries, e)
	s.mu.Unlock()

	s.commit.Lock()
	defer s.commit.Unlock()
	if !g.done {
		s.mu.Lock()
		s.group = &group{}
		s.mu.Unlock()
		s.write(g)
		g.done = true
	}
	return e.err
}

// write makes a group durable. The caller holds commit.
func (s *spool) write(g *group) {
	s.mu.Lock()
	room, key, sequence := s.limit-s.bytes, s.key, s.seq
	s.mu.Unlock()
	var events []encoded
	var taken []*entry
	for _, e := range g.entries {
		size := int64(0)
		for _, event := range e.events {
			size += int64(len(event.body) + frameOverhead)
		}
		if size > room {
			e.err = &Error{Kind: ErrSpoolFull, ID: e.events[0].id}
			continue
		}
		room -= size
		events, taken = append(events, e.events...), append(taken, e)
	}
	if len(events) == 0 {
		return
	}
	if err := s.writeFrames(events, key, sequence); err != nil {
		for _, e := range taken {
			e.err = &Error{Kind: ErrSpool, ID: e.events[0].id, Cause: err}
		}
	}
}

func (s *spool) writeFrames(events []encoded, key *wire.Key, sequence uint64) error {
	seg, err := s.writable()
	if err != nil {
		return err
	}
	defer s.release(seg)
	var b []byte
	var frames []frame
	for len(events) > 0 {
		n := fits(events, s.batch)
		body := array(events[:n])
		sealed, err := wire.Seal(*key, s.controller, s.service, wire.ContentBatch, body)
		clear(body)
		if err != nil {
			return err
		}
		at := len(b)
		b = appendFrame(b, sequence, ids(events[:n]), sealed)
		frames = append(frames, frame{seg, seg.size + int64(at), len(b) - at, n})
		events = events[n:]
	}
	_, err = seg.file.WriteAt(b, seg.size)
	if err == nil {
		err = seg.file.Sync()
	}
	if err != nil {
		// What was written in part must not stand before what comes next. The kernel may have dropped it from its cache as well, so
		// the segment takes nothing more.
		err = errors.Join(err, seg.file.Truncate(seg.size))
		s.mu.Lock()
		s.active = nil
		s.mu.Unlock()
		return err
	}
	s.admit(seg, frames, int64(len(b)))
	return nil
}

// admit takes frames that are durable into the account.
func (s *spool) admit(seg *segment, frames []frame, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seg.size += size
	seg.left += len(frames)
	for _, f := range frames {
		s.bytes, s.count = s.bytes+int64(f.size), s.count+f.count
	}
	s.frames = append(s.frames, frames...)
}

// writable gives the segment to write to. The caller holds commit.
func (s *spool) writable() (*segment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active != nil && s.active.size < segmentBytes {
		s.active.busy = true
		return s.active, nil
	}
	f, err := os.OpenFile(s.segmentPath(s.next), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syncDir(s.dir); err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return nil, err
	}
	if old := s.active; old != nil && old.left == 0 {
		if err := s.retire(old); err != nil {
			_ = f.Close()
			return nil, err
		}
	}
	s.active = &segment{number: s.next, file: f, busy: true}
	s.next++
	return s.active, nil
}

// release ends the writing to a segment. One that failed and holds nothing goes away.
func (s *spool) release(seg *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seg.busy = false
	if seg != s.active && seg.left == 0 {
		if err := s.retire(seg); err != nil {
			s.log.ErrorContext(context.Background(), "an empty segment of the spool could not be removed", slog.Any("error", err))
		}
	}
}
