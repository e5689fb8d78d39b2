// Command cluster proves that a ledger on a NATS cluster loses nothing when the cluster fails: it starts three real servers and the
// real program on them, records through real connections, and kills, pauses, cuts off, wipes and restarts servers one at a time. After
// each fault it holds the whole log against every receipt that was given. It prints one table, faults and counts, and exits with 1 when
// an acknowledged action is missing, moved or doubled, or a position is.
//
// With two ledgers, both write to one log on purpose: the server refuses one of two that write at once, and that one folds the log again.
//
//	go run ./scripts/cluster -rounds 3
//	go run ./scripts/cluster -ledgers 2
//	go run ./scripts/cluster -ledgers 2 -servers 1
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/bus/clustertest"
	"github.com/jigowatt/daybook/infra/keys"
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
	ledgers := flag.Int("ledgers", 1, "processes that write to one log, 1 to 3")
	servers := flag.Int("servers", 3, "servers, 1 or 3")
	short := flag.Bool("short", false, "only the faults of the short set")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, min(*rounds, 10_000), min(*callers, 1_024), min(*ledgers, 3), *servers, *seed, *short); err != nil {
		fmt.Fprintf(os.Stderr, "cluster: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds, callers, ledgers, servers int, seed uint64, short bool) (err error) {
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
	c, err := clustertest.Start(ctx, clustertest.Config{Dir: dir, Binary: server, Nodes: servers})
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, c.Close()) }()
	fmt.Printf("seed %d, %d rounds, %d callers, %d servers, %d ledgers\n", seed, rounds, callers, servers, ledgers)
	t := trial{cluster: c, book: book.New(seed), callers: callers}
	defer func() {
		for _, l := range t.ledgers {
			err = errors.CombineErrors(err, l.Kill())
		}
	}()
	if err := t.start(ctx, binary, dir, ledgers, servers); err != nil {
		return err
	}
	faults := clustertest.FaultsOfOne()
	if servers > 1 {
		faults = append([]clustertest.Fault{clustertest.Nothing()}, clustertest.Faults()...)
	}
	for _, f := range faults {
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
	ledgers []*book.Process
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

// start starts the ledgers, with one key-encryption key and one vault where there are several.
func (t *trial) start(ctx context.Context, binary, dir string, ledgers, servers int) error {
	var key [keys.Size]byte
	_, _ = rand.Read(key[:]) // never fails
	if err := os.Setenv(keys.Variable, base64.StdEncoding.EncodeToString(key[:])); err != nil {
		return err
	}
	for n := range ledgers {
		flags := []string{"--data", filepath.Join(dir, fmt.Sprint("data", n)), "--nats-url", t.cluster.URLFrom(n % servers), "--replicas", fmt.Sprint(servers)}
		if ledgers > 1 {
			flags = append(flags, "--shared-vault")
		}
		for i := range servers {
			flags = append(flags, "--nats-monitor", t.cluster.MonitorURL(i))
		}
		l, err := book.Start(ctx, binary, flags...)
		if err != nil {
			return err
		}
		t.ledgers = append(t.ledgers, l)
	}
	return nil
}

func (t *trial) run(ctx context.Context, rounds int) error {
	for round := range rounds {
		for i := range t.rows {
			if err := t.fault(ctx, &t.rows[i]); err != nil {
				return errors.Wrapf(err, "round %d, %s; the ledger said: %s", round, t.rows[i].fault.Name, t.said())
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
	r.times++
	for i, l := range t.ledgers { // each has its own reading of the one log
		if err := book.Ready(ctx, l.HTTP); err != nil {
			return err
		}
		c, err := t.book.Check(ctx, l.HTTP)
		if err != nil {
			return err
		}
		if i == 0 {
			r.acknowledged += c.Acknowledged - before
		}
		r.lost, r.doubled, r.gaps = r.lost+c.Lost, r.doubled+c.Doubled, r.gaps+c.Gaps
	}
	return nil
}

// said gives the last words of the ledgers.
func (t *trial) said() string {
	var all []string
	for _, l := range t.ledgers {
		all = append(all, l.Said())
	}
	return strings.Join(all, "\n--\n")
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
	for i, l := range t.ledgers {
		fmt.Printf("ledger %d folded the log again %d times\n", i, l.Folds())
	}
	fmt.Printf("%-36s %6s %13s %6s %8s %6s %16s\n", "fault", "times", "acknowledged", "lost", "doubled", "gaps", "longest silence")
	for _, r := range t.rows {
		fmt.Printf("%-36s %6d %13d %6d %8d %6d %15.1fs\n", r.fault.Name, r.times, r.acknowledged, r.lost, r.doubled, r.gaps, r.silence.Seconds())
	}
}
