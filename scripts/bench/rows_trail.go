package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/report"
)

// looks is how many trails a run reads at most, and as many more beforehand to warm up a tenth of it.
const looks = 20_000

// trailTimes are the runs of one side's trail, a query a second each, and how many entries a look brought on average.
type trailTimes struct {
	runs    []report.Run
	entries float64
}

type trailReader func(ctx context.Context, next func() (int, bool)) (load.Histogram, uint64, error)

// trailTimes reads the trails of random people, one after another.
func (b *bench) trailTimes(ctx context.Context, read trailReader, people int) (trailTimes, error) {
	var t trailTimes
	if _, _, err := read(ctx, somePeople(people, 0, looks/10, b.cfg.warm)); err != nil {
		return t, err
	}
	for run := range b.cfg.runs {
		began := time.Now()
		h, seen, err := read(ctx, somePeople(people, uint64(run+1), looks, b.cfg.measure))
		if err != nil {
			return t, err
		}
		if h.Count() == 0 || seen == 0 {
			return t, errors.New("the trails were empty")
		}
		t.entries = float64(seen) / float64(h.Count())
		t.runs = append(t.runs, report.Run{Value: float64(h.Count()) / time.Since(began).Seconds(),
			P50: h.Quantile(0.5), P99: h.Quantile(0.99)})
	}
	return t, nil
}

// somePeople draws people until it has drawn enough or the time is over.
func somePeople(people int, seed uint64, most int, patience time.Duration) func() (int, bool) {
	random := rand.New(rand.NewPCG(seed, 4711))
	until := time.Now().Add(patience)
	// People are shared out among the controllers evenly, as the generators do it.
	people = people / load.Controllers * load.Controllers
	return func() (int, bool) {
		most--
		return random.IntN(people), most >= 0 && time.Now().Before(until)
	}
}

// trail is one look at the newest page of one person's trail.
func trail(ctx context.Context, b *bench) ([]report.Row, error) {
	row := report.Row{Name: "trail", Title: "one person's trail, newest page, one caller, views at rest"}
	var pg, full trailTimes
	var err error
	if b.pg != nil {
		if pg, err = b.trailTimes(ctx, b.pg.Trail, b.cfg.people); err != nil {
			return nil, err
		}
	}
	if b.ledger != nil {
		if full, err = b.trailTimes(ctx, b.ledger.Trail, b.cfg.people); err != nil {
			return nil, err
		}
	}
	at := func(events int) string { return "at " + report.Number(float64(events)) + " events" }
	events, _ := b.cfg.small()
	small := report.Median(sideLedger, at(events), "looks/s", b.small.runs)
	own := report.Median(sideLedger, at(b.cfg.events), "looks/s", full.runs)
	row.Add(report.Median(sidePG, at(b.cfg.events), "looks/s", pg.runs), small, own)
	small50, small99 := report.Latency(small)
	own50, own99 := report.Latency(own)
	row.Bars = append(row.Bars, report.Absolute("p99 at full size, µs", own99, 1000, true),
		report.Ratio("p50: full size ÷ small", own50, small50, 1.5, true),
		report.Ratio("p99: full size ÷ small", own99, small99, 1.5, true))
	if pg.entries > 0 {
		row.Notes = append(row.Notes, "a look at the table brought "+report.Number(pg.entries)+" events on average")
	}
	if full.entries > 0 {
		row.Notes = append(row.Notes, "a look at the ledger brought "+report.Number(full.entries)+" entries on average at full size, "+
			report.Number(b.small.entries)+" when small")
	}
	return []report.Row{row}, nil
}
