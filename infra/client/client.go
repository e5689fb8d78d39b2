package client

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/wire"
)

// Client records actions of one service for one controller. It is safe for use by several goroutines.
type Client struct {
	options
	nc      *nats.Conn
	owned   bool // nc is closed with the client
	watch   *violations
	backlog backlog
	spool   *spool // the backlog, where there is a spool; otherwise nil
	sender  *sender
	// open is held for reading while an action is handed over, and for writing by Close, so that nothing is handed over after the
	// last look at what waits.
	open   sync.RWMutex
	closed bool // guarded by open
}

// Connect makes a client. url is that of a NATS server, such as nats://127.0.0.1:4222, and is not used with WithConn.
//
// Without a spool it returns ErrUnavailable where the server cannot be reached. With a spool it does not need the server: what
// is recorded meanwhile is kept. It returns ErrOptions, and ErrSpool where the spool cannot be used.
func Connect(ctx context.Context, url string, opts ...Option) (*Client, error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	if o.source == "" {
		o.source = "/" + o.controller + "/" + o.service
	}
	if err := o.valid(); err != nil {
		return nil, err
	}
	c := &Client{options: o, nc: o.conn}
	if c.nc == nil {
		if err := c.dial(ctx, url); err != nil {
			return nil, err
		}
	}
	c.watch = watchViolations(c.nc)
	if o.spoolDir == "" {
		c.backlog = newQueue(o.queue, o.batch, o.batchWait)
	} else {
		s, err := openSpool(ctx, o)
		if err != nil {
			c.closeConn()
			return nil, err
		}
		c.spool, c.backlog = s, s
		if err := c.fetchKey(ctx); err != nil && !s.hasKey() {
			o.log.WarnContext(ctx, "the ledger's sealing key was never fetched; nothing can be spooled until the ledger is reached")
		}
	}
	c.sender = startSender(c)
	return c, nil
}

// dial connects. With a spool, the connection is made in the background where the server is not there.
func (c *Client) dial(ctx context.Context, url string) error {
	timeout := c.timeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline))
	}
	if timeout <= 0 {
		return unavailable(context.Cause(ctx))
	}
	opts := []nats.Option{nats.Name("daybook " + c.controller + " " + c.service), nats.MaxReconnects(-1), nats.Timeout(timeout),
		nats.ReconnectWait(c.backoff.Min), nats.CustomReconnectDelay(func(n int) time.Duration { return c.backoff.wait(n, c.random) })}
	if c.spoolDir != "" {
		opts = append(opts, nats.RetryOnFailedConnect(true))
	}
	nc, err := nats.Connect(url, append(opts, c.nats...)...)
	if err != nil {
		if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) {
			return &Error{Kind: ErrForbidden, Cause: err}
		}
		return unavailable(err)
	}
	c.nc, c.owned = nc, true
	return nil
}

func (c *Client) closeConn() {
	if c.owned {
		c.nc.Close()
	}
}

// subject is one of the client's own subjects.
func (c *Client) subject(kind wire.Kind) string {
	return wire.Subject{Kind: kind, Controller: c.controller, Service: c.service}.String()
}

// Status says how the client stands.
type Status struct {
	// Connected says that there is a connection to a NATS server, which is not to say that the ledger answers.
	Connected bool
	// Waiting is how many actions were handed over and are not yet settled.
	Waiting int
	// SpoolBytes is how much of the spool's limit is taken.
	SpoolBytes int64
	// TornBytes is what was cut off the spool's end when it was opened: a record that a crash interrupted, which nobody had been
	// told was safe.
	TornBytes int64
	// DamagedBytes is what could not be read in the middle of the spool when it was opened: records that are lost.
	DamagedBytes int64
	// Sequence is the count of the publisher's events, 0 without a spool.
	Sequence uint64
}

// Status says how the client stands.
func (c *Client) Status() Status {
	s := Status{Connected: c.nc.IsConnected(), Waiting: c.backlog.waiting()}
	if c.spool != nil {
		c.spool.describe(&s)
	}
	return s
}

// Close takes on nothing more, sends what waits, and lets go of the connection and the spool. With a spool it gives up at the
// first attempt that fails, or with ctx, because what is left is safe and is sent by the next client on the same directory.
// Without one it tries until ctx is done, and returns ErrUnavailable where actions were lost by that.
func (c *Client) Close(ctx context.Context) error {
	c.open.Lock()
	already := c.closed
	c.closed = true
	c.open.Unlock()
	if already {
		return nil
	}
	err := c.sender.drain(ctx, c.spool != nil)
	c.sender.stop()
	left := c.backlog.waiting()
	switch {
	case c.spool != nil:
		if left > 0 {
			c.log.InfoContext(ctx, "actions stay in the spool", slog.Int("actions", left))
		}
		if errors.Is(err, ErrUnavailable) || errors.Is(err, ErrForbidden) {
			err = nil // what was not sent is safe
		}
		err = errors.Join(err, c.spool.close())
	case left > 0:
		c.log.ErrorContext(ctx, "actions were lost: the client was closed before the ledger took them", slog.Int("actions", left))
	}
	c.watch.stop()
	c.closeConn()
	return err
}

func (c *Client) isClosed() bool {
	c.open.RLock()
	defer c.open.RUnlock()
	return c.closed
}
