package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/cockroachdb/errors"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/sqlite/pagesum"
)

// old makes a file without checksums, as earlier versions of the program did.
func old(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite|zombiezen.OpenCreate|zombiezen.OpenWAL)
	if err == nil {
		err = sqlitex.ExecuteScript(conn, schema+
			"PRAGMA user_version=1;INSERT INTO word (text) WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 20 FROM n WHERE i < 900) SELECT hex(randomblob(i)) FROM n;", nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAFileWithoutChecksumsGetsThemWhereItCannotBeMadeAgain(t *testing.T) {
	path := old(t)
	if unsummed, err := pagesum.Unsummed(path); err != nil || !unsummed {
		t.Fatalf("the old file: %v, %+v", unsummed, err)
	}
	config := small
	if _, err := sqlite.Open(path, config); !errors.Is(err, sqlite.ErrOlder) {
		t.Errorf("what can be made again: %+v", err)
	}
	config.Synchronous = sqlite.Full
	for range 2 {
		db, err := sqlite.Open(path, config)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		if n := count(t, db); n != 41 {
			t.Errorf("%d rows, want 41", n)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if unsummed, err := pagesum.Unsummed(path); err != nil || unsummed {
			t.Errorf("the new file: %v, %+v", unsummed, err)
		}
	}
	if _, err := peeked(path); err != nil {
		t.Errorf("%+v", err)
	}
}
