package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/infra/sqlite"
)

// small makes files of few pages.
var small = sqlite.Config{Schema: schema, Version: 1, PageSize: 512, Synchronous: sqlite.Normal, Readers: 1}

// fill writes rows of every kind of page: inner ones, an index, values that take pages of their own, and pages that are free again.
func fill(t *testing.T, db *sqlite.DB, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := db.Write(t.Context(), insert(fmt.Sprintf("%03d", n)+strings.Repeat(string(rune('a'+n%26)), 40+n%7*300))); err != nil {
			t.Fatal(err)
		}
	}
}

// content is all that a database answers, by table and by index.
func content(conn *sqlite.Conn) (all string, err error) {
	var b strings.Builder
	for _, query := range []string{"SELECT text FROM word ORDER BY id", "SELECT text FROM word INDEXED BY sqlite_autoindex_word_1 WHERE text > '' ORDER BY text"} {
		err := sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			b.WriteString(stmt.ColumnText(0) + "\n")
			return nil
		}})
		if err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func contentOf(t *testing.T, db *sqlite.DB) (all string, err error) {
	t.Helper()
	err = db.Read(t.Context(), func(conn *sqlite.Conn) (err error) {
		all, err = content(conn)
		return err
	})
	return all, err
}

func peeked(path string) (all string, err error) {
	err = sqlite.Peek(path, func(conn *sqlite.Conn) (err error) {
		all, err = content(conn)
		return err
	})
	return all, err
}

// stride is how many bits apart the flips of a test are: those of each byte come round in turn. DAYBOOK_FLIPS is another, and 1 is every bit.
func stride(t *testing.T, bits int) int {
	t.Helper()
	set := os.Getenv("DAYBOOK_FLIPS")
	if set == "" {
		return bits
	}
	n, err := strconv.Atoi(set)
	if err != nil || n < 1 {
		t.Fatalf("DAYBOOK_FLIPS is %q", set)
	}
	return n
}

func TestAFlippedBitOfADatabaseIsAnErrorOrInUnusedSpace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, path, small)
	fill(t, db, 0, 12)
	if err := db.Write(t.Context(), func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "DELETE FROM word WHERE id = 6", nil)
	}); err != nil {
		t.Fatal(err)
	}
	want, err := contentOf(t, db)
	if err := errors.CombineErrors(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found, harmless := 0, 0
	var bits []int
	for bit := 8 * 16; bit < 8*24; bit++ { // What of the header says how pages are read: each bit.
		bits = append(bits, bit)
	}
	for bit := 0; bit < 8*len(sound); bit += stride(t, 1511) {
		bits = append(bits, bit)
	}
	for _, bit := range bits {
		changed := bytes.Clone(sound)
		changed[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		switch got, err := peeked(path); {
		case err != nil && !errors.Is(err, sqlite.ErrDamaged):
			t.Fatalf("bit %d: %+v", bit, err)
		case err != nil:
			found++
		case got != want:
			t.Fatalf("bit %d of byte %d gives another answer", bit%8, bit/8)
		case bit < 8*512:
			t.Fatalf("bit %d of the first page is not found", bit)
		default:
			harmless++
		}
	}
	t.Logf("%d pages: %d flips found, %d in unused space", len(sound)/512, found, harmless)
	if found < harmless {
		t.Errorf("%d flips found, %d not", found, harmless)
	}
}

func TestATornDatabaseIsAnErrorOrHasItsContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, path, small)
	fill(t, db, 0, 12)
	want, err := contentOf(t, db)
	if err := errors.CombineErrors(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for end := 1; end < len(sound); end += 701 {
		if err := os.WriteFile(path, sound[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := peeked(path); err == nil && got != want || err != nil && !errors.Is(err, sqlite.ErrDamaged) {
			t.Fatalf("cut off at byte %d of %d: %+v", end, len(sound), err)
		}
	}
}

func TestAFlippedBitIsFoundWhileTheDatabaseIsOpen(t *testing.T) {
	for _, name := range []string{"", "-wal"} {
		t.Run("a.db"+name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			db := open(t, path, small)
			fill(t, db, 0, 30)
			if name == "" {
				if err := db.Checkpoint(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			file, err := os.OpenFile(path+name, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			info, err := file.Stat()
			if err != nil {
				t.Fatal(err)
			}
			for at := int64(600); at < info.Size(); at += 512 { // one bit in every page
				b := make([]byte, 1)
				if _, err := file.ReadAt(b, at); err != nil {
					t.Fatal(err)
				}
				b[0] ^= 4
				if _, err := file.WriteAt(b, at); err != nil {
					t.Fatal(err)
				}
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			_, err = contentOf(t, db)
			if !errors.Is(err, sqlite.ErrDamaged) || name == "" && !strings.Contains(err.Error(), "page ") || name != "" && !strings.Contains(err.Error(), "frame ") {
				t.Errorf("%+v", err)
			}
		})
	}
}
