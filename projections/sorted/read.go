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

// seek gives the block of a run in which an entry would stand, and false where all blocks begin after it.
func (s *Set) seek(conn *sqlite.Conn, r run, key, sub int64) (int64, bool, error) {
	stmt, err := conn.Prepare(s.selectFence)
	if err != nil {
		return 0, false, err
	}
	stmt.BindInt64(1, r.id())
	stmt.BindInt64(2, key)
	stmt.BindInt64(3, sub)
	found, err := stmt.Step()
	seq := int64(0)
	if found {
		seq = stmt.ColumnInt64(0)
	}
	return seq, found, errors.CombineErrors(err, stmt.Reset())
}

func (s *Set) ascendRun(conn *sqlite.Conn, r run, key, lo, hi int64, yield func(uint64, []byte) bool) (bool, error) {
	seq, found, err := s.seek(conn, r, key, lo)
	if err != nil {
		return false, err
	}
	if !found {
		// The run begins after (key, lo): with the key itself, or beyond it.
		seq = 0
	}
	for c := (cursor{set: s, conn: conn, run: r, seq: seq}); ; {
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

func (s *Set) descendRun(conn *sqlite.Conn, r run, key, lo, hi int64, yield func(uint64, []byte) bool) (bool, error) {
	seq, found, err := s.seek(conn, r, key, hi-1)
	if err != nil || !found {
		return err == nil, err
	}
	type hit struct {
		sub   int64
		value []byte
	}
	var hits []hit
	for c := (cursor{set: s, conn: conn, run: r}); seq >= 0; seq-- {
		hits = hits[:0]
		if found, err := c.load(seq); err != nil || !found {
			return false, errors.CombineErrors(err, errors.AssertionFailedf("a block of sorted entries is missing"))
		}
		first := true
		before := false // the block begins before the key
		for len(c.rest) > 0 {
			if err := c.decode(); err != nil {
				return false, err
			}
			if first {
				first, before = false, c.key < key || c.key == key && c.sub < lo
			}
			if c.key == key && c.sub >= lo && c.sub < hi {
				hits = append(hits, hit{c.sub, c.value})
			}
		}
		for _, h := range slices.Backward(hits) {
			if !yield(uint64(h.sub), h.value) {
				return false, nil
			}
		}
		if before {
			return true, nil
		}
	}
	return true, nil
}
