package sorted

import (
	"encoding/binary"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
)

// A block holds entries, each as the difference from the one before. Every sixteenth stands by itself, and the places of those,
// two bytes each, follow the entries, and then how many they are: so that finding an entry reads few others.
const (
	restartEvery = 16
	placeBytes   = 2
)

// blocks writes the entries of one run, which come in order.
type blocks struct {
	set  *Set
	conn *sqlite.Conn
	run  run

	seq                int64
	data               []byte
	places             []byte // of the entries that stand by themselves
	entries            int
	firstKey, firstSub int64
	key, sub           int64 // of the last entry
	scratch            []byte
}

func (b *blocks) add(key, sub int64, value []byte) error {
	b.encode(key, sub, value)
	if b.entries > 0 && len(b.data)+len(b.scratch)+len(b.places)+2*placeBytes > blockBytes {
		if err := b.finish(); err != nil {
			return err
		}
		b.encode(key, sub, value)
	}
	if b.entries == 0 {
		b.firstKey, b.firstSub = key, sub
	}
	if b.entries%restartEvery == 0 {
		b.places = binary.LittleEndian.AppendUint16(b.places, uint16(len(b.data)))
	}
	b.data = append(b.data, b.scratch...)
	b.entries++
	b.key, b.sub = key, sub
	return nil
}

func (b *blocks) encode(key, sub int64, value []byte) {
	if b.entries%restartEvery == 0 {
		b.key, b.sub = 0, 0
	}
	d := b.scratch[:0]
	d = binary.AppendUvarint(d, uint64(key-b.key))
	if key == b.key {
		sub -= b.sub
	}
	d = binary.AppendUvarint(d, uint64(sub))
	d = binary.AppendUvarint(d, uint64(len(value)))
	b.scratch = append(d, value...)
}

// finish writes the block at hand.
func (b *blocks) finish() error {
	if b.entries == 0 {
		return nil
	}
	if b.seq >= 1<<seqBits || b.run.index >= 1<<indexBits {
		return errors.AssertionFailedf("a run is full")
	}
	fence, err := b.conn.Prepare(b.set.insertFence)
	if err != nil {
		return err
	}
	fence.BindInt64(1, b.run.id())
	fence.BindInt64(2, b.firstKey)
	fence.BindInt64(3, b.firstSub)
	fence.BindInt64(4, b.seq)
	if err := step(fence); err != nil {
		return err
	}
	b.data = append(b.data, b.places...)
	b.data = binary.LittleEndian.AppendUint16(b.data, uint16(len(b.places)/placeBytes))
	block, err := b.conn.Prepare(b.set.insertBlock)
	if err != nil {
		return err
	}
	block.BindInt64(1, b.run.block(b.seq))
	block.BindBytes(2, b.data)
	if err := step(block); err != nil {
		return err
	}
	b.seq++
	b.data, b.places, b.entries = b.data[:0], b.places[:0], 0
	return nil
}

// cursor reads the entries of one run in order, block after block.
type cursor struct {
	set  *Set
	conn *sqlite.Conn
	run  run
	seq  int64 // of the next block

	block, data, rest []byte // data and rest hold entries only
	places            []byte
	entries           int // read of the block
	key, sub          int64
	value             []byte
}

// next moves to the next entry; it answers false at the end of the run.
func (c *cursor) next() (bool, error) {
	if len(c.rest) == 0 {
		found, err := c.load(c.seq)
		if !found || err != nil {
			return false, err
		}
		c.seq++
	}
	return true, c.decode()
}

// load reads a block; it answers false where there is none.
func (c *cursor) load(seq int64) (bool, error) {
	stmt, err := c.conn.Prepare(c.set.selectBlock)
	if err != nil {
		return false, err
	}
	stmt.BindInt64(1, c.run.block(seq))
	found, err := stmt.Step()
	if found {
		err = c.open(column(stmt, 0, c.block))
	}
	return found, errors.CombineErrors(err, stmt.Reset())
}

var errDamaged = errors.AssertionFailedf("a block of sorted entries is damaged")

// open begins a block.
func (c *cursor) open(block []byte) error {
	c.block = block
	end := len(block) - placeBytes
	if end < 0 {
		return errors.WithStack(errDamaged)
	}
	start := end - placeBytes*int(binary.LittleEndian.Uint16(block[end:]))
	if start <= 0 || start >= end {
		return errors.WithStack(errDamaged)
	}
	c.data, c.places = block[:start], block[start:end]
	c.rest, c.entries = c.data, 0
	return nil
}

// skip moves within the block to before the entry sought, by those that stand by themselves.
func (c *cursor) skip(key, sub int64) error {
	lo, hi := 0, len(c.places)/placeBytes // the last place whose entry is not after the one sought lies in [lo, hi)
	for hi-lo > 1 {
		middle := (lo + hi) / 2
		if err := c.stand(middle); err != nil {
			return err
		}
		if err := c.decode(); err != nil {
			return err
		}
		if c.key < key || c.key == key && c.sub <= sub {
			lo = middle
		} else {
			hi = middle
		}
	}
	return c.stand(lo)
}

func (c *cursor) stand(place int) error {
	at := int(binary.LittleEndian.Uint16(c.places[place*placeBytes:]))
	if at >= len(c.data) {
		return errors.WithStack(errDamaged)
	}
	c.rest, c.entries = c.data[at:], place*restartEvery
	return nil
}

func (c *cursor) decode() error {
	key, n := binary.Uvarint(c.rest)
	sub, m := binary.Uvarint(c.rest[max(n, 0):])
	size, k := binary.Uvarint(c.rest[max(n, 0)+max(m, 0):])
	head := n + m + k
	if n <= 0 || m <= 0 || k <= 0 || uint64(len(c.rest)-head) < size {
		return errors.WithStack(errDamaged)
	}
	switch {
	case c.entries%restartEvery == 0:
		c.key = 0
	case key == 0:
		sub += uint64(c.sub)
	}
	c.key, c.sub = c.key+int64(key), int64(sub)
	c.value = c.rest[head : head+int(size)]
	c.rest = c.rest[head+int(size):]
	c.entries++
	return nil
}

// mergeInto makes a run of those one level below.
func (s *Set) mergeInto(conn *sqlite.Conn, into run) error {
	out := &blocks{set: s, conn: conn, run: into}
	live := make([]*cursor, 0, fanout)
	for i := range int64(fanout) {
		c := &cursor{set: s, conn: conn, run: run{into.level - 1, into.index*fanout + i}}
		if more, err := c.next(); err != nil {
			return err
		} else if more {
			live = append(live, c)
		}
	}
	var held, merged []byte
	for len(live) > 0 {
		least := live[0]
		for _, c := range live[1:] {
			if c.key < least.key || c.key == least.key && c.sub < least.sub {
				least = c
			}
		}
		key, sub, value := least.key, least.sub, least.value
		if s.merge != nil {
			// The older runs come first: what is equal is merged in order.
			for i := 0; i < len(live); i++ {
				if c := live[i]; c != least && c.key == key && c.sub == sub {
					merged = s.merge(merged[:0], value, c.value)
					held, merged = merged, held
					value = held
				}
			}
		}
		if err := out.add(key, sub, value); err != nil {
			return err
		}
		var err error
		if live, err = pass(live, key, sub); err != nil {
			return err
		}
	}
	if err := out.finish(); err != nil {
		return err
	}
	return s.drop(conn, into)
}

// pass moves the cursors that stand at an entry on, and leaves out those that are at their end.
func pass(live []*cursor, key, sub int64) ([]*cursor, error) {
	out := live[:0]
	for _, c := range live {
		if c.key == key && c.sub == sub {
			more, err := c.next()
			if err != nil {
				return nil, err
			}
			if !more {
				continue
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// drop deletes the runs that were merged into another.
func (s *Set) drop(conn *sqlite.Conn, into run) error {
	for i := range int64(fanout) {
		r := run{into.level - 1, into.index*fanout + i}
		blocks, err := conn.Prepare(s.deleteBlocks)
		if err != nil {
			return err
		}
		blocks.BindInt64(1, r.block(0))
		blocks.BindInt64(2, r.block(1<<seqBits-1))
		if err := step(blocks); err != nil {
			return err
		}
		fences, err := conn.Prepare(s.deleteFences)
		if err != nil {
			return err
		}
		fences.BindInt64(1, r.id())
		if err := step(fences); err != nil {
			return err
		}
	}
	return nil
}
