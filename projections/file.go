package projections

import (
	"context"
	"crypto/sha256"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
)

// progressSchema is added to the schema of every view.
const progressSchema = `
CREATE TABLE progress (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	version  INTEGER NOT NULL, -- of the projection
	position INTEGER NOT NULL, -- of the next event
	last     BLOB    NOT NULL, -- SHA-256 of the event before it
	built    INTEGER NOT NULL  -- 1 once the end of the log was reached
) STRICT;
`

// file is one file of a view: NAME.GENERATION.db. A rebuild makes one of a higher generation. It is used by one goroutine,
// except for reading.
type file struct {
	projection Projection
	store      Store
	path       string
	generation int

	folder   Folder
	version  int
	position domain.Position
	last     []byte // nil where there is none
	verified bool   // last was found in the log
	built    bool

	stands atomic.Pointer[stands]
}

// stands says that what was committed at one position is what the view says up to another, because the events between concern it not:
// progress that nothing came of is not written each time.
type stands struct{ committed, until domain.Position }

// quiet bounds how many events that concern a view not a start may read again.
const quiet = 65_536

// at gives the position at which a snapshot stands that was committed at another.
func (f *file) at(committed domain.Position) domain.Position {
	if s := f.stands.Load(); s != nil && s.committed == committed {
		return s.until
	}
	return committed
}

func openFile(p Projection, open Opener, dir string, generation int) (*file, error) {
	schema := p.Schema() + progressSchema
	f := &file{
		projection: p, generation: generation, folder: p.Folder(), version: p.Version(),
		path: filePath(dir, p.Name(), generation),
	}
	// The checksum of the schema tells a file with other tables, even where the version was forgotten to be raised.
	_, random := p.(Random)
	store, err := open(f.path, Tables{Version: int(crc32.ChecksumIEEE([]byte(schema))>>1) | 1, Schema: schema, Random: random})
	if err != nil {
		return nil, errors.Wrapf(err, "open view %s", errors.Safe(p.Name()))
	}
	f.store = store
	if err := store.Read(context.Background(), f.load); err != nil {
		return nil, errors.WithSecondaryError(errors.Wrapf(err, "read progress of %s", errors.Safe(p.Name())), store.Close())
	}
	return f, nil
}

func filePath(dir, name string, generation int) string {
	return filepath.Join(dir, name+"."+strconv.Itoa(generation)+".db")
}

// load reads the progress; a new file has none.
func (f *file) load(conn *sqlite.Conn) error {
	stmt, err := conn.Prepare("SELECT version, position, last, built FROM progress")
	if err != nil {
		return err
	}
	found, err := stmt.Step()
	if err != nil || !found {
		return err
	}
	f.version, f.position = stmt.ColumnInt(0), domain.Position(stmt.ColumnInt64(1))
	if n := stmt.ColumnLen(2); n > 0 {
		f.last = make([]byte, n)
		stmt.ColumnBytes(2, f.last)
	}
	f.built = stmt.ColumnBool(3)
	f.stands.Store(&stands{f.position, f.position})
	return stmt.Reset()
}

// save writes the progress that the transaction will have made.
func (f *file) save(conn *sqlite.Conn, position domain.Position, last []byte, built bool) error {
	stmt, err := conn.Prepare("INSERT OR REPLACE INTO progress VALUES (1, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(f.version))
	stmt.BindInt64(2, int64(position))
	stmt.BindBytes(3, last)
	stmt.BindBool(4, built)
	if _, err := stmt.Step(); err != nil {
		return err
	}
	return stmt.Reset()
}

// write folds chunks into the file in one transaction: the first, and what next gives until it gives nothing. Events that are
// in the file already are passed over. The fault of a chunk ends the transaction after the events before it, and is given back
// beside the error of the transaction.
func (f *file) write(ctx context.Context, first chunk, next func(after chunk) (chunk, bool)) (fault, err error) {
	position, last, built := f.position, f.last, f.built
	saved := false
	err = f.store.Write(ctx, func(conn *sqlite.Conn) error {
		var newest []byte
		before, err := changes(conn)
		if err != nil {
			return err
		}
		for c, more := first, true; more; c, more = next(c) {
			for i := range c.events {
				e := &c.events[i]
				if e.Position < position {
					if err := f.verify(e); err != nil {
						return err
					}
					continue
				}
				if e.Position != position {
					return errors.AssertionFailedf("event %s came where %s was next", e.Position, position)
				}
				if err := f.folder.Fold(conn, e); err != nil {
					return errors.Wrapf(err, "fold event %s into %s", e.Position, errors.Safe(f.projection.Name()))
				}
				newest = e.Bytes
				position++
			}
			built = built || c.caughtUp && position >= c.end
			if c.fault != nil && (c.lost || c.end >= position) {
				fault = c.fault
				break
			}
		}
		if newest != nil {
			sum := sha256.Sum256(newest)
			last = sum[:]
		}
		if err := f.folder.Flush(conn); err != nil {
			return errors.Wrapf(err, "write %s before event %s", errors.Safe(f.projection.Name()), position)
		}
		after, err := changes(conn)
		if err != nil {
			return err
		}
		s := f.stands.Load()
		saved = after != before || built != f.built || s == nil || position >= s.committed+quiet
		if !saved {
			return nil
		}
		return f.save(conn, position, last, built)
	})
	if err != nil {
		f.folder = f.projection.Folder()
		return nil, err
	}
	f.position, f.last, f.built = position, last, built
	f.moved(saved)
	return fault, nil
}

// moved notes the position that a transaction reached, and whether it is in the file.
func (f *file) moved(saved bool) {
	s := stands{f.position, f.position}
	if !saved {
		s.committed = f.stands.Load().committed
	}
	f.stands.Store(&s)
}

// settle writes the progress that was not written yet.
func (f *file) settle(ctx context.Context) error {
	if s := f.stands.Load(); s == nil || s.committed == f.position {
		return nil
	}
	err := f.store.Write(ctx, func(conn *sqlite.Conn) error { return f.save(conn, f.position, f.last, f.built) })
	if err == nil {
		f.moved(true)
	}
	return err
}

// changes counts the rows that a connection ever changed.
func changes(conn *sqlite.Conn) (int64, error) {
	stmt, err := conn.Prepare("SELECT total_changes()")
	if err != nil {
		return 0, err
	}
	if _, err := stmt.Step(); err != nil {
		return 0, err
	}
	n := stmt.ColumnInt64(0)
	return n, stmt.Reset()
}

// verify holds the log against the last event that went into the file: a view that was folded from another history, as after a
// restore, must not go on.
func (f *file) verify(e *domain.Recorded) error {
	if f.verified || f.last == nil || e.Position != f.position-1 {
		return nil
	}
	if sum := sha256.Sum256(e.Bytes); !slices.Equal(sum[:], f.last) {
		return errors.WithHint(errors.Wrapf(errOtherLog, "event %s", e.Position), hintRebuild)
	}
	f.verified = true
	return nil
}

// remove closes and deletes the file.
func (f *file) remove() error {
	return errors.CombineErrors(f.store.Close(), removeFiles(f.path))
}

func removeFiles(path string) (all error) {
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			all = errors.CombineErrors(all, errors.Mark(errors.Wrap(err, "remove the old file of a view"), domain.ErrUnavailable))
		}
	}
	return all
}

// generations lists the generations of a view's files in a folder, newest first.
func generations(dir, name string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Mark(errors.Wrap(err, "list files of views"), domain.ErrUnavailable)
	}
	var list []int
	for _, entry := range entries {
		middle, ours := strings.CutPrefix(entry.Name(), name+".")
		middle, file := strings.CutSuffix(middle, ".db")
		if !ours || !file {
			continue
		}
		if n, err := strconv.Atoi(middle); err == nil && n > 0 {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	slices.Reverse(list)
	return list, nil
}
