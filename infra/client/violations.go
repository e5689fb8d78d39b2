package client

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// violations tells requests that the server does not permit from requests that nobody answers. NATS reports a violation not to
// the caller but to the connection's error handler, and to the caller it looks like a timeout.
type violations struct {
	nc       *nats.Conn
	previous nats.ErrHandler
	mu       sync.Mutex
	waiting  map[string]map[*request]struct{} // by subject; guarded by mu
	inbox    uint64                           // 1 + reconnects when replies were found forbidden, or 0; guarded by mu
	stopped  bool                             // guarded by mu
}

type request struct{ cancel context.CancelCauseFunc }

func watchViolations(nc *nats.Conn) *violations {
	v := &violations{nc: nc, previous: nc.ErrorHandler(), waiting: map[string]map[*request]struct{}{}}
	nc.SetErrorHandler(v.handle)
	return v
}

func (v *violations) stop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stopped = true
}

// handle is the connection's error handler.
func (v *violations) handle(nc *nats.Conn, sub *nats.Subscription, err error) {
	if v.previous != nil {
		v.previous(nc, sub, err)
	}
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return
	}
	subject, publish := violated(err.Error())
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.stopped:
	case publish:
		for r := range v.waiting[subject] {
			r.cancel(ErrForbidden)
		}
	case strings.HasPrefix(subject, inboxPrefix(nc)):
		v.inbox = 1 + nc.Stats().Reconnects
		for _, requests := range v.waiting {
			for r := range requests {
				r.cancel(ErrForbidden)
			}
		}
	}
}

func inboxPrefix(nc *nats.Conn) string {
	inbox := nc.NewInbox()
	return inbox[:strings.LastIndexByte(inbox, '.')+1]
}

// violated reads the subject from the server's text: Permissions Violation for Publish to "…".
func violated(text string) (subject string, publish bool) {
	_, rest, ok := strings.Cut(text, `"`)
	if !ok {
		return "", false
	}
	subject, _, _ = strings.Cut(rest, `"`)
	return subject, strings.Contains(text, `for Publish to "`)
}

// begin registers a request on a subject. The context is cancelled with ErrForbidden when the server does not permit it.
func (v *violations) begin(ctx context.Context, subject string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &request{cancel}
	v.mu.Lock()
	defer v.mu.Unlock()
	// Where replies are forbidden the server says so once, with the first request of a connection.
	if v.inbox == 1+v.nc.Stats().Reconnects {
		cancel(ErrForbidden)
	}
	if v.waiting[subject] == nil {
		v.waiting[subject] = map[*request]struct{}{}
	}
	v.waiting[subject][r] = struct{}{}
	return ctx, func() {
		v.mu.Lock()
		delete(v.waiting[subject], r)
		if len(v.waiting[subject]) == 0 {
			delete(v.waiting, subject)
		}
		v.mu.Unlock()
		cancel(nil)
	}
}
