// Package relay is Watermill over JetStream: a subscriber for durable consumers, through which the inbox is drained and reactions
// are carried. A message is acknowledged to the server when its handler acknowledges it, and comes again when it does not.
//
// It deliberately publishes nothing and creates no stream.
package relay

import (
	"context"
	"log/slog"
	"strconv"
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
	AckWait     time.Duration // after which a message that nobody answered comes again; 60 s
	RetryAfter  time.Duration // pause after a refusal; 1 s
	Logger      *slog.Logger
}

// Subscriber gives the messages of one stream to Watermill.
type Subscriber struct {
	js      jetstream.JetStream
	cfg     Config
	closing chan struct{}
	once    sync.Once
	owned   sync.WaitGroup
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber makes a subscriber.
func NewSubscriber(js jetstream.JetStream, cfg Config) *Subscriber {
	if cfg.MaxInFlight == 0 {
		cfg.MaxInFlight = 256
	}
	if cfg.AckWait == 0 {
		cfg.AckWait = time.Minute
	}
	if cfg.RetryAfter == 0 {
		cfg.RetryAfter = time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Subscriber{js: js, cfg: cfg, closing: make(chan struct{})}
}

// Subscribe gives the messages that the durable consumer of the name has not acknowledged, the oldest first, and those that come
// later, at most MaxInFlight at once. The channel is closed when ctx ends or the subscriber is closed, after every message given
// out was answered. It returns domain.ErrUnavailable when the server does not give the consumer.
func (s *Subscriber) Subscribe(ctx context.Context, consumer string) (<-chan *message.Message, error) {
	c, err := s.js.CreateOrUpdateConsumer(ctx, s.cfg.Stream, jetstream.ConsumerConfig{
		Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: s.cfg.AckWait, MaxAckPending: s.cfg.MaxInFlight,
	})
	if err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "consumer of the relay"), err)
	}
	incoming, err := c.Messages(jetstream.PullMaxMessages(s.cfg.MaxInFlight))
	if err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "messages of the relay"), err)
	}
	out := make(chan *message.Message)
	stopped := make(chan struct{})
	s.owned.Go(func() {
		select {
		case <-ctx.Done():
		case <-s.closing:
		case <-stopped:
		}
		incoming.Stop()
	})
	s.owned.Go(func() {
		defer close(stopped)
		s.forward(ctx, incoming, out)
	})
	return out, nil
}

// forward gives messages out until incoming is stopped, and closes out once all of them are answered.
func (s *Subscriber) forward(ctx context.Context, incoming jetstream.MessagesContext, out chan<- *message.Message) {
	defer close(out)
	var answered sync.WaitGroup
	defer answered.Wait()
	for {
		m, err := incoming.Next()
		if err != nil {
			if !errors.Is(err, jetstream.ErrMsgIteratorClosed) {
				s.cfg.Logger.WarnContext(ctx, "the relay waits for the server", slog.Any("error", err))
				select {
				case <-time.After(s.cfg.RetryAfter):
					continue
				case <-ctx.Done():
				case <-s.closing:
				}
			}
			return
		}
		id := "0"
		if meta, err := m.Metadata(); err == nil {
			id = strconv.FormatUint(meta.Sequence.Stream, 10)
		}
		w := message.NewMessage(id, m.Data())
		w.SetContext(ctx)
		select {
		case out <- w:
			answered.Go(func() { s.settle(ctx, m, w) })
		case <-ctx.Done():
			return
		case <-s.closing:
			return
		}
	}
}

// settle passes the handler's answer on to the server. Unanswered messages come again after AckWait.
func (s *Subscriber) settle(ctx context.Context, m jetstream.Msg, w *message.Message) {
	var err error
	select {
	case <-w.Acked():
		err = m.Ack()
	case <-w.Nacked():
		err = m.NakWithDelay(s.cfg.RetryAfter)
	case <-time.After(s.cfg.AckWait):
	}
	if err != nil {
		s.cfg.Logger.WarnContext(ctx, "an answer of the relay did not reach the server", slog.Any("error", err))
	}
}

// Close stops every subscription and waits for what was given out to be answered.
func (s *Subscriber) Close() error {
	s.once.Do(func() { close(s.closing) })
	s.owned.Wait()
	return nil
}
