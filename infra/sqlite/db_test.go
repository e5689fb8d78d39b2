package sqlite_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
)

const schema = `
-- One table is enough.
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE uses (word INTEGER NOT NULL REFERENCES word(id));
`

func open(t *testing.T, path string, config sqlite.Config) *sqlite.DB {
	t.Helper()
	if config.Schema == "" {
		config.Schema, config.Version = schema, 1
	}
	db, err := sqlite.Open(path, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func insert(text string) func(*sqlite.Conn) error {
	return func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "INSERT INTO word (text) VALUES (?)", &sqlitex.ExecOptions{Args: []any{text}})
	}
}

func count(t *testing.T, db *sqlite.DB) (n int) {
	t.Helper()
	if err := db.Read(t.Context(), func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "SELECT count(*) FROM word", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			n = stmt.ColumnInt(0)
			return nil
		}})
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestACommittedTransactionIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "a.db")
	db := open(t, path, sqlite.Config{})
	if err := db.Write(t.Context(), insert("one")); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, open(t, path, sqlite.Config{})); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestFilesAreReadableByTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	db := open(t, filepath.Join(dir, "a.db"), sqlite.Config{})
	if err := db.Write(t.Context(), insert("one")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d files, want database, log and index: %v", len(entries), err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600: %v", entry.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, want 0700: %v", info.Mode(), err)
	}
}

func TestTransactionsThatDoNotCommit(t *testing.T) {
	refused := errors.Wrap(domain.ErrInvalid, "refused by the test")
	for name, write := range map[string]func(db *sqlite.DB) error{
		"an error of the caller comes back as it is": func(db *sqlite.DB) error {
			err := db.Write(t.Context(), func(conn *sqlite.Conn) error {
				if err := insert("one")(conn); err != nil {
					return err
				}
				return refused
			})
			if !errors.Is(err, refused) {
				t.Errorf("got %v", err)
			}
			return err
		},
		"a constraint is internal": func(db *sqlite.DB) error {
			err := db.Write(t.Context(), func(conn *sqlite.Conn) error {
				return errors.CombineErrors(insert("one")(conn), insert("one")(conn))
			})
			if errors.IsAny(err, domain.ErrInvalid, domain.ErrConflict, domain.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
			return err
		},
		"an ended context is unavailable and keeps its cause": func(db *sqlite.DB) error {
			ctx, cancel := context.WithCancel(t.Context())
			err := db.Write(ctx, func(conn *sqlite.Conn) error {
				if err := insert("one")(conn); err != nil {
					return err
				}
				cancel()
				return insert("two")(conn)
			})
			if !errors.Is(err, domain.ErrUnavailable) || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			return err
		},
		"a panic passes through": func(db *sqlite.DB) (err error) {
			defer func() {
				if recovered := recover(); recovered != "test" {
					t.Errorf("recovered %v", recovered)
				}
				err = refused
			}()
			return db.Write(t.Context(), func(conn *sqlite.Conn) error {
				if err := insert("one")(conn); err != nil {
					return err
				}
				panic("test")
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, filepath.Join(t.TempDir(), "a.db"), sqlite.Config{})
			if err := write(db); err == nil {
				t.Error("the transaction was committed")
			}
			if n := count(t, db); n != 0 {
				t.Errorf("%d rows, want none", n)
			}
			if err := db.Write(t.Context(), insert("after")); err != nil {
				t.Errorf("the writer is lost: %v", err)
			}
		})
	}
}

func TestAReaderKeepsItsSnapshotAndCannotWrite(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a.db"), sqlite.Config{Readers: 1})
	err := db.Read(t.Context(), func(conn *sqlite.Conn) error {
		before := 0
		read := func(stmt *sqlite.Stmt) error {
			before = stmt.ColumnInt(0)
			return nil
		}
		for _, word := range []string{"one", "two"} {
			if err := sqlitex.Execute(conn, "SELECT count(*) FROM word", &sqlitex.ExecOptions{ResultFunc: read}); err != nil {
				return err
			}
			if before != 0 {
				return errors.New("the snapshot moved")
			}
			if err := db.Write(t.Context(), insert(word)); err != nil {
				return err
			}
		}
		return insert("from a reader")(conn)
	})
	if err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("got %v, want the reader's write refused", err)
	}
	if n := count(t, db); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestVersions(t *testing.T) {
	for name, rule := range map[string]struct {
		first, then int
		want        error
	}{
		"the same version opens":      {2, 2, nil},
		"a newer database is refused": {3, 2, sqlite.ErrNewer},
		"an older one is refused":     {1, 2, sqlite.ErrOlder},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			db := open(t, path, sqlite.Config{Schema: schema, Version: rule.first})
			if err := errors.CombineErrors(db.Write(t.Context(), insert("kept")), db.Close()); err != nil {
				t.Fatal(err)
			}
			again, err := sqlite.Open(path, sqlite.Config{Schema: schema, Version: rule.then})
			if !errors.Is(err, rule.want) {
				t.Fatalf("got %v, want %v", err, rule.want)
			}
			if again != nil {
				if err := again.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestACheckpointLeavesNothingInTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, path, sqlite.Config{SecureDelete: true})
	if err := db.Write(t.Context(), insert("a word that must vanish")); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "DELETE FROM word", nil)
	}); err != nil {
		t.Fatal(err)
	}
	if logged, err := os.ReadFile(path + "-wal"); err != nil || !bytes.Contains(logged, []byte("must vanish")) {
		t.Fatalf("the test proves nothing, the word was never there: %v", err)
	}
	if err := db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil || bytes.Contains(content, []byte("must vanish")) {
			t.Errorf("%s still has the word: %v", filepath.Base(name), err)
		}
	}
}

func TestCloseWaitsAndThenRefuses(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a.db"), sqlite.Config{})
	var wait sync.WaitGroup
	started := make(chan struct{})
	var result error
	wait.Go(func() {
		result = db.Write(context.Background(), func(conn *sqlite.Conn) error {
			close(started)
			return insert("one")(conn)
		})
	})
	<-started
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	wait.Wait()
	if result != nil {
		t.Errorf("a write that had begun was refused: %v", result)
	}
	if err := db.Write(t.Context(), insert("two")); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestAFileThatIsNotADatabaseIsRefusedAndLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	content := bytes.Repeat([]byte("not a database "), 1000)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(path, sqlite.Config{Schema: schema, Version: 1}); err == nil {
		t.Error("opened")
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, content) {
		t.Errorf("the file was changed: %v", err)
	}
}
