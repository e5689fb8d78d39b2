package load

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
)

// drainFor is how long the callers wait for replies that are still outstanding when the time is over.
const drainFor = 20 * time.Second

// Target is where callers send and how they know a good answer.
type Target struct {
	URL string
	// Subject gives the subject of a service's requests.
	Subject func(Service) string
	// Header goes with every request where it is not nil.
	Header nats.Header
	// Check refuses an answer that is not a receipt for a request of so many events.
	Check func(reply *nats.Msg, events int) error
}

// Plan says how many callers send how much for how long.
type Plan struct {
	Callers int // requests outstanding at any time, in all
	Batch   int // events a request; 1 sends the event alone, more send an array
	Warm    time.Duration
	Measure time.Duration
	// Events ends the run once so many events were sent; 0 sends until the time is over. Where it is set, everything counts and
	// Warm and Measure do not.
	Events int
}

// Result is what the callers saw.
type Result struct {
	Acknowledged uint64 // events that were answered well, warm-up included
	Counted      uint64 // those answered inside the measured time
	Took         time.Duration
	Latency      Histogram // of the requests answered inside the measured time
}

// Rate is the events acknowledged a second.
func (r *Result) Rate() float64 { return float64(r.Counted) / r.Took.Seconds() }

// Run lets callers send until the plan is fulfilled, on one connection for each generator or fewer, and waits for every answer.
// It returns the first bad answer as an error, and an error where answers stay out: a measurement with losses is none.
func Run(ctx context.Context, to Target, plan Plan, generators []*Generator) (Result, error) {
	connections := min(len(generators), plan.Callers)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	shared := &loop{to: to, plan: plan, stop: cancel, done: make(chan struct{})}
	shared.remaining.Store(int64(plan.Events))
	shared.callers.Store(int64(plan.Callers))
	lines := make([]*line, connections)
	for i := range lines {
		slots := plan.Callers / connections
		if i < plan.Callers%connections {
			slots++
		}
		l, err := openLine(shared, generators[i], slots)
		if err != nil {
			return Result{}, err
		}
		defer l.conn.Close()
		lines[i] = l
	}
	shared.begin = time.Now()
	shared.from, shared.until = shared.begin.Add(plan.Warm), shared.begin.Add(plan.Warm+plan.Measure)
	for _, l := range lines {
		l.start()
	}
	if err := shared.wait(ctx); err != nil {
		return Result{}, err
	}
	total := Result{Took: plan.Measure}
	for _, l := range lines {
		l.add(&total)
	}
	if plan.Events > 0 {
		total.Took = time.Since(shared.begin)
	}
	return total, nil
}

// loop is what the connections of one run share.
type loop struct {
	to                 Target
	plan               Plan
	stop               context.CancelCauseFunc
	remaining          atomic.Int64  // events still to send, where the plan counts them
	callers            atomic.Int64  // callers that are still at work
	done               chan struct{} // closed when the last caller goes home
	begin, from, until time.Time
}

func (r *loop) wait(ctx context.Context) error {
	limit := r.plan.Warm + r.plan.Measure + drainFor
	if r.plan.Events > 0 {
		limit = time.Duration(r.plan.Events)*time.Millisecond + drainFor
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-r.done:
		return context.Cause(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return errors.New("requests stayed unanswered")
	}
}

// line is one connection with its callers.
type line struct {
	*loop
	conn    *nats.Conn
	subject string
	inbox   string

	mu           sync.Mutex // the rest is touched by the first sends and by the subscription's goroutine
	generator    *Generator
	slots        []slot
	buffer       []byte
	acknowledged uint64
	counted      uint64
	latency      Histogram
}

// slot is one caller: it has one request outstanding.
type slot struct {
	reply string
	sent  time.Time
	size  int // events in the request
}

func openLine(shared *loop, g *Generator, slots int) (*line, error) {
	conn, err := nats.Connect(shared.to.URL, nats.Name("daybook-bench"), nats.NoReconnect(), nats.Timeout(5*time.Second))
	if err != nil {
		return nil, errors.Wrap(err, "connect a caller")
	}
	l := &line{loop: shared, conn: conn, subject: shared.to.Subject(g.Service()), inbox: nats.NewInbox() + ".",
		generator: g, slots: make([]slot, slots)}
	for i := range l.slots {
		l.slots[i].reply = l.inbox + strconv.Itoa(i)
	}
	sub, err := conn.Subscribe(l.inbox+"*", l.answered)
	if err == nil {
		err = sub.SetPendingLimits(-1, -1)
	}
	if err == nil {
		err = conn.Flush()
	}
	if err != nil {
		conn.Close()
		return nil, errors.Wrap(err, "subscribe a caller")
	}
	return l, nil
}

func (l *line) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for i := range l.slots {
		l.send(&l.slots[i], now)
	}
}

// send sends the next request of a caller, or lets the caller go home. Called under mu.
func (l *line) send(s *slot, now time.Time) {
	s.size = l.nextSize(now)
	if s.size == 0 {
		if l.callers.Add(-1) == 0 {
			close(l.done)
		}
		return
	}
	l.buffer = appendRequest(l.buffer[:0], l.generator, l.plan.Batch, s.size)
	s.sent = now
	err := l.conn.PublishMsg(&nats.Msg{Subject: l.subject, Reply: s.reply, Header: l.to.Header, Data: l.buffer})
	if err != nil {
		l.fail(errors.Wrap(err, "send"))
	}
}

func (l *line) nextSize(now time.Time) int {
	if l.plan.Events == 0 {
		if now.After(l.until) {
			return 0
		}
		return l.plan.Batch
	}
	left := l.remaining.Add(-int64(l.plan.Batch)) + int64(l.plan.Batch)
	return int(max(0, min(left, int64(l.plan.Batch))))
}

func (l *line) answered(m *nats.Msg) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	n, err := strconv.Atoi(strings.TrimPrefix(m.Subject, l.inbox))
	if err != nil || n < 0 || n >= len(l.slots) {
		l.fail(errors.New("an answer to nobody"))
		return
	}
	s := &l.slots[n]
	if err := l.to.Check(m, s.size); err != nil {
		l.fail(err)
		return
	}
	l.acknowledged += uint64(s.size)
	if l.plan.Events > 0 || now.After(l.from) && now.Before(l.until) {
		l.counted += uint64(s.size)
		l.latency.Add(now.Sub(s.sent))
	}
	l.send(s, now)
}

// fail ends the whole run; the caller stays out, so that nobody takes the run for finished.
func (l *line) fail(err error) { l.stop(err) }

func (l *line) add(total *Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	total.Acknowledged += l.acknowledged
	total.Counted += l.counted
	total.Latency.Merge(&l.latency)
}
