package main

import (
	"context"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/report"
)

// record is durable recording of single events by many callers, views following.
func record(ctx context.Context, b *bench) ([]report.Row, error) {
	plan := load.Plan{Callers: manyCallers, Batch: 1}
	row := report.Row{Name: "record", Title: "durable recording, one event a request, 1,024 callers over TCP, views following"}
	return b.recording(ctx, row, []load.Plan{plan},
		[]load.Plan{{Callers: pgConnsFew, Batch: 1}, {Callers: pgConnsMany, Batch: 1}}, 0.6, 6)
}

// batch is durable recording of a hundred events a request, views following.
func batch(ctx context.Context, b *bench) ([]report.Row, error) {
	row := report.Row{Name: "batch", Title: "durable recording, 100 events a request, best of 32 and 64 callers over TCP, views following"}
	rows, err := b.recording(ctx, row,
		[]load.Plan{{Callers: batchCallersA, Batch: batchEvents}, {Callers: batchCallersB, Batch: batchEvents}},
		[]load.Plan{{Callers: pgConnsFew, Batch: batchEvents}}, 0.7, 1.5)
	if err == nil {
		best := bestOf(rows[0].Figures, sideLedger)
		rows[0].Bars = append(rows[0].Bars, report.Absolute("daybook, events/s", report.Value(best), 100_000, false))
	}
	return rows, err
}

// party is a side under one plan, and how it is measured.
type party struct {
	side, what string
	measure    func(ctx context.Context, seed uint64) (report.Run, error)
	runs       []report.Run
}

// recording measures all sides in turn, each under its plans, and holds the ledger's best against the others' best.
func (b *bench) recording(ctx context.Context, row report.Row, ours, pgs []load.Plan, rawBar, pgBar float64) ([]report.Row, error) {
	parties, behind := b.parties(ours, pgs)
	for round := range b.cfg.runs {
		for _, p := range parties {
			run, err := p.measure(ctx, uint64(20+round))
			if err != nil {
				return nil, errors.Wrap(err, p.side)
			}
			p.runs = append(p.runs, run)
		}
	}
	for _, p := range parties {
		row.Add(report.Median(p.side, p.what, "events/s", p.runs))
	}
	raw, pg, own := bestOf(row.Figures, sideRaw), bestOf(row.Figures, sidePG), bestOf(row.Figures, sideLedger)
	row.Bars = append(row.Bars, report.Ratio("daybook ÷ raw frames", report.Value(own), report.Value(raw), rawBar, false),
		report.Ratio("daybook ÷ postgresql", report.Value(own), report.Value(pg), pgBar, false))
	if raw, checked := report.Value(raw), report.Value(bestOf(row.Figures, sideChecked)); own != nil {
		row.Notes = append(row.Notes, "raw frames that decode every event reach "+report.Number(*checked / *raw)+
			" of bare ones; the ledger reaches "+report.Number(own.Value / *checked)+" of them")
	}
	if b.ledger != nil {
		row.Notes = append(row.Notes, "views were at the end of the log at most "+behind.Round(time.Millisecond).String()+
			" after the last receipt of a run; every event answered was found in the log")
	}
	return []report.Row{row}, nil
}

// parties lists who is measured; behind becomes the longest time that the ledger's views took to follow.
func (b *bench) parties(ours, pgs []load.Plan) (all []*party, behind *time.Duration) {
	behind = new(time.Duration)
	for _, plan := range ours {
		plan.Warm, plan.Measure = b.cfg.warm, b.cfg.measure
		what := strconv.Itoa(plan.Callers) + " callers × " + strconv.Itoa(plan.Batch)
		all = append(all, &party{side: sideRaw, what: what, measure: func(ctx context.Context, seed uint64) (report.Run, error) {
			return b.callers(ctx, b.raw.Target(), plan, seed)
		}})
		all = append(all, &party{side: sideChecked, what: what, measure: func(ctx context.Context, seed uint64) (report.Run, error) {
			return b.callers(ctx, b.raw.Checked(), plan, seed)
		}})
		if b.ledger != nil {
			all = append(all, &party{side: sideLedger, what: what, measure: func(ctx context.Context, seed uint64) (report.Run, error) {
				return b.recordAtLedger(ctx, plan, seed, behind)
			}})
		}
	}
	for _, plan := range pgs {
		plan.Warm, plan.Measure = b.cfg.warm, b.cfg.measure
		what := strconv.Itoa(plan.Callers) + " connections × " + strconv.Itoa(plan.Batch)
		if b.pg != nil {
			all = append(all, &party{side: sidePG, what: what, measure: func(ctx context.Context, seed uint64) (report.Run, error) {
				return b.insertAtPostgres(ctx, plan, seed)
			}})
		}
	}
	return all, behind
}

// recordAtLedger measures the ledger and makes sure that what it answered is what it holds: a success that was not recorded
// is worth nothing, however fast it came.
func (b *bench) recordAtLedger(ctx context.Context, plan load.Plan, seed uint64, behind *time.Duration) (report.Run, error) {
	before, err := b.ledger.End(ctx)
	if err != nil {
		return report.Run{}, err
	}
	generators, err := b.generators(load.Controllers*load.Services, seed)
	if err != nil {
		return report.Run{}, err
	}
	result, err := b.load(ctx, b.ledger.Target(), plan, generators)
	if err != nil {
		return report.Run{}, err
	}
	late, err := b.following(ctx)
	if err != nil {
		return report.Run{}, err
	}
	*behind = max(*behind, late)
	after, err := b.ledger.End(ctx)
	if err == nil && after-before != result.Acknowledged {
		err = errors.Newf("%d events were answered and %d recorded", result.Acknowledged, after-before)
	}
	return asRun(&result), err
}

func (b *bench) insertAtPostgres(ctx context.Context, plan load.Plan, seed uint64) (report.Run, error) {
	before, err := b.pg.Count(ctx)
	if err != nil {
		return report.Run{}, err
	}
	generators, err := b.generators(plan.Callers, seed)
	if err != nil {
		return report.Run{}, err
	}
	result, err := b.pg.Insert(ctx, plan, generators)
	if err != nil {
		return report.Run{}, err
	}
	after, err := b.pg.Count(ctx)
	if err == nil && after-before != result.Acknowledged {
		err = errors.Newf("%d rows were answered and %d inserted", result.Acknowledged, after-before)
	}
	return asRun(&result), err
}

func bestOf(figures []*report.Figure, side string) *report.Figure {
	var of []*report.Figure
	for _, f := range figures {
		if f.Side == side {
			of = append(of, f)
		}
	}
	return report.Best(of...)
}
