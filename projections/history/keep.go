package history

import (
	"log/slog"
	"os"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
)

// release ends one use.
func (h *History) release(p *past) {
	h.mu.Lock()
	p.users--
	replaced := p.users == 0 && h.past[p.key] != p && p.copy != nil
	old := h.surplus()
	if replaced {
		old = append(old, p)
	}
	h.mu.Unlock()
	for _, o := range old {
		h.drop(o.dir, o.copy, o.origins)
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
func (h *History) drop(dir string, made *projections.Copy, origins *os.File) {
	var err error
	if made != nil {
		err = made.Close()
	}
	err = errors.CombineErrors(err, closeOrigins(origins))
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
		all = errors.CombineErrors(all, closeOrigins(p.origins))
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
