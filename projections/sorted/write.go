package sorted

import (
	"cmp"
	"slices"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
)

// Writer adds entries to a set, from one goroutine. What it holds in memory is the entries of fewer than 4,096 events.
type Writer struct {
	set     *Set
	entries []entry // since the last Flush or run
	values  []byte  // what the entries point to
	rows    bool    // there may be rows of recent entries
}

type entry struct {
	key, sub   int64
	start, end int // of the value
}

// Writer makes a writer for one file. A file has one.
func (s *Set) Writer() *Writer { return &Writer{set: s, rows: true} }

// Put adds an entry of the event at hand; the value is copied. Keys and numbers have 63 bits.
func (w *Writer) Put(key, sub uint64, value []byte) error {
	if int64(key) < 0 || int64(sub) < 0 {
		return errors.AssertionFailedf("a key of more than 63 bits")
	}
	start := len(w.values)
	w.values = append(w.values, value...)
	w.entries = append(w.entries, entry{int64(key), int64(sub), start, len(w.values)})
	return nil
}

// Advance is called after each event, with the position of the next one.
func (w *Writer) Advance(conn *sqlite.Conn, next uint64) error {
	if next%base != 0 {
		return nil
	}
	if err := w.gatherRows(conn); err != nil {
		return err
	}
	r := run{0, int64(next)/base - 1}
	out := &blocks{set: w.set, conn: conn, run: r}
	for _, e := range w.order() {
		if err := out.add(e.key, e.sub, w.values[e.start:e.end]); err != nil {
			return err
		}
	}
	if err := out.finish(); err != nil {
		return err
	}
	w.entries, w.values = w.entries[:0], w.values[:0]
	for r.level < maxLevel && (r.index+1)%fanout == 0 {
		r = run{r.level + 1, r.index / fanout}
		if err := w.set.mergeInto(conn, r); err != nil {
			return err
		}
	}
	return nil
}

// Flush writes what is in memory as rows.
func (w *Writer) Flush(conn *sqlite.Conn) error {
	if len(w.entries) == 0 {
		return nil
	}
	insert, err := conn.Prepare(w.set.insertRecent)
	if err != nil {
		return err
	}
	var buf, old []byte
	for _, e := range w.order() {
		value := w.values[e.start:e.end]
		if w.set.merge != nil {
			found, err := w.recent(conn, e, &old)
			if err != nil {
				return err
			}
			if found {
				buf = w.set.merge(buf[:0], old, value)
				value = buf
			}
		}
		insert.BindInt64(1, e.key)
		insert.BindInt64(2, e.sub)
		bindBlob(insert, 3, value)
		if err := step(insert); err != nil {
			return err
		}
	}
	w.entries, w.values, w.rows = w.entries[:0], w.values[:0], true
	return nil
}

func (w *Writer) recent(conn *sqlite.Conn, e entry, into *[]byte) (bool, error) {
	stmt, err := conn.Prepare(w.set.oneRecent)
	if err != nil {
		return false, err
	}
	stmt.BindInt64(1, e.key)
	stmt.BindInt64(2, e.sub)
	found, err := stmt.Step()
	if found {
		*into = column(stmt, 0, *into)
	}
	return found, errors.CombineErrors(err, stmt.Reset())
}

// gatherRows takes the rows of recent entries back into memory, before the newer ones.
func (w *Writer) gatherRows(conn *sqlite.Conn) error {
	if !w.rows {
		return nil
	}
	newer, newerValues := w.entries, w.values
	w.entries, w.values = nil, nil
	stmt, err := conn.Prepare(w.set.allRecent)
	if err != nil {
		return err
	}
	for {
		more, err := stmt.Step()
		if err != nil {
			return errors.CombineErrors(err, stmt.Reset())
		}
		if !more {
			break
		}
		start, n := len(w.values), stmt.ColumnLen(2)
		w.values = slices.Grow(w.values, n)[:start+n]
		stmt.ColumnBytes(2, w.values[start:])
		w.entries = append(w.entries, entry{stmt.ColumnInt64(0), stmt.ColumnInt64(1), start, start + n})
	}
	shift := len(w.values)
	w.values = append(w.values, newerValues...)
	for _, e := range newer {
		w.entries = append(w.entries, entry{e.key, e.sub, e.start + shift, e.end + shift})
	}
	w.rows = false
	clear, err := conn.Prepare(w.set.clearRecent)
	if err != nil {
		return err
	}
	return step(clear)
}

// order sorts the entries and merges those under one key and number.
func (w *Writer) order() []entry {
	slices.SortFunc(w.entries, func(a, b entry) int {
		switch {
		case a.key != b.key:
			return cmp.Compare(a.key, b.key)
		case a.sub != b.sub:
			return cmp.Compare(a.sub, b.sub)
		}
		return cmp.Compare(a.start, b.start) // The older value stands before the newer one.
	})
	if w.set.merge == nil {
		return w.entries
	}
	out := w.entries[:0]
	for _, e := range w.entries {
		if n := len(out); n > 0 && out[n-1].key == e.key && out[n-1].sub == e.sub {
			older, start := out[n-1], len(w.values)
			// The merged value goes behind the others: they may still be read.
			w.values = slices.Grow(w.values, older.end-older.start+e.end-e.start+64)
			w.values = w.set.merge(w.values, w.values[older.start:older.end], w.values[e.start:e.end])
			out[n-1] = entry{e.key, e.sub, start, len(w.values)}
			continue
		}
		out = append(out, e)
	}
	w.entries = out
	return out
}

// bindBlob binds bytes as a blob even where there are none, which would be bound as NULL.
func bindBlob(stmt *sqlite.Stmt, param int, value []byte) {
	if len(value) == 0 {
		stmt.BindZeroBlob(param, 0)
		return
	}
	stmt.BindBytes(param, value)
}

// column copies a blob into memory that is used again.
func column(stmt *sqlite.Stmt, col int, into []byte) []byte {
	n := stmt.ColumnLen(col)
	into = slices.Grow(into[:0], n)[:n]
	stmt.ColumnBytes(col, into)
	return into
}
