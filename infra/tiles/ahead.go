package tiles

import (
	"context"
	"sync"

	"github.com/jigowatt/daybook/domain"
)

// aheadFiles is how many files are read before they are asked for: at most some 128 MiB where every event is of the largest size.
const aheadFiles = 8

// ahead reads the bundles and the lowest tiles of a log beside whoever asks for them in order, so that the one hashes while the
// other waits for the disk or the network.
type ahead struct {
	files Files
	read  chan fetched
	stop  context.CancelFunc
	done  sync.WaitGroup
}

type fetched struct {
	path    string
	content []byte
	err     error
}

// readAhead begins to read the full bundles and tiles between two sizes. It is closed by close.
func readAhead(ctx context.Context, files Files, from, size domain.Position) *ahead {
	ctx, stop := context.WithCancel(ctx)
	a := &ahead{files: files, read: make(chan fetched, aheadFiles), stop: stop}
	a.done.Go(func() {
		defer close(a.read)
		for index := uint64(from) / width; index < uint64(size)/width; index++ {
			for _, level := range []int{entries, 0} {
				f := fetched{path: place{level, index, width}.path()}
				f.content, f.err = files.File(ctx, f.path)
				select {
				case a.read <- f:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	return a
}

// close ends the reading and waits for it.
func (a *ahead) close() {
	a.stop()
	a.done.Wait()
}

// File gives the next file of the order, or any other as Files does. It is for one goroutine.
func (a *ahead) File(ctx context.Context, path string) ([]byte, error) {
	p, err := parse(path)
	if err != nil || p.level > 0 || p.width < width {
		return a.files.File(ctx, path)
	}
	for f := range a.read {
		if f.path == path {
			return f.content, f.err
		}
	}
	return a.files.File(ctx, path) // out of order: where something differs
}
