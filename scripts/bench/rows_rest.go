package main

import (
	"context"

	"github.com/jigowatt/daybook/scripts/bench/report"
)

// verify holds a full verification by command, starting included, against bare SHA-256 over the same events in one goroutine.
func verify(ctx context.Context, b *bench) ([]report.Row, error) {
	row := report.Row{Name: "verify", Title: "full verification of a stopped ledger by command, against bare SHA-256 over the same events"}
	var ours, bare *report.Figure
	if b.ledger != nil {
		var verified, hashed []report.Run
		for range b.cfg.runs {
			v, err := b.ledger.Verify(ctx)
			if err != nil {
				return nil, err
			}
			verified = append(verified, report.Run{Value: float64(v.Events) / v.Took.Seconds()})
			hashed = append(hashed, report.Run{Value: float64(v.Events) / v.Bare.Seconds()})
		}
		ours = report.Median(sideLedger, "daybook verify --data", "events/s", verified)
		bare = report.Median("sha-256", "each event of the second copy", "events/s", hashed)
	}
	row.Add(bare, ours)
	row.Bars = append(row.Bars, report.Ratio("daybook ÷ SHA-256", report.Value(ours), report.Value(bare), 0.5, false),
		report.Absolute("daybook, events/s", report.Value(ours), 500_000, false))
	return []report.Row{row}, nil
}

// footprint is what the ledger takes once it is filled: disk with both copies and every view, memory, and time to answer again.
func footprint(_ context.Context, b *bench) ([]report.Row, error) {
	row := report.Row{Name: "footprint", Title: "disk with both copies, vault and views; memory; start of the filled ledger"}
	var disk, peak, start *float64
	if b.ledger != nil {
		f, err := b.ledger.Footprint()
		if err != nil {
			return nil, err
		}
		disk, peak, start = &f.DiskPerEvent, &f.PeakMiB, &f.StartSeconds
	}
	row.Bars = append(row.Bars, report.Absolute("bytes of disk an event", disk, 1536, true),
		report.Absolute("memory at most, MiB", peak, 512, true), report.Absolute("seconds to answering", start, 2, true))
	return []report.Row{row}, nil
}
