// Package migrate copies a ledger's log from one engine to another, and proves that the copy is the same: every position, every
// byte, and so the same Merkle root (RFC 6962). What people see does not depend on where the log rests.
//
// It deliberately changes nothing that is there: the source is only read, and a target that holds anything else is refused. It
// does not know the engines.
package migrate

import (
	"bytes"
	"context"
	"iter"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/eventlog"
)

// Log is one end of the copy. Nobody else may write to either meanwhile.
type Log interface {
	commands.Log
	// MaxFrame gives the most bytes that one Append takes, as eventlog.Size counts them.
	MaxFrame() int
}

// Config says how to copy. Its zero value copies into an empty target and tells nobody how far it is.
type Config struct {
	// Resume goes on with a target that holds the beginning of the source, as an interrupted copy leaves it. Each event that is
	// there is held against the source first.
	Resume bool
	// Progress is told of each step how far it is, in events.
	Progress func(step string, done, of domain.Position)
}

// Result is what both logs are now.
type Result struct {
	Size domain.Position
	Root merkle.Hash
	// Copied is how many events were written; the rest was there before.
	Copied domain.Position
}

// Limits of one append beside those of the engine: enough that syncing is not what takes the time.
const (
	maxEvents = 4096
	maxBytes  = 2 << 20
)

var (
	errNotEmpty = errors.Wrap(domain.ErrConflict, "the target of the migration is not empty")
	errDiffers  = errors.Wrap(domain.ErrConflict, "the target of the migration holds something else")
	errGrew     = errors.Wrap(domain.ErrConflict, "the source of the migration was written to meanwhile")
)

const hintResume = "Run the migration again with --resume: it goes on where this one ended."

// Run copies what from holds to to, reads it back from there, and proves both the same. It returns domain.ErrConflict where the
// target is not empty or differs and where the source grows meanwhile, what the engines return, and an assertion failure where the
// target does not give back what it took.
func Run(ctx context.Context, from, to Log, cfg Config) (Result, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string, domain.Position, domain.Position) {}
	}
	c := &copying{from: from, to: to, cfg: cfg, tree: &merkle.Tree{}}
	for _, step := range []func(context.Context) error{c.measure, c.compare, c.copy, c.prove} {
		if err := step(ctx); err != nil {
			return Result{}, err
		}
	}
	return Result{Size: c.end, Root: c.tree.Root(), Copied: c.end - c.present}, nil
}

type copying struct {
	from, to Log
	cfg      Config
	end      domain.Position // of the source
	present  domain.Position // the target's end before
	tree     *merkle.Tree    // of the source, as far as it was read
}

// measure finds both ends.
func (c *copying) measure(ctx context.Context) (err error) {
	if c.present, err = end(ctx, c.to); err != nil {
		return errors.Wrap(err, "end of the target")
	}
	if c.present > 0 && !c.cfg.Resume {
		return errors.WithHint(errors.Wrapf(errNotEmpty, "it holds %s events", c.present),
			"Name an empty target, or add --resume where it holds the beginning of this ledger.")
	}
	if c.end, err = end(ctx, c.from); err != nil {
		return errors.Wrap(err, "end of the source")
	}
	if c.present > c.end {
		return errors.WithHint(errors.Wrapf(errDiffers, "it holds %s events, the source %s", c.present, c.end),
			"The target is ahead of the source: are they the wrong way round?")
	}
	return nil
}

// end reads a log to its end without looking at the events.
func end(ctx context.Context, log Log) (domain.Position, error) {
	for batch, err := range log.Read(ctx, 0) {
		if err != nil || batch.CaughtUp {
			return batch.End(), err
		}
	}
	return 0, interrupted(ctx)
}

// events yields the stored bytes of a log from one position up to another.
func events(ctx context.Context, log Log, from, to domain.Position) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if from == to {
			return
		}
		at := from
		for batch, err := range log.Read(ctx, from) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, event := range batch.Events {
				if !yield(event, nil) {
					return
				}
				if at++; at == to {
					return
				}
			}
		}
		yield(nil, interrupted(ctx))
	}
}

func interrupted(ctx context.Context) error {
	return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "reading the log was interrupted"), context.Cause(ctx))
}

// compare holds what the target has against the source.
func (c *copying) compare(ctx context.Context) error {
	next, stop := iter.Pull2(events(ctx, c.to, 0, c.present))
	defer stop()
	at := domain.Position(0)
	for event, err := range events(ctx, c.from, 0, c.present) {
		if err != nil {
			return errors.Wrap(err, "read the source")
		}
		there, err, _ := next()
		if err != nil {
			return errors.Wrap(err, "read the target")
		}
		if !bytes.Equal(event, there) {
			return errors.WithHint(errors.Wrapf(errDiffers, "event %s", at), "Name an empty target.")
		}
		at = c.took(event)
		c.cfg.Progress("compare", at, c.present)
	}
	return nil
}

// took takes an event of the source into the tree, and gives how many there are.
func (c *copying) took(event []byte) domain.Position {
	// Without tiles to be told of, appending cannot fail.
	_ = c.tree.Append(merkle.Leaf(event), func(int, uint64, []merkle.Hash) error { return nil })
	return domain.Position(c.tree.Size())
}

// copy appends what is missing.
func (c *copying) copy(ctx context.Context) error {
	at, most := c.present, min(maxBytes, c.to.MaxFrame())
	var frame [][]byte
	size := 0
	write := func() error {
		if len(frame) == 0 {
			return nil
		}
		if err := c.to.Append(ctx, at, frame); err != nil {
			return errors.WithHint(errors.Wrapf(err, "write event %s to the target", at), hintResume)
		}
		at += domain.Position(len(frame))
		frame, size = frame[:0], 0
		c.cfg.Progress("copy", at, c.end)
		return nil
	}
	for event, err := range events(ctx, c.from, c.present, c.end) {
		if err != nil {
			return errors.WithHint(errors.Wrap(err, "read the source"), hintResume)
		}
		if length := len(event) + eventlog.EventOverhead; len(frame) == maxEvents || size+length > most {
			if err := write(); err != nil {
				return err
			}
		}
		frame, size = append(frame, event), size+len(event)+eventlog.EventOverhead
		c.took(event)
	}
	return write()
}

// prove reads the target from the beginning and holds its root against that of the source, which must not have grown.
func (c *copying) prove(ctx context.Context) error {
	var back merkle.Tree
	for event, err := range events(ctx, c.to, 0, c.end) {
		if err == nil {
			err = back.Append(merkle.Leaf(event), func(int, uint64, []merkle.Hash) error { return nil })
		}
		if err != nil {
			return errors.Wrap(err, "read the target back")
		}
		c.cfg.Progress("prove", domain.Position(back.Size()), c.end)
	}
	if back.Root() != c.tree.Root() {
		return errors.WithHint(errors.AssertionFailedf("the target gives back other bytes than it took"),
			"Do not use the target. The source is as it was.")
	}
	for side, log := range map[string]Log{"source": c.from, "target": c.to} {
		now, err := end(ctx, log)
		if err != nil {
			return errors.Wrapf(err, "end of the %s", errors.Safe(side))
		}
		if now != c.end {
			return errors.WithHint(errors.Wrapf(errGrew, "%s at %s instead of %s", errors.Safe(side), now, c.end),
				"Stop whoever writes, and run the migration again with --resume.")
		}
	}
	return nil
}
