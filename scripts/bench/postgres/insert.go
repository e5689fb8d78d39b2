package postgres

import (
	"context"
	_ "embed"
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/jigowatt/daybook/scripts/bench/load"
)

//go:embed schema.sql
var schema string

func (c *Cluster) createTable(ctx context.Context) error {
	_, err := c.admin.Exec(ctx, schema)
	return errors.Wrap(err, "create the events table")
}

// Count is how many events the table holds.
func (c *Cluster) Count(ctx context.Context) (n uint64, err error) {
	err = c.admin.QueryRow(ctx, "SELECT count(*) FROM events").Scan(&n)
	return n, errors.Wrap(err, "count the events")
}

// Settle vacuums, analyses and writes a checkpoint, so that what was loaded before does not slow what is measured next.
func (c *Cluster) Settle(ctx context.Context) error {
	for _, s := range []string{"VACUUM (ANALYZE) events", "CHECKPOINT"} {
		if _, err := c.admin.Exec(ctx, s); err != nil {
			return errors.Wrap(err, "settle the table")
		}
	}
	return nil
}

const insertOne = `INSERT INTO events (id, source, person, instruction, happened, payload) VALUES ($1, $2, $3, $4, $5, $6)`

// Arrays cost the server less to parse and plan than a hundred lists of values.
const insertMany = `INSERT INTO events (id, source, person, instruction, happened, payload)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[])`

// Insert inserts events, plan.Batch rows a statement and a transaction, on plan.Callers connections with a generator each.
func (c *Cluster) Insert(ctx context.Context, plan load.Plan, generators []*load.Generator) (load.Result, error) {
	if len(generators) < plan.Callers {
		return load.Result{}, errors.AssertionFailedf("every connection needs a generator")
	}
	conns := make([]*pgx.Conn, plan.Callers)
	for i := range conns {
		conn, err := pgx.Connect(ctx, c.url)
		if err != nil {
			return load.Result{}, errors.Wrap(err, "connect an inserter")
		}
		defer conn.Close(ctx)
		conns[i] = conn
	}
	from := time.Now().Add(plan.Warm)
	until := from.Add(plan.Measure)
	results := make([]load.Result, plan.Callers)
	var failed atomic.Bool
	group, ctx := errgroup.WithContext(ctx)
	for i := range conns {
		group.Go(func() error {
			w := inserter{conn: conns[i], generator: generators[i], batch: plan.Batch}
			for sent := time.Now(); sent.Before(until) && !failed.Load(); {
				if err := w.insert(ctx); err != nil {
					failed.Store(true)
					return err
				}
				now := time.Now()
				results[i].Acknowledged += uint64(plan.Batch)
				if now.After(from) && now.Before(until) {
					results[i].Counted += uint64(plan.Batch)
					results[i].Latency.Add(now.Sub(sent))
				}
				sent = now
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return load.Result{}, err
	}
	total := load.Result{Took: plan.Measure}
	for i := range results {
		total.Acknowledged += results[i].Acknowledged
		total.Counted += results[i].Counted
		total.Latency.Merge(&results[i].Latency)
	}
	return total, nil
}

// inserter is one connection's work.
type inserter struct {
	conn      *pgx.Conn
	generator *load.Generator
	batch     int
	buffer    []byte
	rows      rows
}

// rows are a batch of events, a column each.
type rows struct {
	payloads                      []any
	sources, people, instructions []string
	happened                      []time.Time
}

func (w *inserter) insert(ctx context.Context) error {
	w.buffer = w.buffer[:0]
	if w.batch == 1 {
		var e load.Event
		w.buffer, e = w.generator.Append(w.buffer)
		_, err := w.conn.Exec(ctx, insertOne, e.ID, e.Source, load.PersonIdentifier(e.Person), e.Instruction, e.Time,
			json.RawMessage(e.JSON))
		return errors.Wrap(err, "insert one")
	}
	ids, payloads := make([][16]byte, 0, w.batch), make([]json.RawMessage, 0, w.batch)
	r := &w.rows
	r.sources, r.people, r.instructions, r.happened = r.sources[:0], r.people[:0], r.instructions[:0], r.happened[:0]
	if cap(w.buffer) < w.batch*load.EventBytes {
		w.buffer = make([]byte, 0, w.batch*load.EventBytes) // the payloads point into it
	}
	for range w.batch {
		var e load.Event
		w.buffer, e = w.generator.Append(w.buffer)
		ids, payloads = append(ids, e.ID), append(payloads, e.JSON)
		r.sources, r.people = append(r.sources, e.Source), append(r.people, load.PersonIdentifier(e.Person))
		r.instructions, r.happened = append(r.instructions, e.Instruction), append(r.happened, e.Time)
	}
	_, err := w.conn.Exec(ctx, insertMany, ids, r.sources, r.people, r.instructions, r.happened, payloads)
	return errors.Wrap(err, "insert many")
}
