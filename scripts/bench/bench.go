package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/scripts/bench/ledger"
	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/postgres"
	"github.com/jigowatt/daybook/scripts/bench/rawframes"
	"github.com/jigowatt/daybook/scripts/bench/report"
)

// product is the ledger as the benchmark needs it: a process of its own, spoken to over TCP as its users do.
type product interface {
	// Target is where callers record.
	Target() load.Target
	// End is how many events the log holds.
	End(ctx context.Context) (uint64, error)
	// Await returns when every view has reached the end of the log.
	Await(ctx context.Context) error
	// Trail reads the newest page of one person's trail after another's, as long as next gives people, and times each. It
	// gives how many entries it saw in all.
	Trail(ctx context.Context, next func() (person int, ok bool)) (load.Histogram, uint64, error)
	// Rebuild makes every view anew from the log and says how many events that was and how long it took.
	Rebuild(ctx context.Context) (events uint64, took time.Duration, err error)
	// Asking is where callers ask.
	Asking() load.Target
	// Verify verifies all of the stopped ledger and serves again.
	Verify(ctx context.Context) (ledger.Verified, error)
	// Footprint is what the running ledger takes.
	Footprint() (ledger.Footprint, error)
	// Settings lists what the ledger runs with.
	Settings() []report.Setting
	Stop() error
}

// bench is one run of the benchmark with the sides that it needs.
type bench struct {
	cfg    config
	log    *slog.Logger
	dir    string
	raw    *rawframes.Process
	pg     *postgres.Cluster // nil where no PostgreSQL was found
	ledger product           // nil where the ledger cannot be built yet
	report report.Report
	issued uint32 // generators made, so that no two make the same ids
	// What filling the sides measured on the way, for the rows that come later.
	copied []report.Run
	small  trailTimes
	behind time.Duration
}

func newBench(cfg config, log *slog.Logger) (*bench, error) {
	dir, err := os.MkdirTemp(cfg.dir, "daybook-bench-")
	if err != nil {
		return nil, errors.Wrap(err, "folder to measure in")
	}
	return &bench{cfg: cfg, log: log, dir: dir}, nil
}

func (b *bench) wants(rows ...string) bool {
	return slices.ContainsFunc(rows, func(r string) bool { return slices.Contains(b.cfg.only, r) })
}

// run starts the sides, fills them, and measures the rows in the order in which one leaves what the next needs.
func (b *bench) run(ctx context.Context) (*report.Report, error) {
	var err error
	if b.report.Machine, err = machine(b.dir); err != nil {
		return nil, err
	}
	b.report.Plan = b.plan()
	if len(b.cfg.engines) == 0 {
		if err := b.start(ctx); err != nil {
			return nil, err
		}
	}
	if len(b.cfg.engines) > 0 {
		return &b.report, b.compareEngines(ctx)
	}
	for _, step := range steps() {
		if !b.wants(step.rows...) {
			continue
		}
		b.log.InfoContext(ctx, "measuring", slog.String("step", step.name))
		rows, err := step.measure(ctx, b)
		if err != nil {
			return nil, errors.Wrap(err, step.name)
		}
		b.report.Rows = append(b.report.Rows, rows...)
	}
	return &b.report, b.describe(ctx)
}

func (b *bench) start(ctx context.Context) error {
	if b.wants(rawRows()...) {
		port, err := freePort()
		if err != nil {
			return err
		}
		if b.raw, err = rawframes.Start(ctx, filepath.Join(b.dir, "raw"), port); err != nil {
			return err
		}
	}
	if bin := postgres.Find(b.cfg.pg); bin != "" && b.wants(pgRows()...) {
		port, err := freePort()
		if err != nil {
			return err
		}
		if b.pg, err = postgres.Start(ctx, bin, b.cfg.dir, port); err != nil {
			return err
		}
	} else if bin == "" {
		b.log.WarnContext(ctx, "no postgresql found, its rows stay unmeasured")
	}
	var err error
	if b.ledger, err = openProduct(ctx, b.cfg.daybook, b.dir, ledger.Place{}); err != nil {
		return err
	}
	if b.ledger == nil {
		b.log.WarnContext(ctx, "the ledger cannot be built yet, its rows stay unmeasured")
	}
	return nil
}

// describe notes what each side ran with.
func (b *bench) describe(ctx context.Context) error {
	if b.raw != nil {
		b.report.Sides = append(b.report.Sides, report.Side{Name: "raw frames", Settings: rawframes.Settings()})
	}
	if b.pg != nil {
		settings, err := b.pg.Settings(ctx)
		if err != nil {
			return err
		}
		b.report.Sides = append(b.report.Sides, report.Side{Name: "postgresql", Settings: settings})
	}
	if b.ledger != nil {
		b.report.Sides = append(b.report.Sides, report.Side{Name: "daybook", Settings: b.ledger.Settings()})
	}
	return nil
}

// close stops every side and removes what they wrote.
func (b *bench) close() error {
	var err error
	if b.ledger != nil {
		err = errors.CombineErrors(err, b.ledger.Stop())
	}
	if b.pg != nil {
		err = errors.CombineErrors(err, b.pg.Stop())
	}
	if b.raw != nil {
		err = errors.CombineErrors(err, b.raw.Stop())
	}
	return errors.CombineErrors(err, os.RemoveAll(b.dir))
}

// generators makes n fresh generators for the whole population.
func (b *bench) generators(n int, seed uint64) ([]*load.Generator, error) {
	return b.generatorsFor(n, b.cfg.people, seed)
}

// generatorsFor makes n fresh generators, going round the services.
func (b *bench) generatorsFor(n, people int, seed uint64) ([]*load.Generator, error) {
	services := load.AllServices()
	all := make([]*load.Generator, n)
	for i := range all {
		b.issued++
		g, err := load.NewGenerator(services[i%len(services)], people, b.issued, seed+uint64(i), time.Now)
		if err != nil {
			return nil, err
		}
		all[i] = g
	}
	return all, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, errors.Wrap(err, "find a free port")
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
