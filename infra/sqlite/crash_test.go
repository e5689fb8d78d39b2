package sqlite_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
)

// crashed gives the files that a killed process leaves of a database with transactions in its log: name to content.
func crashed(t *testing.T, config sqlite.Config, carried bool) (files map[string][]byte, moments []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, path, config)
	moment := func() {
		all, err := contentOf(t, db)
		if err != nil {
			t.Fatal(err)
		}
		moments = append(moments, all)
	}
	fill(t, db, 0, 6)
	if err := db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	moment()
	for n := range 4 {
		fill(t, db, 6+n, 7+n)
		moment()
	}
	if carried {
		if err := db.Read(t.Context(), func(conn *sqlite.Conn) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if err := db.Carry(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	files = map[string][]byte{}
	for _, name := range []string{"", "-wal", "-shm"} {
		content, err := os.ReadFile(path + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = content
	}
	return files, moments
}

func TestAFlippedBitOfALogIsFoundAfterACrash(t *testing.T) {
	for name, row := range map[string]struct {
		synchronous sqlite.Synchronous
		carried     bool
		earlier     bool // it may go back to an earlier transaction
	}{
		"what waits for the disk loses nothing":          {sqlite.Full, false, false},
		"what can be made again goes back":               {sqlite.Normal, false, true},
		"nothing goes back behind what was carried over": {sqlite.Normal, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			config := small
			config.Synchronous = row.synchronous
			files, moments := crashed(t, config, row.carried)
			last := moments[len(moments)-1]
			path := filepath.Join(t.TempDir(), "b.db")
			found, harmless, back := 0, 0, 0
			for bit := 0; bit < 8*len(files["-wal"]); bit += stride(t, 3001) {
				for name, content := range files {
					if content = bytes.Clone(content); name == "-wal" {
						content[bit/8] ^= 1 << (bit % 8)
					}
					if err := os.WriteFile(path+name, content, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				db, err := sqlite.Open(path, config)
				if err != nil {
					if !errors.Is(err, sqlite.ErrDamaged) || !errors.Is(err, domain.ErrUnavailable) {
						t.Fatalf("bit %d: %+v", bit, err)
					}
					found++
					continue
				}
				got, err := contentOf(t, db)
				if err := errors.CombineErrors(err, db.Close()); err != nil {
					t.Fatalf("bit %d: %+v", bit, err)
				}
				switch {
				case got == last:
					harmless++
				case !row.earlier || !strings.Contains("\x00"+strings.Join(moments, "\x00")+"\x00", "\x00"+got+"\x00"):
					t.Fatalf("bit %d of byte %d gives another answer", bit%8, bit/8)
				default:
					back++
				}
			}
			t.Logf("%d found, %d harmless, %d went back to an earlier transaction", found, harmless, back)
			if found+back == 0 {
				t.Error("nothing was found")
			}
		})
	}
}

func TestALogThatIsCutOffIsFoundAfterACrash(t *testing.T) {
	config := small
	config.Synchronous = sqlite.Full
	files, _ := crashed(t, config, false)
	for end := 0; end < len(files["-wal"]); end += 1201 {
		path := filepath.Join(t.TempDir(), "b.db")
		for name, content := range files {
			if name == "-wal" {
				content = content[:end]
			}
			if err := os.WriteFile(path+name, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := sqlite.Open(path, config); !errors.Is(err, sqlite.ErrDamaged) {
			t.Fatalf("cut off at byte %d: %+v", end, err)
		}
	}
}

// A loss of power leaves an index as it was some time ago: the log has begun anew since, and what the index tells of is in the database.
func TestAnIndexOfAnEarlierLogIsNotBelieved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	config := small
	config.Synchronous = sqlite.Full
	db := open(t, path, config)
	fill(t, db, 0, 20)
	earlier := fileOf(t, path+"-shm")
	if err := db.Carry(t.Context()); err != nil {
		t.Fatal(err)
	}
	fill(t, db, 20, 22) // the log begins anew
	want, err := contentOf(t, db)
	if err != nil {
		t.Fatal(err)
	}
	for name, index := range map[string][]byte{"an earlier log's": earlier, "the log's own": fileOf(t, path+"-shm")} {
		lost := filepath.Join(t.TempDir(), "b.db")
		for name, content := range map[string][]byte{"": fileOf(t, path), "-wal": fileOf(t, path+"-wal"), "-shm": index} {
			if err := os.WriteFile(lost+name, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := contentOf(t, open(t, lost, config)); err != nil || got != want {
			t.Errorf("with %s index: %+v, the same %v", name, err, got == want)
		}
	}
}

func fileOf(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
