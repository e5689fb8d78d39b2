package history

import (
	"context"
	"encoding/binary"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/projections"
)

// ordering is a file of events in the order in which they happened. It serves one goroutine.
type ordering struct {
	store   projections.Store
	origins *os.File
	on      time.Time
	events  domain.Position

	decoder  catalog.Decoder
	declared map[string]bool // what was declared already; as much as the register holds
	stored   []byte
}

const orderingSchema = `
CREATE TABLE happened (
	position INTEGER PRIMARY KEY,
	first    INTEGER NOT NULL, -- 0 where it is told before all others
	time     INTEGER NOT NULL, -- milliseconds
	recorded INTEGER NOT NULL, -- milliseconds
	event    BLOB    NOT NULL  -- as if it had been recorded then
) STRICT;
CREATE INDEX in_order ON happened (first, time);

-- When what an event goes on with was last heard of.
CREATE TABLE thread (
	name TEXT    PRIMARY KEY,
	time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

// foldOn folds a view from what had happened by its date. The events are put in order in a file, which needs as much of the disk as they do
// and is removed afterwards.
func (h *History) foldOn(p *past, projection projections.Projection) (*projections.Copy, *os.File, error) {
	o, err := h.order(p)
	if o == nil {
		return nil, nil, err
	}
	var made *projections.Copy
	if err == nil {
		made, err = h.fold(p, projection, o, o.events, p.end)
	}
	if closed := o.store.Close(); err == nil {
		err = errors.Wrap(closed, "close the order of events")
	}
	if err == nil {
		err = removeOrder(p.dir)
	}
	return made, o.origins, err
}

const orderFile = "happened.db"

func removeOrder(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, orderFile+"*"))
	for _, f := range files {
		err = errors.CombineErrors(err, os.Remove(f))
	}
	if err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "remove the order of events"), err)
	}
	return nil
}

// order writes the events that had happened by a view's date into a file of its folder.
func (h *History) order(p *past) (*ordering, error) {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "make the folder of a view on a date"), err)
	}
	store, err := h.open(filepath.Join(p.dir, orderFile), projections.Tables{Version: 1, Schema: orderingSchema})
	if err != nil {
		return nil, errors.Wrap(err, "open the order of events")
	}
	o := &ordering{store: store, on: time.UnixMilli(p.key.on), declared: map[string]bool{}}
	if o.origins, err = os.OpenFile(filepath.Join(p.dir, "origins"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return o, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "make the places of events"), err)
	}
	return o, o.fill(h.ctx, projections.Until(h.log, p.end), func(at domain.Position) { h.reach(p, projections.Progress{Position: at, Of: 2 * p.end}) })
}

// orderedAtOnce is how many events are written in one transaction, or somewhat more.
const orderedAtOnce = 4096

// fill takes in a log up to its end.
func (o *ordering) fill(ctx context.Context, log projections.Log, progress func(domain.Position)) error {
	var waiting [][]byte
	for batch, err := range log.Read(ctx, 0) {
		if err != nil {
			return errors.Wrap(err, "put events in order")
		}
		if waiting = append(waiting, batch.Events...); len(waiting) < orderedAtOnce && !batch.CaughtUp {
			continue
		}
		at := batch.End() - domain.Position(len(waiting))
		if err := o.store.Write(ctx, func(conn *sqlite.Conn) error {
			for i, stored := range waiting {
				if err := o.take(conn, at+domain.Position(i), stored); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		waiting = waiting[:0]
		progress(batch.End())
		if batch.CaughtUp {
			return nil
		}
	}
	return errors.Mark(errors.Wrap(context.Cause(ctx), "read the log to put events in order"), domain.ErrUnavailable)
}

// take takes in an event that had happened by the date.
func (o *ordering) take(conn *sqlite.Conn, position domain.Position, stored []byte) error {
	event, err := o.decoder.Decode(stored)
	if err != nil {
		return errors.Wrapf(err, "event %s", position)
	}
	at, first := happened(event)
	if what := declared(event.Fact); what != "" {
		if o.declared[what] { // a change counts since it was declared
			at, first = event.Time, false
		}
		o.declared[what] = true
	}
	ms := at.UnixMilli()
	if name, begins := thread(event.Fact); name != "" {
		if ms, err = o.goOn(conn, name, begins, ms); err != nil {
			return err
		}
	}
	if ms > o.on.UnixMilli() {
		return nil
	}
	o.events++
	recorded := event.Recorded
	if event.Recorded = time.UnixMilli(ms).UTC(); at.IsZero() { // counts from the beginning
		event.Recorded = event.Time
	}
	o.stored, err = catalog.Append(o.stored[:0], event)
	if errors.Is(err, domain.ErrInvalid) { // the largest event there can be, whose new time takes more room
		o.stored, err = append(o.stored[:0], stored...), nil
	}
	if err != nil {
		return err
	}
	return sqlitex.Execute(conn, "INSERT INTO happened VALUES (?, ?, ?, ?, ?)", &sqlitex.ExecOptions{
		Args: []any{int64(position), !first, ms, recorded.UnixMilli(), o.stored},
	})
}

// goOn gives when what goes on with something counts: never before that.
func (o *ordering) goOn(conn *sqlite.Conn, name string, begins bool, ms int64) (int64, error) {
	if err := sqlitex.Execute(conn, "SELECT time FROM thread WHERE name = ?", &sqlitex.ExecOptions{Args: []any{name}, ResultFunc: func(s *sqlite.Stmt) error {
		ms = max(ms, s.ColumnInt64(0))
		return nil
	}}); err != nil || !begins {
		return ms, err
	}
	return ms, sqlitex.Execute(conn, "INSERT OR REPLACE INTO thread VALUES (?, ?)", &sqlitex.ExecOptions{Args: []any{name, ms}})
}

// orderedBatch is how many events are handed over at once.
const orderedBatch = 512

// Read is described at projections.Log; nothing ever follows the end. It writes down where the events stand as they go by.
func (o *ordering) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		wanted := true
		batch, places := domain.Batch{At: from}, []byte(nil)
		hand := func() bool {
			if _, err := o.origins.WriteAt(places, int64(batch.At)*originBytes); err != nil {
				wanted = false
				yield(domain.Batch{}, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "write where events stand"), err))
				return false
			}
			wanted = yield(batch, nil)
			batch, places = domain.Batch{At: batch.End()}, places[:0]
			return wanted
		}
		err := o.store.Read(ctx, func(conn *sqlite.Conn) error {
			stmt, err := conn.Prepare("SELECT position, recorded, event FROM happened ORDER BY first, time, position LIMIT -1 OFFSET ?")
			if err != nil {
				return err
			}
			stmt.BindInt64(1, int64(from))
			for wanted {
				more, err := stmt.Step()
				if err != nil || !more {
					return errors.CombineErrors(err, stmt.Reset())
				}
				stored := make([]byte, stmt.ColumnLen(2))
				stmt.ColumnBytes(2, stored)
				batch.Events = append(batch.Events, stored)
				places = binary.LittleEndian.AppendUint64(places, uint64(stmt.ColumnInt64(0)))
				places = binary.LittleEndian.AppendUint64(places, uint64(stmt.ColumnInt64(1)))
				if len(batch.Events) == orderedBatch {
					hand()
				}
			}
			return stmt.Reset()
		})
		switch {
		case !wanted:
		case err != nil:
			yield(domain.Batch{}, errors.Wrap(err, "read the order of events"))
		default:
			batch.CaughtUp = true
			hand()
		}
	}
}
