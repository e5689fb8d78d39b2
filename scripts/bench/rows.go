package main

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/report"
)

// step is a part of the benchmark and the rows that need it.
type step struct {
	name    string
	rows    []string
	measure func(context.Context, *bench) ([]report.Row, error)
}

func rowNames() []string {
	return []string{"trail", "footprint", "verify", "catchup", "ask", "latency", "record", "batch"}
}

// rawRows and pgRows are the rows that need the side.
func rawRows() []string { return []string{"latency", "record", "batch"} }
func pgRows() []string  { return []string{"trail", "catchup", "record", "batch"} }

// steps are in the order in which one leaves what the next needs: the recording rows add events, so they come last.
func steps() []step {
	return []step{
		{"fill", rowNames(), fill},
		{"trail", []string{"trail"}, trail},
		{"footprint", []string{"footprint"}, footprint},
		{"verify", []string{"verify"}, verify},
		{"catchup", []string{"catchup"}, catchup},
		{"ask", []string{"ask"}, ask},
		{"latency", []string{"latency"}, latency},
		{"record", []string{"record"}, record},
		{"batch", []string{"batch"}, batch},
	}
}

// Names of the sides, as the report gives them.
const (
	sideRaw     = "raw frames"
	sideChecked = "raw, checked"
	sidePG      = "postgresql"
	sideLedger  = "daybook"
)

// Callers of the recording rows, and events a request of the batch row.
const (
	manyCallers   = 1024
	pgConnsFew    = 16
	pgConnsMany   = 64
	batchEvents   = 100
	batchCallersA = 32
	batchCallersB = 64
)

// smallEvents is the ledger's size that its trail at full size is held against.
const smallEvents = 100_000

// small is that size and how many people its events are about: as many events a person as at full size, so that only the size
// differs.
func (c config) small() (events, people int) {
	events = min(smallEvents, c.events/10)
	return events, max(load.Controllers, int(float64(c.people)*float64(events)/float64(c.events)))
}

// fill brings the table and the ledger to the number of events that they are measured at, and keeps what can be measured only
// on the way: the speed of COPY, and the trail while the ledger is small.
func fill(ctx context.Context, b *bench) ([]report.Row, error) {
	if b.pg != nil {
		runs := 1
		if b.wants("catchup") {
			runs = b.cfg.runs
		}
		for i := range runs {
			if i > 0 {
				if err := b.pg.Empty(ctx); err != nil {
					return nil, err
				}
			}
			generators, err := b.generators(load.Controllers*load.Services, 1)
			if err != nil {
				return nil, err
			}
			took, err := b.pg.Copy(ctx, b.cfg.events, generators)
			if err != nil {
				return nil, err
			}
			b.copied = append(b.copied, report.Run{Value: float64(b.cfg.events) / took.Seconds()})
		}
		if err := b.pg.Settle(ctx); err != nil {
			return nil, err
		}
	}
	if b.ledger == nil {
		return nil, nil
	}
	small, fewer := b.cfg.small()
	if err := b.fillLedger(ctx, small, fewer, 1); err != nil {
		return nil, err
	}
	if b.wants("trail") {
		var err error
		if b.small, err = b.trailTimes(ctx, b.ledger.Trail, fewer); err != nil {
			return nil, err
		}
	}
	return nil, b.fillLedger(ctx, b.cfg.events-small, b.cfg.people, 2)
}

func (b *bench) fillLedger(ctx context.Context, events, people int, seed uint64) error {
	generators, err := b.generatorsFor(load.Controllers*load.Services, people, seed)
	if err != nil {
		return err
	}
	_, err = load.Run(ctx, b.ledger.Target(), load.Plan{Callers: batchCallersB, Batch: batchEvents, Events: events}, generators)
	if err != nil {
		return errors.Wrap(err, "fill the ledger")
	}
	return b.ledger.Await(ctx)
}

// catchup holds making every view anew against copying the same events into the table.
func catchup(ctx context.Context, b *bench) ([]report.Row, error) {
	row := report.Row{Name: "catchup", Title: "views rebuilt from the log, against COPY of the same events"}
	copied := report.Median(sidePG, "COPY, 10,000 rows a transaction", "events/s", b.copied)
	var runs []report.Run
	if b.ledger != nil {
		for range b.cfg.runs {
			events, took, err := b.ledger.Rebuild(ctx)
			if err != nil {
				return nil, err
			}
			runs = append(runs, report.Run{Value: float64(events) / took.Seconds()})
		}
	}
	ours := report.Median(sideLedger, "rebuild of every view", "events/s", runs)
	row.Add(copied, ours)
	row.Bars = append(row.Bars, report.Ratio("daybook ÷ COPY", report.Value(ours), report.Value(copied), 1.5, false))
	return []report.Row{row}, nil
}

// latency holds one caller's receipt against one ordinary JetStream publish, both durable, both over TCP.
func latency(ctx context.Context, b *bench) ([]report.Row, error) {
	row := report.Row{Name: "latency", Title: "one caller, one event: time to a durable receipt"}
	sides := []side{{sideRaw, "one JetStream publish with fsync", b.raw.Plain()}, {sideRaw, "request, frame of one, reply", b.raw.Target()}}
	if b.ledger != nil {
		sides = append(sides, side{sideLedger, "request, receipt", b.ledger.Target()})
	}
	figures, err := b.inTurn(ctx, sides, load.Plan{Callers: 1, Batch: 1})
	if err != nil {
		return nil, err
	}
	row.Add(figures...)
	var ours *report.Figure
	if len(figures) == 3 {
		ours = figures[2]
	}
	our50, our99 := report.Latency(ours)
	plain50, plain99 := report.Latency(figures[0])
	row.Bars = append(row.Bars, report.Ratio("p50: daybook ÷ publish", our50, plain50, 2, true),
		report.Ratio("p99: daybook ÷ publish", our99, plain99, 2, true))
	return []report.Row{row}, nil
}

// side is one party that callers can record at.
type side struct {
	name, what string
	to         load.Target
}

// inTurn measures the sides one after another and begins again, so that a change of the machine's mood meets all of them.
func (b *bench) inTurn(ctx context.Context, sides []side, plan load.Plan) ([]*report.Figure, error) {
	plan.Warm, plan.Measure = b.cfg.warm, b.cfg.measure
	runs := make([][]report.Run, len(sides))
	for round := range b.cfg.runs {
		for i, s := range sides {
			r, err := b.callers(ctx, s.to, plan, uint64(10+round))
			if err != nil {
				return nil, errors.Wrap(err, s.name)
			}
			runs[i] = append(runs[i], r)
		}
	}
	figures := make([]*report.Figure, len(sides))
	for i, s := range sides {
		figures[i] = report.Median(s.name, s.what, "events/s", runs[i])
	}
	return figures, nil
}

func (b *bench) callers(ctx context.Context, to load.Target, plan load.Plan, seed uint64) (report.Run, error) {
	generators, err := b.generators(load.Controllers*load.Services, seed)
	if err != nil {
		return report.Run{}, err
	}
	result, err := b.load(ctx, to, plan, generators)
	return asRun(&result), err
}

// load runs callers of the kind that was asked for.
func (b *bench) load(ctx context.Context, to load.Target, plan load.Plan, generators []*load.Generator) (load.Result, error) {
	if b.cfg.requests {
		return load.RunRequests(ctx, to, plan, generators)
	}
	return load.Run(ctx, to, plan, generators)
}

func asRun(r *load.Result) report.Run {
	if r.Took == 0 {
		return report.Run{}
	}
	return report.Run{Value: r.Rate(), P50: r.Latency.Quantile(0.5), P99: r.Latency.Quantile(0.99)}
}

// following measures how far the views are behind when the last receipt is in.
func (b *bench) following(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	err := b.ledger.Await(ctx)
	return time.Since(began), err
}
