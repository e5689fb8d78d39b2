package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/infra/sqlite/pagesum"
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
	// With checksums that fit: it is the program that does it, and not the disk.
	layer, err := pagesum.Register()
	ts.Check(err)
	conn, err := sqlite.OpenConn("file:"+files[0]+"?vfs="+layer, sqlite.OpenReadWrite|sqlite.OpenURI)
	ts.Check(err)
	ts.Check(sqlitex.ExecuteScript(conn, strings.Join(args[1:], " "), nil))
	ts.Check(conn.Close())
}

// A script that says stop ends there and passes, whatever follows.
func TestNoScriptEndsBeforeItsEnd(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%v, %d scripts", err, len(scripts))
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if first, _, _ := strings.Cut(line, " "); first == "stop" || first == "skip" {
				t.Errorf("%s:%d ends the script; write halt to stop the ledger", script, i+1)
			}
		}
	}
}
