package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/sqlite/pagesum"
)

const writes = "DAYBOOK_TEST_WRITES"

// busyConfig has a cache that transactions outgrow and a log that is carried over all the time.
var busyConfig = sqlite.Config{
	Schema: "CREATE TABLE n (id INTEGER PRIMARY KEY, text TEXT) STRICT;", Version: 1, PageSize: 512, Synchronous: sqlite.Normal,
	WriterCache: 8, CheckpointPages: 40,
}

func TestMain(m *testing.M) {
	if path := os.Getenv(writes); path != "" {
		writeUntilKilled(path)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled commits one row after another, with much that is taken back between them, and says each that was committed.
func writeUntilKilled(path string) {
	db, err := sqlite.Open(path, busyConfig)
	if err != nil {
		fmt.Printf("%+v\n", err)
		return
	}
	undo := errors.New("taken back")
	for n := 0; ; n++ {
		err := db.Write(context.Background(), func(conn *sqlite.Conn) error {
			if err := sqlitex.Execute(conn, "INSERT INTO n (text) VALUES ('row')", nil); err != nil || n%3 == 0 {
				return err
			}
			// More than the cache holds, twice: pages are written into the log before the end, and again.
			for range 2 {
				if err := sqlitex.Execute(conn, "UPDATE n SET text = hex(randomblob(60))", nil); err != nil {
					return err
				}
			}
			if n%3 == 1 {
				return undo
			}
			return sqlitex.Execute(conn, "DELETE FROM n WHERE id < (SELECT max(id) - 300 FROM n)", nil)
		})
		switch {
		case err == nil:
			fmt.Println("committed")
		case !errors.Is(err, undo):
			fmt.Printf("%+v\n", err)
			return
		}
	}
}

func TestAKilledWriterLosesNothingAndIsNoDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	total := 0
	for kill := range 3 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), writes+"="+path)
		out, err := child.StdoutPipe()
		if err == nil {
			err = child.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		said, lines := random.IntN(60)+1, bufio.NewScanner(out)
		for range said {
			if !lines.Scan() || lines.Text() != "committed" {
				t.Fatalf("seed %d, kill %d: %s", seed, kill, lines.Text())
			}
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			said++
		}
		_ = child.Wait() // it was killed
		left, err := pagesum.ReadLog(path)
		if err != nil || left.Lost() {
			t.Fatalf("seed %d, kill %d: %+v, %+v", seed, kill, left, err)
		}
		t.Logf("%d committed before kill %d: %+v", said, kill, left)
		db, err := sqlite.Open(path, busyConfig)
		if err != nil {
			t.Fatalf("seed %d, kill %d: %+v", seed, kill, err)
		}
		last := ""
		err = db.Read(t.Context(), func(conn *sqlite.Conn) error {
			return sqlitex.Execute(conn, "SELECT count(text), coalesce(max(id), 0) FROM n", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
				last = stmt.ColumnText(1)
				return nil
			}})
		})
		if err := errors.CombineErrors(err, db.Close()); err != nil {
			t.Fatalf("seed %d, kill %d: %+v", seed, kill, err)
		}
		if n, err := strconv.Atoi(last); err != nil || n < total+said {
			t.Fatalf("seed %d, kill %d: the last row is %s, and %d were said", seed, kill, last, total+said)
		} else {
			total = n
		}
	}
}
