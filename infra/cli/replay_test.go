package cli_test

import (
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// tamper changes the one file that a pattern names by SQL statements, beside the program.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: tamper PATTERN STATEMENT")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("%s names %d files", args[0], len(files))
	}
	conn, err := sqlite.OpenConn(files[0], sqlite.OpenReadWrite)
	ts.Check(err)
	ts.Check(sqlitex.ExecuteScript(conn, strings.Join(args[1:], " "), nil))
	ts.Check(conn.Close())
}
