// Command faults damages the files of ledgers in every way that it knows, and says what became of it. A bit is flipped, or the end
// torn off, in each kind of file that a data directory holds, after a clean stop and after a crash; power is lost by copying the disk
// beneath a writer that was stopped in the middle; the disk is filled. Each trial is harmless (every answer is the same), mended
// (the same, and the ledger said what it did), found (the ledger refuses, is red, or an answer fails), repaired (found, and
// put right by daybook repair), or silent. Where nothing was shown, every row of every view is compared with one folded anew, and the vault and
// the memory are read from end to end: only what lost nothing there either is harmless.
//
//	go run ./scripts/faults -short    # a minute
//	./scripts/soak                    # everything, for long
//
// It exits with 1 where anything was silent, or something acknowledged was lost.
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
)

func main() {
	var f faults
	flag.IntVar(&f.trials, "trials", 2, "damages of each kind, to each kind of file, after each kind of stop")
	flag.IntVar(&f.power, "power", 3, "losses of power")
	flag.BoolVar(&f.short, "short", false, "one damage to each kind of file, and one loss of power")
	flag.Uint64Var(&f.seed, "seed", uint64(time.Now().UnixNano()), "of the places and the moments")
	flag.StringVar(&f.only, "only", "", "only the kinds of file whose name begins so")
	flag.BoolVar(&f.verbose, "v", false, "print every trial")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := f.run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "faults: %v\n", err)
		os.Exit(1)
	}
}

// faults is one run.
type faults struct {
	trials, power  int
	short, verbose bool
	seed           uint64
	only           string
	dir            string
	table          table
}

func (f *faults) run(ctx context.Context) (err error) {
	if f.short {
		f.trials, f.power = 1, min(f.power, 1)
	}
	if f.dir, err = os.MkdirTemp("", "daybook-faults-"); err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, os.RemoveAll(f.dir)) }()
	fmt.Printf("seed %d\n", f.seed)
	began := time.Now()
	if err := f.files(ctx); err != nil {
		return err
	}
	f.table.print(os.Stdout)
	if err := f.powerLoss(ctx, filepath.Join(f.dir, "power")); err != nil {
		return err
	}
	fmt.Printf("%s\n", time.Since(began).Round(time.Second))
	if n := f.table.silent(); n > 0 {
		return errors.Newf("%d of the damages were silent", n)
	}
	return nil
}
