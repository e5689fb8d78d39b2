package main

import (
	"context"

	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/report"
)

// fewCallers keep about a tenth of the asking that many can.
const fewCallers = 8

// ask is asking whether an action may be done: nothing is written.
func ask(ctx context.Context, b *bench) ([]report.Row, error) {
	row := report.Row{Name: "ask", Title: "asking whether an action may be done, over TCP"}
	var rate, p99 *float64
	if b.ledger != nil {
		for _, callers := range []int{manyCallers, fewCallers} {
			figures, err := b.inTurn(ctx, []side{{sideLedger, report.Number(float64(callers)) + " callers", b.ledger.Asking()}},
				load.Plan{Callers: callers, Batch: 1})
			if err != nil {
				return nil, err
			}
			row.Add(figures...)
			if rate == nil {
				rate = report.Value(figures[0])
			}
			_, p99 = report.Latency(figures[0])
		}
	}
	row.Bars = append(row.Bars, report.Absolute("asks a second", rate, 100_000, false),
		report.Absolute("p99 of few callers, µs", p99, 1000, true))
	return []report.Row{row}, nil
}
