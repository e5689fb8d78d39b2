package promises

import (
	"encoding/binary"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
)

// maxExamples bounds the positions that are shown of each side.
const maxExamples = 5

type tallyKey struct {
	controller domain.ControllerID
	promise    int
	side       side
	compelled  string
}

// tally counts the events that say one thing about one promise of one controller.
type tally struct {
	key    tallyKey
	events int64
	last   int64   // recorded, in milliseconds
	newest []int64 // positions, oldest first
	dirty  bool
}

// tally gives a tally, which is read where it is not in memory.
func (f *folder) tally(conn *sqlite.Conn, k tallyKey) (*tally, error) {
	if t := f.tallies[k]; t != nil {
		return t, nil
	}
	t := &tally{key: k}
	if err := rows(conn, "SELECT events, last, newest FROM tally WHERE controller = ? AND promise = ? AND side = ? AND compelled = ?",
		func(s *sqlite.Stmt) error { return t.scan(s, 0) }, k.controller, k.promise, int(k.side), k.compelled); err != nil {
		return nil, err
	}
	f.tallies[k] = t
	return t, nil
}

func (t *tally) scan(s *sqlite.Stmt, first int) error {
	t.events, t.last = s.ColumnInt64(first), s.ColumnInt64(first+1)
	for packed, at := blob(s, first+2), int64(0); len(packed) > 0; {
		n, size := binary.Uvarint(packed)
		if size <= 0 {
			return errors.AssertionFailedf("the positions of a promise are damaged")
		}
		at += int64(n)
		t.newest, packed = append(t.newest, at), packed[size:]
	}
	return nil
}

// pack writes the positions, each as the difference from the one before.
func (t *tally) pack() []byte {
	b, last := []byte{}, int64(0)
	for _, at := range t.newest {
		b, last = binary.AppendUvarint(b, uint64(at-last)), at
	}
	return b
}

// mark counts an event in a tally.
func (f *folder) mark(conn *sqlite.Conn, e *domain.Recorded, k tallyKey) error {
	t, err := f.tally(conn, k)
	if err == nil {
		f.count(t, e)
	}
	return err
}

func (f *folder) count(t *tally, e *domain.Recorded) {
	t.events++
	t.last = e.Recorded.UnixMilli()
	if len(t.newest) == maxExamples {
		copy(t.newest, t.newest[1:])
		t.newest[maxExamples-1] = int64(e.Position)
	} else {
		t.newest = append(t.newest, int64(e.Position))
	}
	if !t.dirty {
		t.dirty = true
		f.dirty = append(f.dirty, t)
	}
}
