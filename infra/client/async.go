package client

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
)

// RecordAsync hands actions over to be recorded in their order. With a spool it returns when they are on disk, and they are
// recorded even if this process ends; several goroutines share one fsync. Without a spool it returns at once and they are in
// memory only. Rejections come to WithOnRejected or Flush.
//
// It returns ErrRejected for the first action that the contract does not allow, those before it having been taken on;
// ErrSpoolFull, ErrNoKey or ErrSpool where none was taken on; and ErrClosed.
func (c *Client) RecordAsync(actions ...Action) error {
	c.open.RLock()
	defer c.open.RUnlock()
	if c.closed {
		return ErrClosed
	}
	events := make([]encoded, 0, len(actions))
	var refused error
	for _, a := range actions {
		event, err := c.encode(a, c.sequence)
		if err != nil {
			refused = err
			break
		}
		events = append(events, event)
	}
	if len(events) > 0 {
		if err := c.enqueue(context.Background(), events); err != nil {
			return errors.Join(err, refused)
		}
	}
	return refused
}

// handOver is enqueue for those who do not hold open.
func (c *Client) handOver(ctx context.Context, events []encoded) error {
	c.open.RLock()
	defer c.open.RUnlock()
	if c.closed {
		return ErrClosed
	}
	return c.enqueue(ctx, events)
}

// enqueue gives events to the backlog and wakes the sender. The caller holds open.
func (c *Client) enqueue(ctx context.Context, events []encoded) error {
	if c.spool != nil && !c.spool.hasKey() {
		if !c.nc.IsConnected() {
			return &Error{Kind: ErrNoKey, ID: events[0].id, Cause: nats.ErrDisconnected}
		}
		if err := c.fetchKey(ctx); err != nil {
			return &Error{Kind: ErrNoKey, ID: events[0].id, Cause: err}
		}
	}
	if err := c.backlog.add(events); err != nil {
		return err
	}
	c.sender.added(len(events))
	return nil
}

// Flush waits until the ledger has all that was handed over before, and returns nil; or until ctx is done, and returns
// ErrUnavailable. It returns ErrForbidden as soon as the server forbids it: what waits is kept. Without WithOnRejected, it
// returns the first rejection since the last Flush.
func (c *Client) Flush(ctx context.Context) error { return c.sender.flush(ctx) }
