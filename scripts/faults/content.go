package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/infra/cli"
)

// content is what the stores of a directory hold that nobody has open: every row of the vault, every key of the memory.
type content struct{ vault, memory map[string]bool }

// contentOf reads both from end to end. It must not be called before a ledger was open in this process, which makes SQLite's layer of
// checksums known.
func contentOf(dir string) (c content, err error) {
	if c.vault, err = rows(filepath.Join(dir, "vault", "vault.db")); err != nil {
		return c, errors.Wrap(err, "the vault")
	}
	c.memory, err = keys(filepath.Join(dir, "memory"))
	return c, errors.Wrap(err, "the memory")
}

// rows gives every row of every table.
func rows(path string) (all map[string]bool, err error) {
	conn, err := sqlite.OpenConn("file:"+path+"?vfs=pagesum", sqlite.OpenReadWrite|sqlite.OpenURI)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.CombineErrors(err, conn.Close()) }()
	var tables []string
	err = sqlitex.ExecuteTransient(conn, "SELECT name FROM sqlite_schema WHERE type = 'table'", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		tables = append(tables, stmt.ColumnText(0))
		return nil
	}})
	all = map[string]bool{}
	for _, table := range tables {
		if err == nil {
			err = sqlitex.ExecuteTransient(conn, `SELECT * FROM "`+table+`"`, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
				row := table
				for i := range stmt.ColumnCount() {
					b := make([]byte, stmt.ColumnLen(i))
					stmt.ColumnBytes(i, b)
					row += fmt.Sprintf("|%x", b)
				}
				all[row] = true
				return nil
			}})
		}
	}
	return all, err
}

// keys gives every key of a Pebble store with its value.
func keys(dir string) (all map[string]bool, err error) {
	db, err := pebble.Open(dir, &pebble.Options{ReadOnly: true, FormatMajorVersion: pebble.FormatValueSeparation, Logger: quiet{}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.CombineErrors(err, db.Close()) }()
	each, err := db.NewIter(nil)
	if err != nil {
		return nil, err
	}
	all = map[string]bool{}
	for each.First(); each.Valid(); each.Next() {
		all[fmt.Sprintf("%x=%x", each.Key(), each.Value())] = true
	}
	return all, errors.CombineErrors(each.Error(), each.Close())
}

type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(string, ...any) {}

// lacks says what a store had and has no more, or holds otherwise; what it has besides was written since.
func lacks(has, had map[string]bool) int {
	n := 0
	for entry := range had {
		if !has[entry] {
			n++
		}
	}
	return n
}

// below looks beneath the answers of a ledger that showed no damage: every row of every view is folded anew and compared, and nothing may be
// gone from the vault and the memory. What cannot be read there is found, by whoever asks for it first.
func (b base) below(dir string, o outcome, said string) (outcome, string) {
	switch code := cli.Main([]string{"replay", "--data", dir}, strings.NewReader(""), io.Discard, io.Discard); code {
	case 0:
	case 3:
		return silent, "a row of a view is not what the log says"
	default:
		return found, fmt.Sprintf("replay ends with %d", code)
	}
	has, err := contentOf(dir)
	if err != nil {
		return found, err.Error()
	}
	if n := lacks(has.vault, b.content.vault); n > 0 {
		return silent, fmt.Sprintf("%d of %d rows of the vault are gone or changed", n, len(b.content.vault))
	}
	if n := lacks(has.memory, b.content.memory); n > 0 {
		return silent, fmt.Sprintf("%d of %d entries of the memory are gone or changed", n, len(b.content.memory))
	}
	return o, said
}

// sound takes the answers of a ledger that nothing was done to, and what lies beneath them.
func (f *faults) sound(ctx context.Context, b *base) error {
	dir := filepath.Join(f.dir, "trial")
	defer os.RemoveAll(dir)
	if err := copyDir(b.dir, dir); err != nil {
		return err
	}
	before, err := contentOf(dir)
	if err != nil {
		return err
	}
	l, err := open(ctx, dir, func() time.Time { return moment })
	if err != nil {
		return err
	}
	b.answers, err = l.answers()
	if err := errors.CombineErrors(err, l.close()); err != nil {
		return err
	}
	b.warnings = warnings(l)
	after, err := contentOf(dir)
	if err != nil {
		return err
	}
	// What a sound ledger changes by itself says nothing.
	b.content = content{vault: kept(before.vault, after.vault), memory: kept(before.memory, after.memory)}
	if len(b.content.vault) < people || len(b.content.memory) < batches*batch {
		return errors.Newf("%d rows of the vault and %d entries of the memory stay, which proves nothing", len(b.content.vault), len(b.content.memory))
	}
	return nil
}

// kept gives the entries that are in both.
func kept(before, after map[string]bool) map[string]bool {
	both := map[string]bool{}
	for entry := range before {
		if after[entry] {
			both[entry] = true
		}
	}
	return both
}
