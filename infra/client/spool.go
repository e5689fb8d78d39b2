package client

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

const (
	// segmentBytes is when a new segment is begun.
	segmentBytes = 4 << 20
	// drainedBytes is when a segment of which nothing waits any more is removed at once, rather than on Close.
	drainedBytes = 256 << 10
	// frameOverhead is more than a frame adds to its only event.
	frameOverhead = frameHeader + frameFixed + 1 + wire.MaxIDBytes + wire.SealOverhead + 64
	// maxAside is how many messages that the ledger refused whole are kept aside.
	maxAside = 1000
)

var (
	errInUse  = errors.New("daybook: another process uses the directory")
	errOthers = errors.New("daybook: the directory belongs to another controller or service")
	errAside  = errors.New("daybook: too many refused messages are kept aside")
)

// spool is the backlog on disk: segments of frames, of which only the ledger can read what was sealed.
type spool struct {
	dir                 string
	controller, service string
	limit               int64
	batch               int
	log                 *slog.Logger
	lock                *os.File
	counter, cursor     *os.File

	commit sync.Mutex // held while frames are written
	mu     sync.Mutex
	group  *group     // what the next commit writes; guarded by mu
	key    *wire.Key  // nil before the ledger was reached once; guarded by mu
	active *segment   // written to; nil before the first frame; changed under commit and mu
	next   uint64     // number of the next segment; guarded by mu
	frames []frame    // not settled, oldest first; guarded by mu
	bytes  int64      // of frames; guarded by mu
	count  int        // actions in frames; guarded by mu
	seq    uint64     // the newest sequence given out; guarded by mu
	state  spoolState // what opening found, and what was found since; guarded by mu
}

type spoolState struct{ torn, damaged int64 }

// segment is one file of frames.
type segment struct {
	number uint64
	file   *os.File
	size   int64 // owned by whoever holds commit
	left   int   // frames not settled; guarded by spool.mu
	busy   bool  // being written to; guarded by spool.mu
}

// frame is where a frame stands.
type frame struct {
	segment *segment
	at      int64
	size    int
	count   int
}

func openSpool(ctx context.Context, o options) (*spool, error) {
	s := &spool{dir: o.spoolDir, controller: o.controller, service: o.service, limit: o.spoolLimit, batch: o.batch, log: o.log, group: &group{}}
	if err := s.open(ctx); err != nil {
		s.closeFiles()
		return nil, spoolError(err)
	}
	return s, nil
}

func (s *spool) open(ctx context.Context) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := s.claim(); err != nil {
		return err
	}
	var err error
	if s.counter, err = os.OpenFile(s.path("sequence"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	if s.cursor, err = os.OpenFile(s.path("cursor"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	s.seq = readCounter(s.counter)
	s.key = s.loadKey(ctx)
	if err := s.recover(ctx); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// claim locks the directory and checks that it is this publisher's: what is sealed is bound to controller and service.
func (s *spool) claim() error {
	f, err := os.OpenFile(s.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	s.lock = f
	if err := lock(f); err != nil {
		return errors.Join(errInUse, err)
	}
	want := s.controller + "/" + s.service + "\n"
	got := make([]byte, len(want)+1)
	n, _ := f.ReadAt(got, 0)
	if n == 0 {
		_, err := f.WriteAt([]byte(want), 0)
		return err
	}
	if string(got[:n]) != want {
		return errOthers
	}
	return nil
}

func (s *spool) path(name string) string { return filepath.Join(s.dir, name) }

func (s *spool) hasKey() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key != nil
}

func (s *spool) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// patience is none: what is in the spool was batched when it was written.
func (s *spool) patience() time.Duration { return 0 }

func (s *spool) describe(to *Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to.SpoolBytes, to.Sequence, to.TornBytes, to.DamagedBytes = s.bytes, s.seq, s.state.torn, s.state.damaged
}

// close removes what is settled and lets go of the directory. The sender has stopped.
func (s *spool) close() error {
	s.commit.Lock()
	defer s.commit.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.active != nil && s.active.left == 0 {
		err = s.retire(s.active)
	}
	s.closeFiles()
	if err != nil {
		return spoolError(err)
	}
	return nil
}

func (s *spool) closeFiles() {
	closed := map[*segment]bool{}
	for _, f := range s.frames {
		if !closed[f.segment] {
			closed[f.segment] = true
			_ = f.segment.file.Close()
		}
	}
	if s.active != nil && !closed[s.active] {
		_ = s.active.file.Close()
	}
	for _, f := range []*os.File{s.cursor, s.counter, s.lock} {
		if f != nil {
			_ = f.Close()
		}
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
