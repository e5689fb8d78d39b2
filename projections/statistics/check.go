package statistics

import (
	"context"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/projections"
)

// Proof is what a check of the view found: that nothing in it leads to a person, or what does.
type Proof struct {
	// Columns is how many columns there are, all of them known and none about a person.
	Columns int
	// Keys is how many subject keys were looked for, and Bytes in how many bytes of the view's files, in every form in which a key is
	// written.
	Keys  int
	Bytes int64
	// Faults says what speaks against it, by table, column and file and never by person; empty where nothing does.
	Faults []string
	// Position is where the view stood.
	Position domain.Position
}

// Holds says that nothing was found.
func (p Proof) Holds() bool { return len(p.Faults) == 0 && p.Columns > 0 && p.Bytes > 0 }

// allowed are all columns that the file may have. The progress holds the hash of the newest event, which leads to an event only for
// whoever has the log.
var allowed = []string{
	"court.name", "daily.controller", "daily.day", "daily.events", "daily.instruction", "daily.kind", "daily.operation",
	"progress.built", "progress.last", "progress.one", "progress.position", "progress.version",
}

// Check proves that the view holds nothing that leads to a person: its file has no columns but those that are known to be about nobody,
// and none of the keys stands anywhere in its bytes, in text or in numbers. It reads the whole files, and returns domain.ErrUnavailable
// where they cannot be read, and the error of keys.
func (s *Statistics) Check(ctx context.Context, keys iter.Seq2[domain.SubjectKey, error]) (Proof, error) {
	known, err := gather(keys)
	if err != nil {
		return Proof{}, err
	}
	proof := Proof{Keys: known.len()}
	proof.Position, err = s.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		if err := proof.columns(conn); err != nil {
			return err
		}
		path := ""
		if err := rows(conn, "SELECT file FROM pragma_database_list WHERE name = 'main'", func(stmt *sqlite.Stmt) error {
			path = stmt.ColumnText(0)
			return nil
		}); err != nil {
			return err
		}
		for _, file := range []string{path, path + "-wal"} {
			if err := proof.scan(ctx, file, known); err != nil {
				return err
			}
		}
		return nil
	})
	return proof, err
}

// columns holds the tables of the file against those that there may be.
func (p *Proof) columns(conn *sqlite.Conn) error {
	return rows(conn, `SELECT m.name || '.' || c.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table'
		ORDER BY 1`, func(stmt *sqlite.Stmt) error {
		column := stmt.ColumnText(0)
		if _, may := slices.BinarySearch(allowed, column); !may {
			p.Faults = append(p.Faults, "column "+column)
		}
		p.Columns++
		return nil
	})
}

// scan looks for keys in a file. The log beside the database may not be there.
func (p *Proof) scan(ctx context.Context, path string, known *keySet) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) && path != "" && p.Bytes > 0 {
		return nil
	}
	if err != nil {
		return errors.Mark(errors.Wrap(err, "open a file of the statistics"), domain.ErrUnavailable)
	}
	found, n, err := known.find(ctx, f)
	p.Bytes += n
	if found {
		p.Faults = append(p.Faults, "a subject key in the bytes of a file")
	}
	return errors.CombineErrors(err, f.Close())
}

// find reads to the end, or to the first key.
func (k *keySet) find(ctx context.Context, r io.Reader) (found bool, n int64, err error) {
	buf, kept := make([]byte, 1<<20), 0
	for {
		if err := ctx.Err(); err != nil {
			return false, n, errors.Mark(errors.Wrap(err, "look for keys in the statistics"), domain.ErrUnavailable)
		}
		read, err := io.ReadFull(r, buf[kept:])
		n += int64(read)
		end := kept + read
		if k.within(buf[:end]) {
			return true, n, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, n, nil
		}
		if err != nil {
			return false, n, errors.Mark(errors.Wrap(err, "read a file of the statistics"), domain.ErrUnavailable)
		}
		kept = copy(buf, buf[end-longest:end]) // a key may lie across
	}
}

// Keys gives every subject key that stands in a log, some more than once, up to the end that the log has now. It reads and decodes the
// whole log.
func Keys(ctx context.Context, log projections.Log) iter.Seq2[domain.SubjectKey, error] {
	return func(yield func(domain.SubjectKey, error) bool) {
		var decoder catalog.Decoder
		for batch, err := range log.Read(ctx, 0) {
			if err != nil {
				yield(0, err)
				return
			}
			for _, stored := range batch.Events {
				event, err := decoder.Decode(stored)
				if err != nil {
					yield(0, err)
					return
				}
				for _, key := range catalog.Subjects(event.Fact) {
					if key != 0 && !yield(key, nil) {
						return
					}
				}
			}
			if batch.CaughtUp {
				return
			}
		}
	}
}
