// Command cluster proves that a ledger on a NATS cluster loses nothing when the cluster fails: it starts three real servers and the
// real program on them, records through real connections, and kills, pauses, cuts off, wipes and restarts servers one at a time. After
// each fault it holds the whole log against every receipt that was given. It prints one table, faults and counts, and exits with 1 when
// an acknowledged action is missing, moved or doubled, or a position is.
//
//	go run ./scripts/cluster -rounds 3
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/bus/clustertest"
	"github.com/jigowatt/daybook/scripts/book"
)

const (
	faultTime  = 2 * time.Minute // for one fault and what follows
	stream     = "DAYBOOK"
	leastHeard = 200 // acknowledged before and after each fault
)

func main() {
	rounds := flag.Int("rounds", 1, "how often to make every fault, at most 10,000")
	callers := flag.Int("callers", 16, "concurrent callers, at most 1,024")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the messages")
	short := flag.Bool("short", false, "only the faults of the short set")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, min(*rounds, 10_000), min(*callers, 1_024), *seed, *short); err != nil {
		fmt.Fprintf(os.Stderr, "cluster: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds, callers int, seed uint64, short bool) (err error) {
	dir, err := os.MkdirTemp("", "daybook-cluster-")
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, os.RemoveAll(dir)) }()
	binary, err := book.Build(ctx, dir)
	if err != nil {
		return err
	}
	server, err := clustertest.Build(ctx, dir)
	if err != nil {
		return err
	}
	c, err := clustertest.Start(ctx, clustertest.Config{Dir: dir, Binary: server})
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, c.Close()) }()
	ledger, err := book.Start(ctx, binary, "--data", filepath.Join(dir, "data"), "--nats-url", c.URL(), "--replicas", "3")
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, ledger.Kill()) }()
	fmt.Printf("seed %d, %d rounds, %d callers, 3 servers, 1 ledger\n", seed, rounds, callers)
	t := trial{cluster: c, ledger: ledger, book: book.New(seed), callers: callers}
	for _, f := range clustertest.Faults() {
		if f.Short || !short {
			t.rows = append(t.rows, row{fault: f})
		}
	}
	defer t.print()
	return t.run(ctx, rounds)
}

// trial is one ledger on one cluster, and what became of it.
type trial struct {
	cluster *clustertest.Cluster
	ledger  *book.Process
	book    *book.Book
	callers int
	rows    []row
}

// row says what became of what was acknowledged during one fault, and the checks after it.
type row struct {
	fault                                    clustertest.Fault
	times, acknowledged, lost, doubled, gaps int
	silence                                  time.Duration
}

func (t *trial) run(ctx context.Context, rounds int) error {
	for round := range rounds {
		for i := range t.rows {
			if err := t.fault(ctx, &t.rows[i]); err != nil {
				return errors.Wrapf(err, "round %d, %s; the ledger said: %s", round, t.rows[i].fault.Name, t.ledger.Said())
			}
		}
	}
	for _, r := range t.rows {
		if r.lost+r.doubled+r.gaps > 0 {
			return errors.New("the ledger did not keep what it acknowledged")
		}
	}
	return nil
}

// fault makes one fault under load and checks the ledger when it is over.
func (t *trial) fault(ctx context.Context, r *row) error {
	ctx, cancel := context.WithTimeout(ctx, faultTime)
	defer cancel()
	recording, stop := context.WithCancel(ctx)
	defer stop()
	recorded := make(chan error, 1)
	go func() {
		recorded <- t.book.Record(recording, t.cluster.URL(), t.callers, nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond),
			nats.PingInterval(2*time.Second), nats.ReconnectBufSize(-1))
	}()
	before := t.book.Acknowledged()
	err := t.hears(ctx)
	t.book.Silence()
	if err == nil {
		err = r.fault.Make(ctx, t.cluster, stream)
	}
	if err == nil {
		err = t.hears(ctx)
	}
	r.silence = max(r.silence, t.book.Silence())
	stop()
	if err := errors.CombineErrors(err, <-recorded); err != nil {
		return err
	}
	if err := book.Ready(ctx, t.ledger.HTTP); err != nil {
		return err
	}
	c, err := t.book.Check(ctx, t.ledger.HTTP)
	r.times++
	r.acknowledged += c.Acknowledged - before
	r.lost, r.doubled, r.gaps = r.lost+c.Lost, r.doubled+c.Doubled, r.gaps+c.Gaps
	return err
}

// hears waits until some more messages were acknowledged.
func (t *trial) hears(ctx context.Context) error {
	for goal := t.book.Acknowledged() + leastHeard; t.book.Acknowledged() < goal; {
		select {
		case <-ctx.Done():
			return errors.Wrap(ctx.Err(), "the ledger does not acknowledge anything")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

func (t *trial) print() {
	fmt.Printf("%-36s %6s %13s %6s %8s %6s %16s\n", "fault", "times", "acknowledged", "lost", "doubled", "gaps", "longest silence")
	for _, r := range t.rows {
		fmt.Printf("%-36s %6d %13d %6d %8d %6d %15.1fs\n", r.fault.Name, r.times, r.acknowledged, r.lost, r.doubled, r.gaps, r.silence.Seconds())
	}
}
