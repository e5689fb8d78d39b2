package memory

import (
	"sync"

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
