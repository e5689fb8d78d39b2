package natslog

import (
	"sync"

	"github.com/jigowatt/daybook/domain"
)

const (
	maxTailFrames = 256
	maxTailBytes  = 16 << 20
)

// tail is the end of the log as this process knows it, with the newest frames that it wrote itself, so that followers beside the
// writer have them without asking the server.
type tail struct {
	mu      sync.Mutex      // guards what follows
	end     domain.Position // of the newest frame
	seq     uint64          // of the newest frame; 0 where there is none
	id      string          // of the newest frame
	frames  []frame         // consecutive, up to seq
	bytes   int             // of the bodies in frames
	changed chan struct{}   // closed and replaced at every change
	writing string          // the id of the frame that an append of ours is waiting for
	heard   head            // that frame, where the follower heard of it before its append was answered

	interrupts int   // counts calls of interrupt
	reason     error // of the last interrupt
}

func newTail() *tail { return &tail{changed: make(chan struct{})} }

// last gives the newest sequence and the end of the log.
func (t *tail) last() (seq uint64, end domain.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seq, t.end
}

// newest gives the newest frame's sequence, end and id.
func (t *tail) newest() (seq uint64, end domain.Position, id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seq, t.end, t.id
}

// begin says that an append waits for the frame with this id: until settle, only the append speaks for it.
func (t *tail) begin(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writing, t.heard = id, head{}
}

// settle ends what begin began. Where the append did not learn that its frame was written, but the follower did, the follower's
// word counts.
func (t *tail) settle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.advance(t.heard)
	t.writing, t.heard = "", head{}
}

// push adds a frame that this process wrote.
func (t *tail) push(f frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.seq != t.seq+1 {
		t.advance(f.head)
		return
	}
	t.seq, t.end, t.id = f.seq, f.end(), f.id
	t.frames, t.bytes = append(t.frames, f), t.bytes+len(f.body)
	for len(t.frames) > maxTailFrames || t.bytes > maxTailBytes && len(t.frames) > 1 {
		t.bytes -= len(t.frames[0].body)
		t.frames[0] = frame{}
		t.frames = t.frames[1:]
	}
	t.announce()
}

// hear takes the newest frame that the stream is known to have, whoever wrote it. Older news changes nothing.
func (t *tail) hear(h head) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h.id != "" && h.id == t.writing {
		t.heard = h
		return
	}
	t.advance(h)
}

// advance moves the end to a frame that this process does not hold. The caller holds mu.
func (t *tail) advance(h head) {
	if h.seq <= t.seq {
		return
	}
	t.seq, t.end, t.id, t.frames, t.bytes = h.seq, h.end(), h.id, nil, 0
	t.announce()
}

// interrupt ends the readings that wait at this moment, with err.
func (t *tail) interrupt(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.interrupts++
	t.reason = err
	t.announce()
}

// announce wakes everybody who waits. The caller holds mu.
func (t *tail) announce() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// view is the tail at one moment.
type view struct {
	seq        uint64
	end        domain.Position
	held       []frame // the frames asked for, where this process holds them
	changed    <-chan struct{}
	interrupts int
	reason     error
}

// from gives the tail at this moment, with the frames from the sequence seq on, where they are held.
func (t *tail) from(seq uint64) view {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := view{seq: t.seq, end: t.end, changed: t.changed, interrupts: t.interrupts, reason: t.reason}
	if first := t.seq - uint64(len(t.frames)) + 1; seq >= first && seq <= t.seq {
		held := t.frames[seq-first:]
		v.held = held[:len(held):len(held)]
	}
	return v
}
