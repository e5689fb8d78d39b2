package vault

import (
	"context"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

var errCopyEnded = errors.Wrap(domain.ErrUnavailable, "somebody was forgotten while the vault was copied")

// copies are the copies of a vault that are being made. Forgetting does not wait for them: it ends them.
type copies struct {
	mu         sync.Mutex
	forgetting int                        // under mu
	running    map[int]context.CancelFunc // under mu
	next       int                        // under mu
}

// enter begins a copy, which end ends. It returns domain.ErrUnavailable while somebody is forgotten.
func (c *copies) enter(end context.CancelFunc) (leave func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgetting > 0 {
		return nil, errors.WithHint(errors.WithStack(errCopyEnded), "Make the backup of the keys again.")
	}
	if c.running == nil {
		c.running = map[int]context.CancelFunc{}
	}
	c.next++
	id := c.next
	c.running[id] = end
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, id)
	}, nil
}

// stop ends all copies and keeps new ones out until resume is called.
func (c *copies) stop() (resume func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgetting++
	for _, end := range c.running {
		end()
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.forgetting--
	}
}
