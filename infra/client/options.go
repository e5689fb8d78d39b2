package client

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/wire"
)

// Backoff says how repeated attempts are spaced: Min after the first, doubling up to Max, with Jitter anywhere between half of
// that and all of it.
type Backoff struct {
	Min, Max time.Duration
	Jitter   bool
	// Tries is how often Record, RecordBatch and Ask try before they give up; 0 is 5. What was handed over with RecordAsync is
	// tried until it is settled.
	Tries int
}

// wait gives the pause after attempt n, counted from 0.
func (b Backoff) wait(n int, random func() float64) time.Duration {
	d := b.Max
	if n < 30 {
		d = min(b.Min<<n, b.Max)
	}
	if b.Jitter {
		d = d/2 + time.Duration(random()*float64(d/2))
	}
	return d
}

// Option is a setting of Connect.
type Option func(*options)

type options struct {
	controller, service, source string
	conn                        *nats.Conn
	nats                        []nats.Option
	spoolDir                    string
	spoolLimit                  int64
	batch                       int
	batchWait                   time.Duration
	queue                       int
	inFlight                    int
	timeout                     time.Duration
	backoff                     Backoff
	orderWait                   time.Duration
	proofKey                    string
	onRejected                  func(Rejection)
	log                         *slog.Logger
	now                         func() time.Time
	random                      func() float64
	problem                     error
}

func defaults() options {
	return options{
		spoolLimit: 256 << 20, batch: 200, batchWait: 20 * time.Millisecond, queue: 10_000, inFlight: 1, timeout: 5 * time.Second, orderWait: time.Minute,
		backoff: Backoff{Min: 100 * time.Millisecond, Max: 30 * time.Second, Jitter: true, Tries: 5},
		log:     slog.New(slog.DiscardHandler), now: time.Now, random: rand.Float64,
	}
}

// valid gives the first option that cannot be.
func (o *options) valid() error {
	why := ""
	switch {
	case o.problem != nil:
		return o.problem
	case !wire.ValidName(o.controller):
		why = "WithController needs a name of 1 to 32 of a-z, 0-9 and hyphen"
	case !wire.ValidName(o.service):
		why = "WithService needs a name of 1 to 32 of a-z, 0-9 and hyphen"
	case !wire.ValidSource(o.source):
		why = "WithSource needs 1 to 256 letters, digits and . _ ~ : / -"
	case o.batch < 1 || o.batch > wire.MaxBatchEvents || o.batchWait < 0:
		why = "WithBatch takes 1 to 1,000 events"
	case o.inFlight < 1 || o.inFlight > 64:
		why = "WithMaxInFlight takes 1 to 64"
	case o.queue < 1 || o.spoolLimit < 1 || o.timeout <= 0 || o.orderWait <= 0:
		why = "limits and timeouts are positive"
	case o.backoff.Min <= 0 || o.backoff.Max < o.backoff.Min || o.backoff.Tries < 0:
		why = "WithRetry needs 0 < Min <= Max"
	default:
		return nil
	}
	return &Error{Kind: ErrOptions, Problem: &wire.Problem{Title: why}}
}

// WithController names the controller whose data the service processes. It is required.
func WithController(name string) Option { return func(o *options) { o.controller = name } }

// WithService names the publishing service. It is required.
func WithService(name string) Option { return func(o *options) { o.service = name } }

// WithSource sets the CloudEvents source; without it, it is /controller/service. Source and id together identify an action.
func WithSource(source string) Option { return func(o *options) { o.source = source } }

// WithConn uses a NATS connection that the caller keeps and closes. Its error handler is wrapped, not replaced.
func WithConn(nc *nats.Conn) Option { return func(o *options) { o.conn = nc } }

// WithNkeyFile authenticates with the nkey seed in a file.
func WithNkeyFile(path string) Option {
	return func(o *options) {
		opt, err := nats.NkeyOptionFromSeed(path)
		if err != nil {
			o.problem = &Error{Kind: ErrOptions, Cause: err}
			return
		}
		o.nats = append(o.nats, opt)
	}
}

// WithCreds authenticates with a NATS credentials file.
func WithCreds(path string) Option { return WithNATS(nats.UserCredentials(path)) }

// WithNATS passes options to the NATS connection, such as its TLS settings or a CustomInboxPrefix.
func WithNATS(opts ...nats.Option) Option {
	return func(o *options) { o.nats = append(o.nats, opts...) }
}

// WithSpool keeps what RecordAsync is handed in a directory until the ledger has it, fsynced and sealed for the ledger, so that
// neither the ledger's absence nor a crash of this process loses it. One process uses one directory. It also keeps the count of
// the events, which the ledger uses to find gaps.
func WithSpool(dir string) Option { return func(o *options) { o.spoolDir = dir } }

// WithSpoolLimit bounds the bytes that wait in the spool; without it, 256 MiB. Beyond it RecordAsync returns ErrSpoolFull.
func WithSpoolLimit(bytes int64) Option { return func(o *options) { o.spoolLimit = bytes } }

// WithQueue bounds the actions that wait in memory where there is no spool; without it, 10,000.
func WithQueue(n int) Option { return func(o *options) { o.queue = n } }

// WithBatch sets how many events one message carries at most, and how long the first waits for company where there is no spool.
func WithBatch(n int, maxWait time.Duration) Option {
	return func(o *options) { o.batch, o.batchWait = n, maxWait }
}

// WithMaxInFlight sets how many messages from the spool or queue may be under way at once. With 1, the default, the ledger
// records them in the order in which they were handed over.
func WithMaxInFlight(n int) Option { return func(o *options) { o.inFlight = n } }

// WithTimeout sets how long one attempt waits for an answer; without it, 5 s.
func WithTimeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

// WithRetry sets how attempts are repeated.
func WithRetry(b Backoff) Option { return func(o *options) { o.backoff = b } }

// WithOrderWait sets after how long without a sign of life from this process an order is given to another instance of the
// service, or to this one again; without it, 1 minute. A handler may take longer: while it runs, there are signs.
func WithOrderWait(d time.Duration) Option { return func(o *options) { o.orderWait = d } }

// WithOnRejected is told of each action handed over with RecordAsync that the ledger did not take. It is called by the goroutine
// that sends, which waits for it. Without it, rejections are logged and Flush reports the first.
func WithOnRejected(f func(Rejection)) Option { return func(o *options) { o.onRejected = f } }

// WithLogger sets where the client logs; without it, nowhere.
func WithLogger(log *slog.Logger) Option { return func(o *options) { o.log = log } }
