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
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cockroachdb/errors"
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
	binary := filepath.Join(dir, "daybook")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/jigowatt/daybook").CombinedOutput(); err != nil {
		return errors.Wrapf(err, "build: %s", out)
	}
	fmt.Printf("seed %d, %d rounds, %d callers\n", seed, rounds, callers)
	random := rand.New(rand.NewPCG(seed, 0))
	b := newBook(seed)
	for round := range rounds {
		p, err := start(ctx, binary, filepath.Join(dir, "data"))
		if err != nil {
			return errors.Wrapf(err, "round %d", round)
		}
		if err := b.check(ctx, p); err != nil {
			return errors.CombineErrors(errors.Wrapf(err, "round %d", round), p.kill())
		}
		recording, cancel := context.WithTimeout(ctx, 300*time.Millisecond+time.Duration(random.Int64N(int64(1500*time.Millisecond))))
		killed := make(chan error, 1)
		go func() { <-recording.Done(); killed <- p.kill() }()
		err = b.record(recording, p, callers)
		cancel()
		if err := errors.CombineErrors(err, <-killed); err != nil {
			return errors.Wrapf(err, "round %d", round)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	p, err := start(ctx, binary, filepath.Join(dir, "data"))
	if err != nil {
		return errors.Wrap(err, "last start")
	}
	if err := errors.CombineErrors(b.check(ctx, p), p.kill()); err != nil {
		return err
	}
	fmt.Printf("%d kills: %d events in the log, %d actions acknowledged, 0 lost, 0 doubled, 0 moved; %d unacknowledged were recorded once\n",
		rounds, b.events, len(b.acknowledged), b.unacknowledged)
	return nil
}

// process is one run of the program.
type process struct {
	cmd        *exec.Cmd
	http, nats string
}

func start(ctx context.Context, binary, data string) (*process, error) {
	httpAddr, natsAddr, err := freeAddresses()
	if err != nil {
		return nil, err
	}
	p := &process{http: "http://" + httpAddr, nats: "nats://" + natsAddr}
	p.cmd = exec.Command(binary, "serve", "--data", data, "--http", httpAddr, "--nats", natsAddr)
	log, err := os.OpenFile(data+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for range 300 {
		if _, err := get(ctx, p.http+"/readyz"); err == nil {
			return p, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.CombineErrors(ctx.Err(), p.kill())
		case <-time.After(100 * time.Millisecond):
		}
	}
	text, err := tail(data + ".log")
	return nil, errors.CombineErrors(errors.Newf("the ledger did not become ready: %s", text), errors.CombineErrors(err, p.kill()))
}

func tail(path string) (string, error) {
	b, err := os.ReadFile(path)
	return string(b[max(0, len(b)-4096):]), err
}

// kill ends the process as a crash would. Its exit is not an error.
func (p *process) kill() error {
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		return errors.Wrap(err, "the ledger ended by itself")
	}
	_ = p.cmd.Wait() // the exit status is that of the signal
	return nil
}

func freeAddresses() (first, second string, err error) {
	for _, address := range []*string{&first, &second} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", err
		}
		defer l.Close()
		*address = l.Addr().String()
	}
	return first, second, nil
}
