package memory

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/jigowatt/daybook/commands"
)

// filter says of a message that it was certainly never remembered, without looking into the store: nearly every message that comes
// is new, and the store's own filters do not cover what it has not written to a file yet. It is a Bloom filter in blocks of one
// cache line, with parts that double in size. Keys are hashes already, so that their own bits serve as probes.
type filter struct {
	// whole says that every message in the store is in the filter; until then it can say nothing.
	whole atomic.Bool

	mu    sync.Mutex              // held while parts grow
	parts atomic.Pointer[[]*part] // the last one takes what is new
}

// part is a Bloom filter for a number of messages.
type part struct {
	blocks []block
	room   atomic.Int64 // how many more messages it takes
}

type block [8]atomic.Uint64 // 512 bits

const (
	// firstRoom is how many messages the first part takes.
	firstRoom = 1 << 20
	// perBlock messages in 512 bits, 7 probes each: about one unknown message in a hundred is looked up in vain.
	perBlock = 42
	probes   = 7
)

func newFilter() *filter {
	f := &filter{}
	f.parts.Store(&[]*part{newPart(firstRoom)})
	return f
}

func newPart(messages int) *part {
	p := &part{blocks: make([]block, messages/perBlock+1)}
	p.room.Store(int64(messages))
	return p
}

// add takes a message in. It may be called concurrently.
func (f *filter) add(k commands.MessageKey) {
	parts := *f.parts.Load()
	last := parts[len(parts)-1]
	if last.room.Add(-1) < 0 {
		last = f.grow(last)
		last.room.Add(-1)
	}
	b, bits := last.place(k)
	for range probes {
		b[bits>>6&7].Or(1 << (bits & 63))
		bits >>= 9
	}
}

// grow gives the part that takes over from a full one.
func (f *filter) grow(full *part) *part {
	f.mu.Lock()
	defer f.mu.Unlock()
	parts := *f.parts.Load()
	if last := parts[len(parts)-1]; last != full {
		return last
	}
	next := newPart(firstRoom << len(parts))
	longer := append(append([]*part(nil), parts...), next)
	f.parts.Store(&longer)
	return next
}

// unknown says that the message was never added. Where it says false, the message may have been.
func (f *filter) unknown(k commands.MessageKey) bool {
	if !f.whole.Load() {
		return false
	}
	for _, p := range *f.parts.Load() {
		if p.has(k) {
			return false
		}
	}
	return true
}

func (p *part) has(k commands.MessageKey) bool {
	b, bits := p.place(k)
	for range probes {
		if b[bits>>6&7].Load()&(1<<(bits&63)) == 0 {
			return false
		}
		bits >>= 9
	}
	return true
}

// place gives a message's block, and its probes of nine bits each.
func (p *part) place(k commands.MessageKey) (*block, uint64) {
	at := binary.LittleEndian.Uint64(k[:8]) % uint64(len(p.blocks))
	return &p.blocks[at], binary.LittleEndian.Uint64(k[8:])
}
