// Program bench measures the ledger against its bars: raw frames on the same NATS server, PostgreSQL 15, and the ledger
// itself, all in one run on one machine, with every side's settings printed.
//
//	go run ./scripts/bench            # a table; one million events
//	go run ./scripts/bench -json      # the same as JSON
//	go run ./scripts/bench -quick     # a smoke test of a few seconds; its figures mean nothing
//
// It listens on the loopback only, is bounded in time and in what it writes, and leaves nothing behind. It judges; it does
// not tune: no side is given settings that it would not be run with.
package main

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/scripts/bench/rawframes"
)

// config is what the flags say.
type config struct {
	events  int
	people  int
	only    []string
	measure time.Duration
	warm    time.Duration
	runs    int
	json    bool
	pg      string
	dir     string
	daybook string
	quick   bool
	engines []string
	kurrent string
	// requests has a goroutine wait for each caller, instead of the cheap callers.
	requests bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		log.ErrorContext(ctx, "benchmark failed", slog.String("error", err.Error()),
			slog.String("hint", errors.FlattenHints(err)), slog.String("detail", errors.FlattenDetails(err)))
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out, logs io.Writer) error {
	if len(args) == 3 && args[0] == rawframes.Argument {
		port, err := strconv.Atoi(args[2])
		if err != nil {
			return errors.Wrap(err, "raw frames port")
		}
		return rawframes.Serve(ctx, args[1], port, in, out)
	}
	cfg, err := parse(args, logs)
	if err != nil {
		return err
	}
	b, err := newBench(cfg, slog.New(slog.NewTextHandler(logs, nil)))
	if err != nil {
		return err
	}
	r, err := b.run(ctx)
	if err := errors.CombineErrors(err, b.close()); err != nil {
		return err
	}
	if cfg.json {
		return r.JSON(out)
	}
	return r.Table(out)
}

func parse(args []string, usage io.Writer) (config, error) {
	var c config
	var only, engines string
	var seconds float64
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(usage)
	f.IntVar(&c.events, "events", 1_000_000, "events that the ledger and the table hold when they are measured")
	f.IntVar(&c.people, "people", 0, "people that the events are about (default: a tenth of the events)")
	f.StringVar(&only, "only", "", "rows to measure, by comma: "+strings.Join(rowNames(), ", ")+" (default: all)")
	f.Float64Var(&seconds, "seconds", 5, "seconds that each run of each side is measured, after a warm-up of a fifth of it")
	f.IntVar(&c.runs, "runs", 3, "runs of each side, taken in turn; the median counts")
	f.BoolVar(&c.json, "json", false, "write JSON instead of a table")
	f.StringVar(&engines, "engine", "", "engines to hold side by side instead of the rows, by comma: embedded, cluster, kurrentdb")
	f.StringVar(&c.kurrent, "kurrentdb", os.Getenv("DAYBOOK_TEST_KURRENTDB"), "connection string of a KurrentDB server (or DAYBOOK_TEST_KURRENTDB)")
	f.BoolVar(&c.quick, "quick", false, "a smoke test: few events, short runs, figures without meaning")
	f.BoolVar(&c.requests, "requests", false, "a waiting goroutine for each caller, which costs the callers' side more")
	f.StringVar(&c.pg, "pg", "", "folder of PostgreSQL 15's programs (default: where Debian puts them, else the PATH)")
	f.StringVar(&c.daybook, "daybook", "", "a daybook binary to measure (default: built from this module)")
	f.StringVar(&c.dir, "dir", os.TempDir(), "folder on the disk to measure; a new one is made in it and removed")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if c.quick {
		c.events, c.runs, seconds = 20_000, 1, 0.5
	}
	if c.people == 0 {
		c.people = max(1000, c.events/10)
	}
	if f.NArg() > 0 || c.events < 1000 || c.events > 50_000_000 || c.people > c.events || c.runs < 1 || c.runs > 9 ||
		seconds < 0.1 || seconds > 120 {
		return c, errors.WithHint(errors.New("a flag is out of range"),
			"events 1,000 to 50,000,000; people at most events; runs 1 to 9; seconds 0.1 to 120; no further arguments.")
	}
	c.measure = time.Duration(seconds * float64(time.Second))
	c.warm = c.measure / 5
	c.only = rowNames()
	if only != "" {
		c.only = strings.Split(only, ",")
	}
	if engines != "" {
		c.engines = strings.Split(engines, ",")
	}
	for _, name := range c.engines {
		if !slices.Contains(engineNames(), name) {
			return c, errors.WithHint(errors.New("there is no such engine"), "The engines are embedded, cluster and kurrentdb.")
		}
	}
	for _, name := range c.only {
		if !slices.Contains(rowNames(), name) {
			return c, errors.WithHint(errors.New("there is no such row"), "See -h for the rows.")
		}
	}
	return c, nil
}
