package relay

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
)

// Config is what a Subscriber needs beside its consumer's name. Zero values mean the defaults.
type Config struct {
	Stream      string        // required
	MaxInFlight int           // messages handled at once; 256
	MaxBytes    int           // of the messages handled at once, and as many that wait; above the largest message; 32 MiB
	HandleWait  time.Duration // after which a message that nobody answered comes again, its context ended; 30 s
	AckWait     time.Duration // after which what a process held that is gone comes to another; 5 s
	RetryAfter  time.Duration // pause after a refusal, and between tries to reach the server; 1 s
	CloseWait   time.Duration // what was given out has this long to be answered once the subscription ends; 10 s
	Logger      *slog.Logger
}

func (c *Config) fill() {
	if c.MaxInFlight == 0 {
		c.MaxInFlight = 256
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 32 << 20
	}
	for _, d := range []struct {
		value   *time.Duration
		initial time.Duration
	}{{&c.HandleWait, 30 * time.Second}, {&c.AckWait, 5 * time.Second}, {&c.RetryAfter, time.Second}, {&c.CloseWait, 10 * time.Second}} {
		if *d.value == 0 {
			*d.value = d.initial
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// ErrClosed says that the subscriber was closed before.
var ErrClosed = errors.Wrap(domain.ErrUnavailable, "the relay is closed")

// Subscriber gives the messages of one stream to Watermill.
type Subscriber struct {
	js  jetstream.JetStream
	cfg Config

	mu      sync.Mutex
	closed  bool          // under mu
	closing chan struct{} // closed by the first Close
	owned   sync.WaitGroup
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber makes a subscriber.
func NewSubscriber(js jetstream.JetStream, cfg Config) *Subscriber {
	cfg.fill()
	return &Subscriber{js: js, cfg: cfg, closing: make(chan struct{})}
}

// Subscribe gives the messages that the durable consumer of the name has not acknowledged, the oldest first, and those that come
// later, at most MaxInFlight at once. While the server is away, or has lost the consumer, the subscription waits and goes on. The
// channel is closed when ctx ends or the subscriber is closed, after every message given out was answered or CloseWait was over;
// what nobody answered comes again. It returns domain.ErrUnavailable when the server does not give the consumer, and ErrClosed.
//
// A message bears the Nats-Msg-Id of what was published, or else its place in the stream, and the headers as metadata. Its
// context ends when it is answered, and when an answer would come too late.
func (s *Subscriber) Subscribe(ctx context.Context, consumer string) (<-chan *message.Message, error) {
	incoming, err := s.consume(ctx, consumer)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		incoming.Stop()
		return nil, errors.WithStack(ErrClosed)
	}
	out := make(chan *message.Message)
	running, stop := context.WithCancel(ctx)
	s.owned.Go(func() {
		select {
		case <-running.Done():
		case <-s.closing:
			stop()
		}
	})
	s.owned.Go(func() {
		defer stop()
		newSubscription(s, ctx, out).run(running, consumer, incoming)
	})
	return out, nil
}

const (
	// A pull that is not renewed ends, and a server that says nothing for twice the heartbeat is asked anew.
	pullExpiry    = 10 * time.Second
	pullHeartbeat = 2 * time.Second
	// leastPull keeps the client from overlooking, until the next heartbeat, that a pull was used up before it was noted as sent,
	// which happens with pulls of one message. The server sends no more than MaxInFlight all the same.
	leastPull = 16
)

// consume makes sure of the consumer and begins to pull.
func (s *Subscriber) consume(ctx context.Context, consumer string) (jetstream.MessagesContext, error) {
	c, err := s.js.CreateOrUpdateConsumer(ctx, s.cfg.Stream, jetstream.ConsumerConfig{
		Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: s.cfg.AckWait, MaxAckPending: s.cfg.MaxInFlight,
	})
	if err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "consumer of the relay"), err)
	}
	incoming, err := c.Messages(jetstream.PullMaxMessagesWithBytesLimit(max(leastPull, s.cfg.MaxInFlight), s.cfg.MaxBytes),
		jetstream.PullExpiry(pullExpiry), jetstream.PullHeartbeat(pullHeartbeat))
	if err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "messages of the relay"), err)
	}
	return incoming, nil
}

// Close ends every subscription and waits until what was given out is answered, or CloseWait is over. It may be called again.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	s.mu.Unlock()
	s.owned.Wait()
	return nil
}
