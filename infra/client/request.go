package client

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/wire"
)

// errNotReply says that what answered was not the ledger, or not about this action.
var errNotReply = errors.New("daybook: the reply cannot be read")

// request makes one attempt and decodes the reply into to. Its errors are *Error without an id: ErrUnavailable where another
// attempt may succeed.
func (c *Client) request(ctx context.Context, kind wire.Kind, contentType string, body []byte, to any) *Error {
	return c.requestOn(ctx, c.subject(kind), nats.Header{wire.HeaderContentType: {contentType}}, c.timeout, body, to)
}

func (c *Client) requestOn(ctx context.Context, subject string, header nats.Header, timeout time.Duration, body []byte, to any) *Error {
	// A connection that is down would keep the message and send it when nobody waits for the answer.
	if !c.nc.IsConnected() {
		return unavailable(nats.ErrDisconnected)
	}
	msg := nats.NewMsg(subject)
	msg.Header, msg.Data = header, body
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx, done := c.watch.begin(ctx, subject)
	defer done()
	reply, err := c.nc.RequestMsgWithContext(ctx, msg)
	switch {
	case err == nil:
		return decode(reply, to)
	case errors.Is(context.Cause(ctx), ErrForbidden):
		p := wire.NewProblem(wire.Forbidden)
		p.Hint = "The NATS server does not permit this connection to publish there, or to receive replies."
		return &Error{Kind: ErrForbidden, Problem: &p}
	case errors.Is(err, nats.ErrMaxPayload):
		p := wire.NewProblem(wire.TooLarge)
		p.Detail = "the message is larger than the server's max_payload"
		return &Error{Kind: ErrRejected, Problem: &p}
	}
	return unavailable(err)
}

// decode reads a reply: a problem where the headers of a NATS micro service say that it is an error.
func decode(reply *nats.Msg, to any) *Error {
	if reply.Header.Get(wire.HeaderErrorCode) == "" && reply.Header.Get(wire.HeaderError) == "" {
		if err := json.Unmarshal(reply.Data, to); err != nil {
			return unavailable(errNotReply)
		}
		return nil
	}
	var p wire.Problem
	if err := json.Unmarshal(reply.Data, &p); err != nil || p.Code == "" {
		p = wire.NewProblem(wire.Internal)
	}
	return ofProblem("", p)
}

// retry calls attempt until it succeeds, fails for good, or has been tried often enough.
func (c *Client) retry(ctx context.Context, attempt func() *Error) *Error {
	tries := c.backoff.Tries
	if tries == 0 {
		tries = 5
	}
	for n := 0; ; n++ {
		err := attempt()
		if err == nil || !temporary(err) || n+1 >= tries {
			return err
		}
		if !c.pause(ctx, n) {
			return err
		}
	}
}

// pause waits between attempts and says whether there is to be another.
func (c *Client) pause(ctx context.Context, n int) bool {
	timer := time.NewTimer(c.backoff.wait(n, c.random))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// fetchKey asks for the ledger's sealing key and keeps it beside the spool.
func (c *Client) fetchKey(ctx context.Context) error {
	var key wire.Key
	if err := c.requestOn(ctx, wire.KeySubject, nats.Header{wire.HeaderContentType: {wire.ContentJSON}}, c.timeout, nil, &key); err != nil {
		return err
	}
	return c.spool.setKey(key)
}
