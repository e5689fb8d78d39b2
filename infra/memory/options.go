package memory

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Config says how much of the machine's memory the store may use. The zero value uses about 40 MiB.
type Config struct {
	// Cache is how many bytes of blocks and Bloom filters are kept; 0 means 16 MiB. The filters take 1.25 bytes a message: where
	// they do not fit, finding slows down.
	Cache int64
	// Unwritten is the size in bytes at which what is new is written to a file of its own; two of them are in memory at a
	// time, and at most three; the disk holds five of their logs. 0 means 4 MiB.
	Unwritten uint64
	// LeastFree is how many bytes of the disk must be free for anything to be remembered; 0 means 256 MiB.
	LeastFree uint64
	// Log takes what the store has to say; nil drops it.
	Log *slog.Logger
	// FS is where files are kept; nil means the disk. vfs.NewMem keeps them in memory, for tests.
	FS vfs.FS
}

func (c Config) withDefaults() Config {
	if c.Cache <= 0 {
		c.Cache = 16 << 20
	}
	if c.Unwritten == 0 {
		c.Unwritten = 4 << 20
	}
	if c.LeastFree == 0 {
		c.LeastFree = 256 << 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.FS == nil {
		c.FS = vfs.Default
	}
	return c
}

const (
	bitsPerKey = 10 // one unknown message in a hundred is looked up in vain
	maxOpen    = 512
)

func (c Config) options() *pebble.Options {
	options := &pebble.Options{
		// Pebble takes what is unwritten out of the cache, too: without room for it no filter would stay in memory.
		Cache:                       pebble.NewCache(c.Cache + 2*int64(c.Unwritten)),
		FS:                          c.FS,
		FormatMajorVersion:          pebble.FormatValueSeparation,
		MemTableSize:                c.Unwritten,
		MemTableStopWritesThreshold: 3,
		// Each compaction of the first level writes the next one anew, so that it waits for many files; a filter of our own, in memory,
		// keeps finding what is new from looking into them.
		L0CompactionThreshold:      16,
		L0StopWritesThreshold:      64,
		LBaseMaxBytes:              256 << 20, // one level less below a few million messages
		MaxOpenFiles:               maxOpen,
		CompactionConcurrencyRange: func() (int, int) { return 1, 1 },
		Logger:                     logger{c.Log},
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(bitsPerKey)
	}
	// Hashes do not get smaller.
	options.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	return options
}

// logger passes on what Pebble says. It says it as text; it knows no personal data.
type logger struct{ to *slog.Logger }

func (l logger) Infof(form string, args ...any) { l.say(slog.LevelDebug, form, args) }

func (l logger) Errorf(form string, args ...any) { l.say(slog.LevelError, form, args) }

// Fatalf must not return: the store would go on in a state that it does not know.
func (l logger) Fatalf(form string, args ...any) {
	l.say(slog.LevelError, form, args)
	panic(errors.AssertionFailedf("the memory's store cannot go on"))
}

func (l logger) say(level slog.Level, form string, args []any) {
	ctx := context.Background()
	if l.to.Enabled(ctx, level) {
		l.to.LogAttrs(ctx, level, "the memory's store reports", slog.String("text", fmt.Sprintf(form, args...)))
	}
}
