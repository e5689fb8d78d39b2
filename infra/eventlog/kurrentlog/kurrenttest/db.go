package kurrenttest

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// The expected revisions that are not a number.
const (
	noStream     = -1
	anyRevision  = -2
	streamExists = -4
)

// tombstone is the revision of a stream that was deleted for good.
const tombstone = math.MaxInt64

// Event is one event of a stream.
type Event struct {
	ID       uuid.UUID
	Type     string
	JSON     bool
	Data     []byte
	Metadata []byte
	// Revision, Commit and Created are the server's.
	Revision int64
	Commit   uint64
	Created  time.Time
}

// DB is what the nodes of a cluster keep.
type DB struct {
	mu      sync.Mutex // guards what follows
	streams map[string]*stream
	commit  uint64
	changed chan struct{} // closed and replaced at every change
}

type stream struct {
	events []Event // by revision; the first is number base
	last   int64   // revision, -1 for none, tombstone for a stream that is gone for good
	meta   struct {
		Before   *int64 `json:"$tb"`
		MaxCount *int64 `json:"$maxCount"`
	}
}

// NewDB makes an empty one. The log of a server is never empty: it holds events of its own.
func NewDB() *DB {
	return &DB{streams: map[string]*stream{}, commit: 1_000, changed: make(chan struct{})}
}

// outcome is what became of an append.
type outcome struct {
	wrong, deleted bool
	current        int64 // revision of the stream
	commit         uint64
}

// Append commits events to a stream, all or none, as the server's check of a commit decides. It is also the way in which tests put
// what no ledger would write.
func (d *DB) Append(name string, expected int64, events ...Event) (revision int64, ok bool) {
	o := d.append(name, expected, events)
	return o.current, !o.wrong && !o.deleted
}

func (d *DB) append(name string, expected int64, events []Event) outcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.stream(name)
	if o, decided := s.check(expected, events); decided {
		return o
	}
	if s.last >= 0 && s.first() > s.last { // an append to a deleted stream makes it seen again, from there
		again := s.last + 1
		s.meta.Before, s.meta.MaxCount = &again, nil
	}
	for _, e := range events {
		s.last++
		d.commit += uint64(len(e.Data)) + 100
		e.Revision, e.Commit = s.last, d.commit
		if e.Created.IsZero() {
			e.Created = time.Unix(1_700_000_000, 0).Add(time.Duration(d.commit))
		}
		s.events = append(s.events, e)
	}
	if of, is := strings.CutPrefix(name, "$$"); is && len(events) > 0 {
		m := d.stream(of)
		m.meta.Before, m.meta.MaxCount = nil, nil
		_ = json.Unmarshal(events[len(events)-1].Data, &m.meta) // what is not metadata has no effect
	}
	d.announce()
	return outcome{current: s.last, commit: d.commit}
}

// check decides about an append where it is not simply to be written.
func (s *stream) check(expected int64, events []Event) (o outcome, decided bool) {
	wrong := outcome{wrong: true, current: s.last}
	switch {
	case s.last == tombstone:
		return outcome{deleted: true}, true
	case expected == streamExists && s.last < 0, expected > s.last, len(events) == 0 && expected != s.last && expected != anyRevision:
		return wrong, true
	case expected == anyRevision || expected == streamExists:
		first := slices.IndexFunc(s.events, func(e Event) bool { return len(events) > 0 && e.ID == events[0].ID })
		if first < 0 {
			return o, false
		}
		expected = int64(first) - 1
	case expected == s.last:
		return o, false
	}
	// The append is past: it succeeds where its very events stand there.
	for i, e := range events {
		if at := expected + 1 + int64(i); at <= s.last && s.events[at].ID == e.ID {
			continue
		}
		// After a deletion a stream goes on with its old numbers, though there is said to be none.
		return wrong, i > 0 || expected != noStream || s.first() <= s.last
	}
	last := s.events[expected+int64(len(events))]
	return outcome{current: last.Revision, commit: last.Commit}, true
}

// first gives the revision of the first event that readers may see.
func (s *stream) first() int64 {
	first := int64(0)
	if s.meta.Before != nil {
		first = max(first, *s.meta.Before)
	}
	if s.meta.MaxCount != nil {
		first = max(first, s.last+1-*s.meta.MaxCount)
	}
	return first
}

// Delete hides what a stream holds; appended to again, it goes on with its old numbers.
func (d *DB) Delete(name string) {
	d.Append("$$"+name, anyRevision, Event{ID: uuid.New(), Type: "$metadata", JSON: true, Data: []byte(`{"$tb":9223372036854775807}`)})
}

// Tombstone ends a stream for good.
func (d *DB) Tombstone(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stream(name).last = tombstone
	d.announce()
}

// Change replaces a stored event, as damage or an intruder would.
func (d *DB) Change(name string, revision int64, change func(*Event)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.stream(name)
	s.events = slices.Clone(s.events)
	change(&s.events[revision])
}

// Lose drops the last events of a stream, as a server would that was restored from an old backup.
func (d *DB) Lose(name string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.stream(name)
	s.events = slices.Clone(s.events[:len(s.events)-n])
	s.last -= int64(n)
	d.announce()
}

// Events gives what a stream holds.
func (d *DB) Events(name string) []Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.stream(name).events)
}

// stream gives a stream, which need not exist for clients. The caller holds mu.
func (d *DB) stream(name string) *stream {
	if d.streams[name] == nil {
		d.streams[name] = &stream{last: noStream}
	}
	return d.streams[name]
}

// announce wakes subscriptions. The caller holds mu.
func (d *DB) announce() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// page is what a stream shows at one moment.
type page struct {
	events  []Event
	last    int64 // revision; noStream for none that can be seen
	deleted bool
	changed <-chan struct{}
}

// forwards gives the visible events from a revision on, at most n.
func (d *DB) forwards(name string, from int64, n int) page {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.stream(name)
	p := page{last: s.last, changed: d.changed, deleted: s.last == tombstone}
	first := s.first()
	if p.deleted || first > s.last {
		p.last = noStream
		return p
	}
	if from = max(from, first); from <= s.last {
		p.events = s.events[from:min(int64(len(s.events)), from+int64(min(n, len(s.events))))]
	}
	return p
}

// backwards gives the visible events from a revision back, at most n.
func (d *DB) backwards(name string, from int64, n int) page {
	p := d.forwards(name, 0, math.MaxInt)
	var out []Event
	for i := len(p.events) - 1; i >= 0 && len(out) < n; i-- {
		if p.events[i].Revision <= from {
			out = append(out, p.events[i])
		}
	}
	p.events = out
	return p
}
