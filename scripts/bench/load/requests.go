package load

import (
	"context"
	"sync"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"
)

// requestPatience is how long a caller of RunRequests waits for its answer.
const requestPatience = 10 * time.Second

// RunRequests is Run with a goroutine for each caller that waits in nats.go's Request, as most programs do. It costs the
// machine more than Run, all of it on the callers' side, and so brings the sides nearer to each other.
func RunRequests(ctx context.Context, to Target, plan Plan, generators []*Generator) (Result, error) {
	if plan.Events > 0 {
		return Result{}, errors.AssertionFailedf("a run of requests ends with its time")
	}
	desks := make([]*desk, min(len(generators), plan.Callers))
	for i := range desks {
		conn, err := nats.Connect(to.URL, nats.Name("daybook-bench"), nats.NoReconnect(), nats.Timeout(5*time.Second))
		if err != nil {
			return Result{}, errors.Wrap(err, "connect a requester")
		}
		defer conn.Close()
		desks[i] = &desk{conn: conn, generator: generators[i], to: to, batch: plan.Batch}
	}
	from := time.Now().Add(plan.Warm)
	until := from.Add(plan.Measure)
	group, ctx := errgroup.WithContext(ctx)
	for i := range plan.Callers {
		group.Go(func() error { return desks[i%len(desks)].serve(ctx, from, until) })
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	total := Result{Took: plan.Measure}
	for _, d := range desks {
		total.Acknowledged += d.result.Acknowledged
		total.Counted += d.result.Counted
		total.Latency.Merge(&d.result.Latency)
	}
	return total, nil
}

// desk is one connection that callers share.
type desk struct {
	conn  *nats.Conn
	to    Target
	batch int

	mu        sync.Mutex
	generator *Generator
	result    Result
}

func (d *desk) serve(ctx context.Context, from, until time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, until.Add(requestPatience))
	defer cancel()
	var body []byte
	subject := d.to.Subject(d.generator.Service())
	for {
		d.mu.Lock()
		body = appendRequest(body[:0], d.generator, d.batch, d.batch)
		d.mu.Unlock()
		sent := time.Now()
		if sent.After(until) {
			return nil
		}
		reply, err := d.conn.RequestMsgWithContext(ctx, &nats.Msg{Subject: subject, Header: d.to.Header, Data: body})
		if err != nil {
			return errors.Wrap(err, "request")
		}
		now := time.Now()
		if err := d.to.Check(reply, d.batch); err != nil {
			return err
		}
		d.mu.Lock()
		d.result.Acknowledged += uint64(d.batch)
		if now.After(from) && now.Before(until) {
			d.result.Counted += uint64(d.batch)
			d.result.Latency.Add(now.Sub(sent))
		}
		d.mu.Unlock()
	}
}

// appendRequest appends the body of one request: an event alone where the plan's batch is 1, else an array of size events.
func appendRequest(dst []byte, g *Generator, batch, size int) []byte {
	if batch == 1 {
		dst, _ = g.Append(dst)
		return dst
	}
	for i := range size {
		dst = append(dst, "[,"[min(i, 1)])
		dst, _ = g.Append(dst)
	}
	return append(dst, ']')
}
