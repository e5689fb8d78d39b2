// Package history answers as views did when the log ended at an earlier position: it folds the wanted view up to there, in a file
// apart, so that every question can be asked of it unchanged (Art. 5(2): what was known, and when). In the same way it answers as
// views were on a date: there the events are folded in the order in which they happened, as far as that.
//
// It deliberately keeps few files: they can be folded again.
package history

import (
	"context"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

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
	Log     *slog.Logger     // discards by default
	Now     func() time.Time // time.Now by default
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
	at   domain.Position // latest for a view on a date with all that is known
	on   int64           // the date in milliseconds, everyDate for a view as it was known
}

const (
	latest    = ^domain.Position(0)
	everyDate = math.MinInt64
)

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

	// Of a view on a date:
	from    domain.Position // the end of the log as of which it was built
	end     domain.Position // and the last as of which it is known to be the same
	origins *os.File        // where its events stand in the log
	since   time.Time       // when it was built
	given   bool            // to somebody since then
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
	if cfg.Now == nil {
		cfg.Now = time.Now
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
	p, release, err := h.get(ctx, key{view, at, everyDate}, at)
	if err != nil {
		return nil, nil, err
	}
	return p.copy.View(view), release, nil
}

// get waits for a view, which is built up to the end where it is not there.
func (h *History) get(ctx context.Context, k key, end domain.Position) (p *past, release func(), err error) {
	if p, err = h.find(k, end); err != nil {
		return nil, nil, err
	}
	release = sync.OnceFunc(func() { h.release(p) })
	select {
	case <-p.ready:
	case <-ctx.Done():
		progress := h.progress(p)
		release()
		return nil, nil, errors.WithHint(errors.Wrapf(errBuilding, "view %s at %s of %s", errors.Safe(k.view), progress.Position, progress.Of),
			"Ask again in a moment: what is being built goes on, and is kept for a while.")
	}
	if p.err != nil {
		release()
		return nil, nil, errors.WithStack(p.err)
	}
	return p, release, nil
}

// find finds what was built or begins to build it, for one more user.
func (h *History) find(k key, end domain.Position) (*past, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	projection, known := h.views[k.view]
	p := h.past[k]
	if live := h.past[key{k.view, latest, k.on}]; p == nil && live != nil && live.from <= k.at && k.at <= live.end {
		p = live // it is the same at both ends
	}
	switch {
	case h.closed:
		return nil, errors.WithStack(errClosed)
	case !known:
		return nil, errors.AssertionFailedf("there is no view %s", errors.Safe(k.view))
	case p == nil && h.waiting >= h.cfg.Waiting:
		return nil, errors.WithHint(errors.WithStack(errFull), "Ask again in a moment.")
	case p == nil:
		h.folders++
		p = &past{key: k, dir: filepath.Join(h.cfg.Dir, k.view+"-"+strconv.Itoa(h.folders)), ready: make(chan struct{}), from: end, end: end}
		p.built.Of = end
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
	var origins *os.File
	var err error
	select {
	case h.turn <- struct{}{}:
		if p.key.on == everyDate {
			made, err = h.fold(p, projection, h.log, p.end, 0)
		} else {
			made, origins, err = h.foldOn(p, projection)
		}
		<-h.turn
	case <-h.ctx.Done():
		err = errors.WithStack(errClosed)
	}
	size := int64(0)
	if err == nil {
		size = sizeOf(p.dir)
	} else {
		h.cfg.Log.WarnContext(h.ctx, "view of the past not built", slog.String("view", p.key.view), slog.Any("error", err))
		h.drop(p.dir, made, origins)
	}
	h.mu.Lock()
	p.copy, p.origins, p.err, p.size, p.since = made, origins, err, size, h.cfg.Now()
	h.waiting--
	if err != nil && h.past[p.key] == p {
		delete(h.past, p.key) // whoever asks next tries again
	}
	old := h.surplus()
	h.mu.Unlock()
	for _, o := range old {
		h.drop(o.dir, o.copy, o.origins)
	}
	close(p.ready) // Whoever waits finds no more files than are kept.
}

// fold folds a view from a log up to an end. Where reading was done before, that is part of the progress.
func (h *History) fold(p *past, projection projections.Projection, log projections.Log, end, before domain.Position) (*projections.Copy, error) {
	made, err := projections.NewCopy(log, p.dir, h.open, []projections.Projection{projection}, projections.Config{})
	if err != nil {
		return nil, err
	}
	return made, made.To(h.ctx, map[string]domain.Position{p.key.view: end}, func(progress projections.Progress) {
		h.reach(p, projections.Progress{Position: before + progress.Position, Of: before + progress.Of})
	})
}

// reach keeps how far the building of a view is.
func (h *History) reach(p *past, progress projections.Progress) {
	h.mu.Lock()
	p.built = progress
	h.mu.Unlock()
}

// Progress says how far a view is that is being built, and false for one that is not.
func (h *History) Progress(view string, at domain.Position) (projections.Progress, bool) {
	return h.building(key{view, at, everyDate})
}

func (h *History) building(k key) (projections.Progress, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.past[k]
	if p == nil || p.copy != nil {
		return projections.Progress{}, false
	}
	return p.built, true
}
