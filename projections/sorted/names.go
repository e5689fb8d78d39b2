package sorted

import (
	"strings"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
)

// Names gives texts that repeat small numbers, counted from 1 in the order in which the texts came.
type Names struct{ byText, byID, newest, insert string }

const namesSchema = `
CREATE TABLE $ (
	id   INTEGER PRIMARY KEY, -- in the order in which the texts came
	text BLOB NOT NULL UNIQUE
) STRICT;
`

// NamesSchema gives the statement that makes the table.
func NamesSchema(table string) string { return strings.ReplaceAll(namesSchema, "$", table) }

// NewNames makes the names that are kept in a table.
func NewNames(table string) *Names {
	return &Names{
		byText: "SELECT id FROM " + table + " WHERE text = ?",
		byID:   "SELECT text FROM " + table + " WHERE id = ?",
		newest: "SELECT max(id) FROM " + table,
		insert: "INSERT INTO " + table + " VALUES (?, ?)",
	}
}

// maxCached bounds the names kept in memory. Others are looked up.
const maxCached = 16_384

// NameWriter numbers texts in one file. It serves one goroutine.
type NameWriter struct {
	names *Names
	known map[string]int64
	next  int64 // 0 before it was looked up
}

// Writer makes a writer for one file. A file has one.
func (n *Names) Writer() *NameWriter { return &NameWriter{names: n, known: make(map[string]int64)} }

// ID gives the number of a text, and makes one where the text is new.
func (w *NameWriter) ID(conn *sqlite.Conn, text []byte) (int64, error) {
	if id, known := w.known[string(text)]; known {
		return id, nil
	}
	id, err := w.lookUp(conn, text)
	if err != nil {
		return 0, err
	}
	if len(w.known) >= maxCached {
		clear(w.known)
	}
	w.known[string(text)] = id
	return id, nil
}

func (w *NameWriter) lookUp(conn *sqlite.Conn, text []byte) (int64, error) {
	stmt, err := conn.Prepare(w.names.byText)
	if err != nil {
		return 0, err
	}
	bindBlob(stmt, 1, text)
	if id, found, err := integer(stmt); err != nil || found {
		return id, err
	}
	if w.next == 0 {
		stmt, err := conn.Prepare(w.names.newest)
		if err != nil {
			return 0, err
		}
		newest, _, err := integer(stmt)
		if err != nil {
			return 0, err
		}
		w.next = newest + 1
	}
	insert, err := conn.Prepare(w.names.insert)
	if err != nil {
		return 0, err
	}
	insert.BindInt64(1, w.next)
	bindBlob(insert, 2, text)
	w.next++
	return w.next - 1, step(insert)
}

// Text gives the text of a number.
func (n *Names) Text(conn *sqlite.Conn, id int64) ([]byte, error) {
	stmt, err := conn.Prepare(n.byID)
	if err != nil {
		return nil, err
	}
	stmt.BindInt64(1, id)
	found, err := stmt.Step()
	if err != nil || !found {
		return nil, errors.CombineErrors(errors.CombineErrors(err, stmt.Reset()), errors.AssertionFailedf("a name of a view is missing"))
	}
	return column(stmt, 0, nil), stmt.Reset()
}

func integer(stmt *sqlite.Stmt) (n int64, found bool, err error) {
	if found, err = stmt.Step(); found {
		n = stmt.ColumnInt64(0)
	}
	return n, found, errors.CombineErrors(err, stmt.Reset())
}
