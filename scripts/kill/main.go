// Command kill proves that a ledger which is killed loses nothing: it starts the real program, records through real NATS
// connections, kills it with SIGKILL at a random moment, starts it again, and holds the whole log against every receipt that was
// given. It exits with 1 when an acknowledged action is missing, moved or doubled.
//
//	go run ./scripts/kill -rounds 25
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/scripts/book"
)

func main() {
	rounds := flag.Int("rounds", 25, "how often to kill, at most 100,000")
	callers := flag.Int("callers", 32, "concurrent callers, at most 1,024")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments and the messages")
	keep := flag.Bool("keep", false, "keep the data directory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, min(*rounds, 100_000), min(*callers, 1_024), *seed, *keep); err != nil {
		fmt.Fprintf(os.Stderr, "kill: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds, callers int, seed uint64, keep bool) (err error) {
	dir, err := os.MkdirTemp("", "daybook-kill-")
	if err != nil {
		return err
	}
	if keep {
		fmt.Println("data:", dir)
	} else {
		defer func() { err = errors.CombineErrors(err, os.RemoveAll(dir)) }()
	}
	binary, err := book.Build(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Printf("seed %d, %d rounds, %d callers\n", seed, rounds, callers)
	random := rand.New(rand.NewPCG(seed, 0))
	b := book.New(seed)
	data := filepath.Join(dir, "data")
	done := 0
	for ; done < rounds && ctx.Err() == nil; done++ {
		if err := round(ctx, b, binary, data, callers, 300*time.Millisecond+time.Duration(random.Int64N(int64(1500*time.Millisecond)))); ctx.Err() != nil {
			break
		} else if err != nil {
			return errors.Wrapf(err, "round %d", done)
		}
		if done%50 == 49 {
			fmt.Printf("%d of %d kills, %d actions acknowledged\n", done+1, rounds, b.Acknowledged())
		}
	}
	ctx = context.WithoutCancel(ctx) // an interruption ends the rounds, not what they prove
	p, err := start(ctx, binary, data)
	if err != nil {
		return errors.Wrap(err, "last start")
	}
	c, err := sound(b.Check(ctx, p.HTTP))
	if err := errors.CombineErrors(err, p.Kill()); err != nil {
		return err
	}
	fmt.Printf("%d kills: %d events in the log, %d actions acknowledged, 0 lost, 0 doubled; %d unacknowledged were recorded once\n",
		done, c.Events, c.Acknowledged, c.Unacknowledged)
	return nil
}

// round starts the ledger, holds against the book what came since the round before, records for a while, and kills it meanwhile.
func round(ctx context.Context, b *book.Book, binary, data string, callers int, while time.Duration) error {
	p, err := start(ctx, binary, data)
	if err != nil {
		return err
	}
	if _, err := sound(b.CheckOn(ctx, p.HTTP)); err != nil {
		return errors.CombineErrors(err, p.Kill())
	}
	recording, cancel := context.WithTimeout(ctx, while)
	killed := make(chan error, 1)
	go func() { <-recording.Done(); killed <- p.Kill() }()
	err = b.Record(recording, p.NATS, callers, nats.NoReconnect())
	cancel()
	return errors.CombineErrors(err, <-killed)
}

// sound makes an error of a log that does not fit the book.
func sound(c book.Counts, err error) (book.Counts, error) {
	if err == nil && !c.Sound() {
		err = errors.Newf("of %d acknowledged %d were lost; %d stand twice, %d positions are missing", c.Acknowledged, c.Lost, c.Doubled, c.Gaps)
	}
	return c, err
}

func start(ctx context.Context, binary, data string) (*book.Process, error) {
	nats, err := book.FreeAddress()
	if err != nil {
		return nil, err
	}
	p, err := book.Start(ctx, binary, "--data", data, "--nats", nats)
	if p != nil {
		p.NATS = "nats://" + nats
	}
	return p, err
}
