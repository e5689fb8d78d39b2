package intake

import (
	"sync"

	"golang.org/x/sync/semaphore"
)

const (
	// largeBody is the length from which a body is handled beside the others: to read a message of 8 MiB takes as long as to answer
	// hundreds of the usual size, which would wait behind it or find no room.
	largeBody = 64 << 10
	// laneBytes bounds the bodies that wait or are handled beside the others.
	laneBytes = 48 << 20
)

// lane handles large messages one after another.
type lane struct {
	room *semaphore.Weighted

	mu     sync.RWMutex // held for reading while something is added
	closed bool         // under mu
	work   chan func()  // has room for all that the lane has room for
}

func newLane() *lane {
	return &lane{room: semaphore.NewWeighted(laneBytes), work: make(chan func(), laneBytes/largeBody)}
}

// add takes work on, for a body of so many bytes, at least largeBody. It says false where there is no room, or when it is closed.
func (l *lane) add(bytes int, work func()) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	weight := int64(min(bytes, laneBytes))
	if l.closed || !l.room.TryAcquire(weight) {
		return false
	}
	l.work <- func() {
		defer l.room.Release(weight)
		work()
	}
	return true
}

// run does the work until the lane is closed and empty.
func (l *lane) run() {
	for work := range l.work {
		work()
	}
}

// close takes no more work on. It may be called again.
func (l *lane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.work)
	}
}
