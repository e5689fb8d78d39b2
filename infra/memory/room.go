package memory

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/jigowatt/daybook/domain"
)

// askAfter is how much is written between two looks at the disk.
const askAfter = 16 << 20

var errFull = errors.Wrap(domain.ErrUnavailable, "the disk is nearly full")

// room refuses writes in time: Pebble ends the process when a write to its log fails.
type room struct {
	fs    vfs.FS
	dir   string
	least uint64

	mu      sync.Mutex
	granted uint64 // bytes that may be written before the next look
}

func (r *room) take(bytes uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.granted >= bytes {
		r.granted -= bytes
		return nil
	}
	usage, err := r.fs.GetDiskUsage(r.dir)
	if errors.Is(err, vfs.ErrUnsupported) {
		return nil // in memory
	}
	if err != nil {
		return errors.Mark(errors.Wrap(err, "look at the disk"), domain.ErrUnavailable)
	}
	if usage.AvailBytes < r.least+bytes {
		return errors.WithHint(errors.WithStack(errFull), "Make room on the disk of the data directory.")
	}
	r.granted = askAfter
	return nil
}

// The room that a write which found the disk full is tried again with, and the pause between two looks for it.
const (
	leastRoom = 64 << 20
	lookAgain = 200 * time.Millisecond
)

// await returns when the disk has some room, or when stop is closed. Pebble would end the process where a write to its log fails
// twice.
func (r *room) await(stop <-chan struct{}, log *slog.Logger) {
	ctx := context.Background()
	log.WarnContext(ctx, "the disk is full and the memory waits for room")
	for {
		usage, err := r.fs.GetDiskUsage(r.dir)
		if err == nil && usage.AvailBytes >= min(leastRoom, r.least) {
			log.WarnContext(ctx, "the memory goes on")
			return
		}
		timer := time.NewTimer(lookAgain)
		select {
		case <-timer.C:
		case <-stop:
			timer.Stop()
			return
		}
	}
}
