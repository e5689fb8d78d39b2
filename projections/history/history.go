// Package history answers as views did when the log ended at an earlier position: it folds the wanted view up to there, in a file
// apart, so that every question can be asked of it unchanged (Art. 5(2): what was known, and when).
//
// It deliberately keeps few files: they can be folded again.
package history

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
)

// Config says where views of the past are built and how much is kept. Dir is required; it belongs to the History alone and is
// emptied by New.
type Config struct {
	Dir string
	// Most is how many views are kept, 0 for 16; MostBytes how much of the disk they may use, 0 for 2 GiB. The last one that was
	// asked for is kept in any case.
	Most      int
	MostBytes int64
	// Waiting is how many may wait to be built, 0 for 24: those of one page, and of another.
	Waiting int
	Log     *slog.Logger // discards by default
}

// History keeps the views as of earlier positions that were asked for last. Its methods may be called concurrently.
type History struct {
	log    projections.Log
	open   projections.Opener
	views  map[string]projections.Projection
	cfg    Config
	ctx    context.Context // of all building; ended by Close
	cancel context.CancelFunc
	work   sync.WaitGroup
	turn   chan struct{} // held by the one that builds
	// retelling is held by those that tell events again: it is short, and waits for no building.
	retelling chan struct{}

	mu      sync.Mutex
	past    map[key]*past // guarded by mu
	clock   uint64        // counts uses; guarded by mu
	folders int           // counts the folders made; guarded by mu
	waiting int           // guarded by mu
	closed  bool          // guarded by mu
}

type key struct {
	view string
	at   domain.Position
}

// past is one view as of a position. Its fields are guarded by the History's lock once it is in the map.
type past struct {
	key   key
	dir   string
	ready chan struct{} // closed once it was built or failed
	copy  *projections.Copy
	err   error
	size  int64
	used  uint64 // the History's clock when it was asked for last
	users int
	built projections.Progress
}

// New empties the folder, and makes a History of the views. It returns domain.ErrUnavailable where the folder cannot be used.
func New(log projections.Log, open projections.Opener, views []projections.Projection, cfg Config) (*History, error) {
	if cfg.Most <= 0 {
		cfg.Most = 16
	}
	if cfg.MostBytes <= 0 {
		cfg.MostBytes = 2 << 30
	}
	if cfg.Waiting <= 0 {
		cfg.Waiting = 24
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := errors.CombineErrors(os.RemoveAll(cfg.Dir), os.MkdirAll(cfg.Dir, 0o700)); err != nil {
		return nil, errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "empty the folder of views of the past"), err),
			"Check that the data directory belongs to the user that runs daybook.")
	}
	h := &History{log: log, open: open, views: map[string]projections.Projection{}, cfg: cfg, turn: make(chan struct{}, 1), retelling: make(chan struct{}, 2), past: map[key]*past{}}
	for _, v := range views {
		h.views[v.Name()] = v
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h, nil
}

var (
	errBuilding = errors.Wrap(domain.ErrUnavailable, "the view as of then is being built")
	errFull     = errors.Wrap(domain.ErrBusy, "many views of the past are being built")
	errClosed   = errors.Wrap(domain.ErrUnavailable, "views of the past are closed")
)

// View gives a view as it was when the log ended at a position; release must be called when it is no longer read. Where it is not
// built by the time that ctx ends it returns domain.ErrUnavailable, and goes on building. It returns domain.ErrBusy where too many
// are waited for, domain.ErrInvalid for a position that the log does not reach, and what stops the view on its way.
func (h *History) View(ctx context.Context, view string, at domain.Position) (found *projections.View, release func(), err error) {
	p, err := h.get(key{view, at})
	if err != nil {
		return nil, nil, err
	}
	release = sync.OnceFunc(func() { h.release(p) })
	select {
	case <-p.ready:
	case <-ctx.Done():
		progress := h.progress(p)
		release()
		return nil, nil, errors.WithHint(errors.Wrapf(errBuilding, "view %s at %s of %s", errors.Safe(view), progress.Position, progress.Of),
			"Ask again in a moment: what is being built goes on, and is kept for a while.")
	}
	if p.err != nil {
		release()
		return nil, nil, errors.WithStack(p.err)
	}
	return p.copy.View(view), release, nil
}

// get finds what was built or begins to build it, for one more user.
func (h *History) get(k key) (*past, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	projection, known := h.views[k.view]
	p := h.past[k]
	switch {
	case h.closed:
		return nil, errors.WithStack(errClosed)
	case !known:
		return nil, errors.AssertionFailedf("there is no view %s", errors.Safe(k.view))
	case p == nil && h.waiting >= h.cfg.Waiting:
		return nil, errors.WithHint(errors.WithStack(errFull), "Ask again in a moment.")
	case p == nil:
		h.folders++
		p = &past{key: k, dir: filepath.Join(h.cfg.Dir, k.view+"-"+strconv.Itoa(h.folders)), ready: make(chan struct{})}
		p.built.Of = k.at
		h.past[k] = p
		h.waiting++
		h.work.Go(func() { h.build(p, projection) })
	}
	h.clock++
	p.used = h.clock
	p.users++
	return p, nil
}

func (h *History) progress(p *past) projections.Progress {
	h.mu.Lock()
	defer h.mu.Unlock()
	return p.built
}

// build folds a view when its turn comes.
func (h *History) build(p *past, projection projections.Projection) {
	var made *projections.Copy
	var err error
	select {
	case h.turn <- struct{}{}:
		made, err = h.fold(p, projection)
		<-h.turn
	case <-h.ctx.Done():
		err = errors.WithStack(errClosed)
	}
	size := int64(0)
	if err == nil {
		size = sizeOf(p.dir)
	} else {
		h.cfg.Log.WarnContext(h.ctx, "view of the past not built", slog.String("view", p.key.view), slog.Any("error", err))
		h.drop(p.dir, made)
	}
	h.mu.Lock()
	p.copy, p.err, p.size = made, err, size
	h.waiting--
	if err != nil {
		delete(h.past, p.key) // whoever asks next tries again
	}
	old := h.surplus()
	h.mu.Unlock()
	for _, o := range old {
		h.drop(o.dir, o.copy)
	}
	close(p.ready) // Whoever waits finds no more files than are kept.
}

func (h *History) fold(p *past, projection projections.Projection) (*projections.Copy, error) {
	made, err := projections.NewCopy(h.log, p.dir, h.open, []projections.Projection{projection}, projections.Config{})
	if err != nil {
		return nil, err
	}
	return made, made.To(h.ctx, map[string]domain.Position{p.key.view: p.key.at}, func(progress projections.Progress) {
		h.mu.Lock()
		p.built = progress
		h.mu.Unlock()
	})
}

// release ends one use.
func (h *History) release(p *past) {
	h.mu.Lock()
	p.users--
	old := h.surplus()
	h.mu.Unlock()
	for _, o := range old {
		h.drop(o.dir, o.copy)
	}
}

// surplus takes out what is beyond the limits and read by nobody, what was asked for longest ago first. It is called under the lock.
func (h *History) surplus() []*past {
	var idle []*past
	count, bytes := 0, int64(0)
	for _, p := range h.past {
		if p.copy == nil {
			continue // being built
		}
		count++
		bytes += p.size
		if p.users == 0 && p.used != h.clock {
			idle = append(idle, p)
		}
	}
	slices.SortFunc(idle, func(a, b *past) int { return int(int64(a.used) - int64(b.used)) })
	n := 0
	for ; n < len(idle) && (count > h.cfg.Most || bytes > h.cfg.MostBytes); n++ {
		delete(h.past, idle[n].key)
		count--
		bytes -= idle[n].size
	}
	return idle[:n]
}

// drop closes and removes files that nobody reads.
func (h *History) drop(dir string, made *projections.Copy) {
	var err error
	if made != nil {
		err = made.Close()
	}
	if err = errors.CombineErrors(err, os.RemoveAll(dir)); err != nil {
		h.cfg.Log.WarnContext(h.ctx, "view of the past left behind", slog.Any("error", err))
	}
}

// Close ends what is being built, waits for it, and removes everything. Nobody reads any more when it is called.
func (h *History) Close() error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.cancel()
	h.work.Wait()
	var all error
	for _, p := range h.past {
		all = errors.CombineErrors(all, p.copy.Close())
	}
	h.past = map[key]*past{}
	if err := os.RemoveAll(h.cfg.Dir); err != nil {
		all = errors.CombineErrors(all, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "remove views of the past"), err))
	}
	return errors.Wrap(all, "close views of the past")
}

// sizeOf adds up the files of a folder; what cannot be seen counts nothing.
func sizeOf(dir string) (bytes int64) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// Progress says how far a view is that is being built, and false for one that is not.
func (h *History) Progress(view string, at domain.Position) (projections.Progress, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.past[key{view, at}]
	if p == nil || p.copy != nil {
		return projections.Progress{}, false
	}
	return p.built, true
}
