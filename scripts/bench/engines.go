package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"

	"github.com/cockroachdb/errors"
	"github.com/google/uuid"

	"github.com/jigowatt/daybook/infra/bus/clustertest"
	"github.com/jigowatt/daybook/scripts/bench/ledger"
	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/report"
)

// engineNames are the places where a ledger's log can rest: the server in the process, three servers with three copies, and KurrentDB.
func engineNames() []string { return []string{"embedded", "cluster", "kurrentdb"} }

// contender is a ledger on one engine.
type contender struct {
	name    string
	product product // nil where it could not be measured
}

// compareEngines holds ledgers on several engines against each other, under the same load in turn.
func (b *bench) compareEngines(ctx context.Context) (err error) {
	all, stop, err := b.contenders(ctx)
	defer func() { err = errors.CombineErrors(err, stop()) }()
	if err != nil {
		return err
	}
	for _, r := range []struct {
		name, title string
		plan        load.Plan
	}{
		{"latency", "one caller, one event: time to a durable receipt", load.Plan{Callers: 1, Batch: 1}},
		{"record", "durable recording, one event a request, 1,024 callers over TCP, views following", load.Plan{Callers: manyCallers, Batch: 1}},
		{"batch", "durable recording, 100 events a request, 64 callers over TCP, views following", load.Plan{Callers: batchCallersB, Batch: batchEvents}},
	} {
		row, err := b.engineRow(ctx, report.Row{Name: r.name, Title: r.title}, r.plan, all)
		if err != nil {
			return err
		}
		b.report.Rows = append(b.report.Rows, row)
	}
	for _, c := range all {
		if c.product != nil {
			b.report.Sides = append(b.report.Sides, report.Side{Name: c.name, Settings: c.product.Settings()})
		}
	}
	return nil
}

func (b *bench) engineRow(ctx context.Context, row report.Row, plan load.Plan, all []contender) (report.Row, error) {
	plan.Warm, plan.Measure = b.cfg.warm, b.cfg.measure
	runs := make([][]report.Run, len(all))
	for round := range b.cfg.runs {
		for i, c := range all {
			if c.product == nil {
				continue
			}
			b.ledger = c.product
			run, err := b.recordAtLedger(ctx, plan, uint64(20+round), &b.behind)
			if err != nil {
				return row, errors.Wrap(err, c.name)
			}
			runs[i] = append(runs[i], run)
		}
	}
	b.ledger = nil
	for i, c := range all {
		row.Add(report.Median(c.name, strconv.Itoa(plan.Callers)+" callers × "+strconv.Itoa(plan.Batch), "events/s", runs[i]))
	}
	return row, nil
}

// contenders starts the engines and a ledger on each.
func (b *bench) contenders(ctx context.Context) (all []contender, stop func() error, err error) {
	var stops []func() error
	stop = func() (err error) {
		for i := len(stops) - 1; i >= 0; i-- {
			err = errors.CombineErrors(err, stops[i]())
		}
		return err
	}
	for _, name := range b.cfg.engines {
		dir := filepath.Join(b.dir, name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, stop, errors.Wrap(err, "folder of an engine")
		}
		place, end, err := b.place(ctx, name, dir)
		if end != nil {
			stops = append(stops, end)
		}
		if errors.Is(err, errNoServer) {
			b.log.WarnContext(ctx, "no KurrentDB server was named, its rows stay unmeasured: name one with -kurrentdb")
			all = append(all, contender{name: name})
			continue
		}
		if err != nil {
			return nil, stop, errors.Wrap(err, name)
		}
		p, err := openProduct(ctx, b.cfg.daybook, dir, place)
		if err != nil {
			return nil, stop, errors.Wrap(err, name)
		}
		stops = append(stops, p.Stop)
		all = append(all, contender{name, p})
	}
	return all, stop, nil
}

var errNoServer = errors.New("no server to measure")

// place starts what an engine needs beside the ledger.
func (b *bench) place(ctx context.Context, name, dir string) (place ledger.Place, stop func() error, err error) {
	switch name {
	case "cluster":
		server, err := clustertest.Build(ctx, dir)
		if err != nil {
			return place, nil, err
		}
		c, err := clustertest.Start(ctx, clustertest.Config{Dir: dir, Binary: server})
		if err != nil {
			return place, nil, err
		}
		return ledger.Place{Args: []string{"--nats-url", c.URL(), "--replicas", "3"}, URL: c.URL()}, c.Close, nil
	case "kurrentdb":
		if b.cfg.kurrent == "" {
			return place, nil, errNoServer
		}
		// A stream of its own: a ledger's name makes it.
		return ledger.Place{Args: []string{"--engine", "kurrentdb", "--name", "bench-" + uuid.NewString()[:8]},
			Env: []string{"DAYBOOK_KURRENTDB_URL=" + b.cfg.kurrent}}, nil, nil
	default:
		return place, nil, nil
	}
}
