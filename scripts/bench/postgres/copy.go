package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/jackc/pgx/v5"

	"github.com/jigowatt/daybook/scripts/bench/load"
)

// CopyRows is how many rows one COPY, and one transaction, carries.
const CopyRows = 10_000

// Copy copies events into the table, CopyRows a transaction on one connection, round the generators in turn, and says how
// long it took.
func (c *Cluster) Copy(ctx context.Context, events int, generators []*load.Generator) (time.Duration, error) {
	columns := []string{"id", "source", "person", "instruction", "happened", "payload"}
	began := time.Now()
	for events > 0 {
		n := min(events, CopyRows)
		src := &source{left: n, generators: generators, values: make([]any, len(columns))}
		got, err := c.admin.CopyFrom(ctx, pgx.Identifier{"events"}, columns, src)
		if err != nil || got != int64(n) {
			return 0, errors.Wrap(errors.CombineErrors(err, errors.Newf("%d rows copied", got)), "copy")
		}
		events -= n
	}
	return time.Since(began), nil
}

// Empty makes the table as it was made first.
func (c *Cluster) Empty(ctx context.Context) error {
	if _, err := c.admin.Exec(ctx, "DROP TABLE events; DROP FUNCTION refuse"); err != nil {
		return errors.Wrap(err, "drop the events table")
	}
	return c.createTable(ctx)
}

// source makes the rows of one COPY as they are asked for.
type source struct {
	left       int
	generators []*load.Generator
	buffer     []byte
	values     []any
}

// Next says whether there is another row.
func (s *source) Next() bool { s.left--; return s.left >= 0 }

// Err is nil: making a row cannot fail.
func (s *source) Err() error { return nil }

// Values makes the next row; it is valid until the next call.
func (s *source) Values() ([]any, error) {
	var e load.Event
	s.buffer, e = s.generators[s.left%len(s.generators)].Append(s.buffer[:0])
	s.values[0], s.values[1], s.values[2] = e.ID, e.Source, load.PersonIdentifier(e.Person)
	s.values[3], s.values[4], s.values[5] = e.Instruction, e.Time, json.RawMessage(e.JSON)
	return s.values, nil
}

// TrailRows is the most rows that one look at a trail brings.
const TrailRows = 50

const trail = `SELECT position, happened, recorded, instruction, payload FROM events WHERE person = $1 ORDER BY position DESC LIMIT $2`

// Trail reads the newest page of one person's events after another's, as long as next gives people, and times each.
func (c *Cluster) Trail(ctx context.Context, next func() (person int, ok bool)) (load.Histogram, uint64, error) {
	var h load.Histogram
	var seen uint64
	for {
		person, ok := next()
		if !ok {
			return h, seen, nil
		}
		began := time.Now()
		rows, err := c.admin.Query(ctx, trail, load.PersonIdentifier(person), TrailRows)
		if err != nil {
			return h, seen, errors.Wrap(err, "query a trail")
		}
		for rows.Next() {
			var position int64
			var happened, recorded time.Time
			var instruction string
			var payload []byte
			if err := rows.Scan(&position, &happened, &recorded, &instruction, &payload); err != nil {
				return h, seen, errors.Wrap(err, "read a trail")
			}
			seen++
		}
		if err := rows.Err(); err != nil {
			return h, seen, errors.Wrap(err, "finish a trail")
		}
		h.Add(time.Since(began))
	}
}
