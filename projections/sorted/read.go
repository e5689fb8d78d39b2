package sorted

import (
	"math"
	"slices"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
)

// Ascend gives the entries of a key with the numbers from from on, below below, in the order in which their events came, until
// yield returns false. end is the position at which the snapshot of conn stands. The values are valid during the call only. Where
// numbers are positions, they come in order.
func (s *Set) Ascend(conn *sqlite.Conn, end, key, from, below uint64, yield func(sub uint64, value []byte) bool) error {
	if key > math.MaxInt64 {
		return nil
	}
	k, lo, hi := int64(key), clamp(from), clamp(below)
	for _, r := range runs(int64(end)) {
		if s.merge == nil && (r.end() <= lo || r.first() >= hi) {
			continue
		}
		if more, err := s.ascendRun(conn, r, k, lo, hi, yield); err != nil || !more {
			return err
		}
	}
	_, err := s.rows(conn, s.selectRecent, k, lo, hi, yield)
	return err
}

// Descend gives the entries that Ascend gives, the other way round.
func (s *Set) Descend(conn *sqlite.Conn, end, key, from, below uint64, yield func(sub uint64, value []byte) bool) error {
	if key > math.MaxInt64 {
		return nil
	}
	k, lo, hi := int64(key), clamp(from), clamp(below)
	if more, err := s.rows(conn, s.lastRecent, k, lo, hi, yield); err != nil || !more {
		return err
	}
	for _, r := range slices.Backward(runs(int64(end))) {
		if s.merge == nil && (r.end() <= lo || r.first() >= hi) {
			continue
		}
		if more, err := s.descendRun(conn, r, k, lo, hi, yield); err != nil || !more {
			return err
		}
	}
	return nil
}

func clamp(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

func (s *Set) rows(conn *sqlite.Conn, query string, key, lo, hi int64, yield func(uint64, []byte) bool) (bool, error) {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return false, err
	}
	stmt.BindInt64(1, key)
	stmt.BindInt64(2, lo)
	stmt.BindInt64(3, hi)
	var value []byte
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err == nil, errors.CombineErrors(err, stmt.Reset())
		}
		value = column(stmt, 1, value)
		if !yield(uint64(stmt.ColumnInt64(0)), value) {
			return false, stmt.Reset()
		}
	}
}

// seek opens the block of a run in which an entry would stand, before it. It answers false where all blocks begin after it.
func (s *Set) seek(c *cursor, key, sub, from int64) (bool, error) {
	stmt, err := c.conn.Prepare(s.seekBlock)
	if err != nil {
		return false, err
	}
	stmt.BindInt64(1, c.run.id())
	stmt.BindInt64(2, key)
	stmt.BindInt64(3, sub)
	stmt.BindInt64(4, c.run.block(0))
	found, err := stmt.Step()
	if found {
		c.seq = stmt.ColumnInt64(0) + 1
		err = c.open(column(stmt, 1, c.block))
	}
	if err = errors.CombineErrors(err, stmt.Reset()); err != nil || !found {
		return false, err
	}
	return true, c.skip(key, from)
}

func (s *Set) ascendRun(conn *sqlite.Conn, r run, key, lo, hi int64, yield func(uint64, []byte) bool) (bool, error) {
	c := cursor{set: s, conn: conn, run: r}
	// Where nothing is found the run begins after (key, lo): with the key itself, or beyond it.
	if _, err := s.seek(&c, key, lo, lo); err != nil {
		return false, err
	}
	for {
		more, err := c.next()
		if err != nil {
			return false, err
		}
		if !more || c.key > key || c.key == key && c.sub >= hi {
			return true, nil
		}
		if c.key == key && c.sub >= lo && !yield(uint64(c.sub), c.value) {
			return false, nil
		}
	}
}

type hit struct {
	sub   int64
	value []byte
}

func (s *Set) descendRun(conn *sqlite.Conn, r run, key, lo, hi int64, yield func(uint64, []byte) bool) (bool, error) {
	c := cursor{set: s, conn: conn, run: r}
	found, err := s.seek(&c, key, hi-1, lo)
	if err != nil || !found {
		return err == nil, err
	}
	var hits []hit
	for seq := c.seq - 1; ; {
		before := false // an entry before those sought stands in the block: there are no more in the block before
		for hits = hits[:0]; len(c.rest) > 0; {
			if err := c.decode(); err != nil {
				return false, err
			}
			if c.key > key || c.key == key && c.sub >= hi {
				break
			}
			if c.key < key || c.sub < lo {
				before = true
				continue
			}
			hits = append(hits, hit{c.sub, c.value})
		}
		for _, h := range slices.Backward(hits) {
			if !yield(uint64(h.sub), h.value) {
				return false, nil
			}
		}
		if seq--; before || seq < 0 {
			return true, nil
		}
		if found, err := c.load(seq); err != nil || !found {
			return false, errors.CombineErrors(err, errors.AssertionFailedf("a block of sorted entries is missing"))
		}
		if err := c.skip(key, lo); err != nil {
			return false, err
		}
	}
}
