package client

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/wire"
)

// messageBytes is the most that one message of several events comes to: well within the max_payload of 1 MiB that NATS servers
// have by default, sealed or not.
const messageBytes = 512 << 10

// proofWait is longer than the ledger keeps a receipt until there is a proof for it.
const proofWait = 6 * time.Second

// Record records an action and waits for the receipt. It tries again, under the same id, while the ledger is busy or does not
// answer. A receipt may carry findings: the action is recorded all the same.
//
// It returns ErrRejected, ErrConflict, ErrForbidden or ErrUnavailable, and with WithProofs ErrProof beside the receipt; where the client has a spool and the ledger does not
// answer, the action goes into the spool and the error says so in Error.Spooled.
func (c *Client) Record(ctx context.Context, a Action) (Receipt, error) {
	if c.isClosed() {
		return Receipt{}, ErrClosed
	}
	event, err := c.encode(a, c.sequence)
	if err != nil {
		return Receipt{}, err
	}
	return c.record(ctx, event)
}

func (c *Client) record(ctx context.Context, event encoded) (Receipt, error) {
	var receipt Receipt
	failed := c.retry(ctx, func() *Error {
		receipt = Receipt{}
		header, timeout := nats.Header{wire.HeaderContentType: {wire.ContentEvent}}, c.timeout
		if c.proofKey != "" {
			header.Set(wire.HeaderProof, string(wire.SignedProof))
			timeout += proofWait
		}
		if err := c.requestOn(ctx, c.subject(wire.Record), header, timeout, event.body, &receipt); err != nil {
			return err
		}
		if receipt.ID != event.id {
			return unavailable(errNotReply)
		}
		return nil
	})
	if failed == nil {
		if c.proofKey != "" && receipt.Proof != "" && CheckProof(receipt, c.proofKey) != nil {
			return receipt, &Error{Kind: ErrProof, ID: event.id}
		}
		return receipt, nil
	}
	failed.ID = event.id
	if c.spool != nil && temporary(failed) {
		if err := c.handOver(ctx, []encoded{event}); err != nil {
			failed.Cause = errors.Join(failed.Cause, err)
		} else {
			failed.Spooled = true
		}
	}
	return Receipt{}, failed
}

// Result is what became of one action of a batch: a receipt, or an error as Record would give it.
type Result struct {
	Receipt Receipt
	Err     error
}

// RecordBatch records many actions in as few messages as WithBatch and the size of a message allow, and waits for the receipts.
// It gives one result for each action, in their order. The error is that of the first result that has one.
func (c *Client) RecordBatch(ctx context.Context, actions []Action) ([]Result, error) {
	if c.isClosed() {
		return nil, ErrClosed
	}
	results := make([]Result, len(actions))
	events := make([]encoded, 0, len(actions))
	index := make([]int, 0, len(actions)) // of each event, its action
	for i, a := range actions {
		event, err := c.encode(a, c.sequence)
		if err != nil {
			results[i].Err = err
			continue
		}
		events, index = append(events, event), append(index, i)
	}
	for len(events) > 0 {
		n := fits(events, c.batch)
		c.recordMessage(ctx, events[:n], index[:n], results)
		events, index = events[n:], index[n:]
	}
	for _, r := range results {
		if r.Err != nil {
			return results, r.Err
		}
	}
	return results, nil
}

// fits says how many of the events go into one message; at least one.
func fits(events []encoded, limit int) int {
	size := 0
	for i, e := range events {
		if size += len(e.body) + 1; i > 0 && (i == limit || size > messageBytes) {
			return i
		}
	}
	return len(events)
}

// array writes events as a batch.
func array(events []encoded) []byte {
	size := 1
	for _, e := range events {
		size += len(e.body) + 1
	}
	body := make([]byte, 0, size)
	for i, e := range events {
		body = append(body, "[,"[min(i, 1)])
		body = append(body, e.body...)
	}
	return append(body, ']')
}

// recordMessage records the events of one message. Those that met a temporary problem are tried again without the others.
func (c *Client) recordMessage(ctx context.Context, events []encoded, index []int, results []Result) {
	failed := c.retry(ctx, func() *Error {
		var items []wire.Item
		if err := c.request(ctx, wire.Record, wire.ContentBatch, array(events), &items); err != nil {
			return err
		}
		if !answers(items, events) {
			return unavailable(errNotReply)
		}
		var last *Error
		var againEvents []encoded
		var againIndex []int
		for i, item := range items {
			if item.Receipt != nil {
				results[index[i]] = Result{Receipt: *item.Receipt}
				continue
			}
			err := ofProblem(events[i].id, *item.Problem)
			results[index[i]].Err = err
			if temporary(err) {
				last, againEvents, againIndex = err, append(againEvents, events[i]), append(againIndex, index[i])
			}
		}
		events, index = againEvents, againIndex
		return last
	})
	if failed == nil {
		return
	}
	spooled := c.spool != nil && temporary(failed) && c.handOver(ctx, events) == nil
	for i := range events {
		err := *failed
		err.ID, err.Spooled = events[i].id, spooled
		results[index[i]] = Result{Err: &err}
	}
}

// answers says whether items answer the events, one for one.
func answers(items []wire.Item, events []encoded) bool {
	if len(items) != len(events) {
		return false
	}
	for i, item := range items {
		if item.Receipt == nil && item.Problem == nil || item.Receipt != nil && item.Receipt.ID != events[i].id {
			return false
		}
	}
	return true
}

// Ask asks whether an action would be permitted now. Nothing is recorded. It returns ErrRejected, ErrForbidden or
// ErrUnavailable; a refusal is no error but an Answer.
func (c *Client) Ask(ctx context.Context, a Action) (Answer, error) { return c.ask(ctx, a, false) }

// AskRecorded is Ask with the answer recorded under the action's id: that it was asked is kept, and that nothing was done by it. Asked
// again under the same id, the first answer comes again; what is done then is recorded under another. It returns ErrConflict, too,
// where the id was used for something else.
func (c *Client) AskRecorded(ctx context.Context, a Action) (Answer, error) {
	return c.ask(ctx, a, true)
}

func (c *Client) ask(ctx context.Context, a Action, record bool) (Answer, error) {
	if c.isClosed() {
		return Answer{}, ErrClosed
	}
	data, err := dataOf(a)
	if err != nil {
		return Answer{}, err
	}
	data.Record = record
	event, err := write(c, About{ID: a.ID, Time: a.Time, Traceparent: a.Traceparent}, wire.TypeAction, data, checkAction(data), uncounted)
	if err != nil {
		return Answer{}, err
	}
	var answer Answer
	if failed := c.retry(ctx, func() *Error { return c.request(ctx, wire.Ask, wire.ContentEvent, event.body, &answer) }); failed != nil {
		failed.ID = event.id
		return Answer{}, failed
	}
	return answer, nil
}

// Heartbeat tells the ledger that the service lives, and the count of the events that it gave out, so that silence and gaps
// show. Nobody answers; it returns ErrUnavailable where it could not be sent.
func (c *Client) Heartbeat(ctx context.Context) error {
	if c.isClosed() {
		return ErrClosed
	}
	beat := wire.Heartbeat{Time: c.now().UTC()}
	if c.spool != nil {
		beat.Sequence = c.spool.lastSequence()
	}
	body, err := json.Marshal(beat)
	if err != nil {
		return unavailable(err)
	}
	if !c.nc.IsConnected() {
		return unavailable(nats.ErrDisconnected)
	}
	msg := nats.NewMsg(c.subject(wire.Beat))
	msg.Header.Set(wire.HeaderContentType, wire.ContentJSON)
	msg.Data = body
	if err := c.nc.PublishMsg(msg); err != nil {
		return unavailable(err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := c.nc.FlushWithContext(ctx); err != nil {
		return unavailable(err)
	}
	return nil
}

// sequence gives the next count of the publisher's events, or 0 where there is no spool to keep it.
func (c *Client) sequence() (uint64, error) {
	if c.spool == nil {
		return 0, nil
	}
	return c.spool.nextSequence()
}
