package replay

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
)

// The limits of what is shown of differences.
const (
	// MaxDifferences is how many of one view are shown; the others are counted.
	MaxDifferences = 20
	// maxShown is how many characters of a value are shown.
	maxShown = 60
)

// Difference is one row that is not the same in both files.
type Difference struct {
	Table string
	// Key is the row's key as column=value, with commas.
	Key string
	// Live and Made show the columns that differ as column=value, with commas; Live is empty where the live view lacks the row, and
	// Made where the rebuilt one does. Long values are cut.
	Live, Made string
}

// compared is what a comparison of two files found.
type compared struct {
	live, made  uint64 // rows
	tables      int
	differences []Difference
	count       uint64
}

// table is one table with its columns; the first of them are its key.
type table struct {
	name    string
	columns []string
	key     int
}

// compare holds all rows of two files against each other, table by table in the order of their keys, in constant memory. The
// files were made by the same statements.
func compare(ctx context.Context, log projections.Log, live, made *sqlite.Conn) (compared, error) {
	var c compared
	tables, err := tablesOf(made)
	if err != nil {
		return c, err
	}
	for _, t := range tables {
		hold := c.table
		if t.name == progressTable {
			hold = func(ctx context.Context, t table, live, made *sqlite.Conn) error {
				return c.progress(ctx, log, t, live, made)
			}
		}
		if err := hold(ctx, t, live, made); err != nil {
			return c, errors.Wrapf(err, "compare table %s", errors.Safe(t.name))
		}
	}
	c.tables = len(tables)
	return c, nil
}

// tablesOf lists the tables of a file, the key of each in front of its other columns. Names are those of our own schemas.
func tablesOf(conn *sqlite.Conn) ([]table, error) {
	var list []table
	names, err := texts(conn, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		t := table{name: name}
		keys, err := texts(conn, "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", name)
		if err != nil {
			return nil, err
		}
		rest, err := texts(conn, "SELECT name FROM pragma_table_info(?) WHERE pk = 0 ORDER BY cid", name)
		if err != nil {
			return nil, err
		}
		if t.key = len(keys); t.key == 0 {
			t.key = len(rest) // Without a key the whole row is one.
		}
		t.columns = append(keys, rest...)
		list = append(list, t)
	}
	return list, nil
}

func texts(conn *sqlite.Conn, query string, args ...string) (list []string, err error) {
	stmt, _, err := conn.PrepareTransient(query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.CombineErrors(err, stmt.Finalize()) }()
	for i, arg := range args {
		stmt.BindText(i+1, arg)
	}
	for {
		found, err := stmt.Step()
		if err != nil || !found {
			return list, err
		}
		list = append(list, stmt.ColumnText(0))
	}
}

// scan gives the rows of the table in the order of its key.
func (t table) scan(conn *sqlite.Conn) (*sqlite.Stmt, error) {
	quoted := make([]string, len(t.columns))
	for i, column := range t.columns {
		quoted[i] = `"` + column + `"`
	}
	stmt, _, err := conn.PrepareTransient("SELECT " + strings.Join(quoted, ", ") + ` FROM "` + t.name + `" ORDER BY ` + strings.Join(quoted[:t.key], ", "))
	return stmt, err
}

// table walks through both tables side by side.
func (c *compared) table(ctx context.Context, t table, live, made *sqlite.Conn) (err error) {
	a, err := t.scan(live)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, a.Finalize()) }()
	b, err := t.scan(made)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, b.Finalize()) }()
	inA, err := a.Step()
	if err != nil {
		return err
	}
	inB, err := b.Step()
	for err == nil && (inA || inB) {
		order := t.order(a, b, inA, inB)
		if order <= 0 {
			c.live++
		}
		if order >= 0 {
			c.made++
		}
		if order != 0 || !t.equal(a, b) {
			c.differ(t, a, b, order)
		}
		if order <= 0 {
			inA, err = a.Step()
		}
		if err == nil && order >= 0 {
			inB, err = b.Step()
		}
		if err == nil && (c.live+c.made)%8192 < 2 && ctx.Err() != nil {
			err = errors.Mark(errors.Wrap(context.Cause(ctx), "compare two views"), domain.ErrUnavailable)
		}
	}
	return err
}

// order says which of two rows comes first by its key; one that is not there comes last.
func (t table) order(a, b *sqlite.Stmt, inA, inB bool) int {
	switch {
	case !inA:
		return 1
	case !inB:
		return -1
	}
	for i := range t.key {
		if order := values(a, b, i); order != 0 {
			return order
		}
	}
	return 0
}

func (t table) equal(a, b *sqlite.Stmt) bool {
	for i := range t.columns {
		if values(a, b, i) != 0 {
			return false
		}
	}
	return true
}

// values compares as SQLite sorts: nothing, numbers, text, bytes. Views have no other numbers than whole ones.
func values(a, b *sqlite.Stmt, i int) int {
	kind := a.ColumnType(i)
	if order := cmp.Compare(rank(kind), rank(b.ColumnType(i))); order != 0 {
		return order
	}
	switch kind {
	case sqlite.TypeInteger:
		return cmp.Compare(a.ColumnInt64(i), b.ColumnInt64(i))
	case sqlite.TypeFloat:
		return cmp.Compare(a.ColumnFloat(i), b.ColumnFloat(i))
	case sqlite.TypeText:
		return cmp.Compare(a.ColumnText(i), b.ColumnText(i))
	case sqlite.TypeBlob:
		return bytes.Compare(blob(a, i), blob(b, i))
	case sqlite.TypeNull:
	}
	return 0
}

func rank(kind sqlite.ColumnType) int {
	switch kind {
	case sqlite.TypeNull:
		return 0
	case sqlite.TypeInteger, sqlite.TypeFloat:
		return 1
	case sqlite.TypeText:
		return 2
	case sqlite.TypeBlob:
	}
	return 3
}

func blob(stmt *sqlite.Stmt, i int) []byte {
	b := make([]byte, stmt.ColumnLen(i))
	stmt.ColumnBytes(i, b)
	return b
}

// differ keeps a difference, as long as there is room.
func (c *compared) differ(t table, a, b *sqlite.Stmt, order int) {
	if c.count++; len(c.differences) == MaxDifferences {
		return
	}
	d := Difference{Table: t.name}
	all := func(int) bool { return true }
	switch {
	case order < 0:
		d.Key, d.Live = t.show(a, 0, t.key, all), t.show(a, t.key, len(t.columns), all)
	case order > 0:
		d.Key, d.Made = t.show(b, 0, t.key, all), t.show(b, t.key, len(t.columns), all)
	default:
		changed := func(i int) bool { return values(a, b, i) != 0 }
		d.Key = t.show(a, 0, t.key, all)
		d.Live, d.Made = t.show(a, t.key, len(t.columns), changed), t.show(b, t.key, len(t.columns), changed)
	}
	c.differences = append(c.differences, d)
}

// show writes columns as column=value.
func (t table) show(stmt *sqlite.Stmt, from, to int, wanted func(int) bool) string {
	var parts []string
	for i := from; i < to; i++ {
		if wanted(i) {
			parts = append(parts, t.columns[i]+"="+shown(stmt, i))
		}
	}
	if len(parts) == 0 {
		return "there"
	}
	return strings.Join(parts, ", ")
}

func shown(stmt *sqlite.Stmt, i int) string {
	text := ""
	switch stmt.ColumnType(i) {
	case sqlite.TypeNull:
		return "null"
	case sqlite.TypeInteger:
		return strconv.FormatInt(stmt.ColumnInt64(i), 10)
	case sqlite.TypeBlob:
		text = "x'" + hex.EncodeToString(blob(stmt, i)) + "'"
	case sqlite.TypeText, sqlite.TypeFloat:
		text = strconv.Quote(stmt.ColumnText(i))
	}
	if runes := []rune(text); len(runes) > maxShown {
		return string(runes[:maxShown]) + "…"
	}
	return text
}
