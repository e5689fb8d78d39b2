package relay

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"
)

// subscription is one life of a channel given to Watermill.
type subscription struct {
	*Subscriber
	out      chan<- *message.Message
	room     *semaphore.Weighted // in bytes, for what is handled
	handling context.Context     // of the messages: outlasts the subscription, until abandon
	abandon  context.CancelFunc
	answered sync.WaitGroup         // waits for every settle
	told     atomic.Pointer[answer] // the newest
}

// answer is what the server was told of a message.
type answer struct{ to, text string }

// The answers that the server knows. Unlike a refusal without a delay, one with a delay outlives a restart of the server; without
// it the message would come only after AckWait.
const (
	taken     = "+ACK"
	comeAgain = `-NAK {"delay":1000000}`
	working   = "+WPI"
)

func (s *subscription) tell(m jetstream.Msg, text string) {
	err := s.js.Conn().Publish(m.Reply(), []byte(text))
	if err != nil {
		s.cfg.Logger.WarnContext(s.handling, "an answer of the relay did not reach the server", slog.Any("error", err))
	}
	s.told.Store(&answer{m.Reply(), text})
}

func newSubscription(s *Subscriber, ctx context.Context, out chan<- *message.Message) *subscription {
	sub := &subscription{Subscriber: s, out: out, room: semaphore.NewWeighted(int64(s.cfg.MaxBytes))}
	sub.handling, sub.abandon = context.WithCancel(context.WithoutCancel(ctx))
	return sub
}

// run gives messages out until ctx ends, and closes out once they are answered or abandoned.
func (s *subscription) run(ctx context.Context, consumer string, incoming jetstream.MessagesContext) {
	defer close(s.out)
	for incoming != nil {
		s.forward(ctx, incoming)
		incoming = s.again(ctx, consumer)
	}
	patience := time.AfterFunc(s.cfg.CloseWait, s.abandon)
	s.answered.Wait()
	patience.Stop()
	s.abandon()
	s.confirm()
}

// confirm waits until the server has taken in what it was told, because it may be about to end with this process: each message
// that it takes out of the stream is a write that waits for the disk. The server takes answers in one after another, and says so
// of the last when it is asked. What was taken already is not taken twice, but it can still be told to be worked on.
func (s *subscription) confirm() {
	last := s.told.Load()
	if last == nil || !s.js.Conn().IsConnected() {
		return
	}
	if last.text == taken {
		last = &answer{last.to, working}
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.CloseWait)
	defer cancel()
	if _, err := s.js.Conn().RequestWithContext(ctx, last.to, []byte(last.text)); err != nil {
		s.cfg.Logger.WarnContext(ctx, "the server did not confirm the answers of the relay", slog.Any("error", err))
	}
}

// again makes sure of the consumer after its messages ended, until the server gives it; nil when ctx ends first.
func (s *subscription) again(ctx context.Context, consumer string) jetstream.MessagesContext {
	for {
		timer := time.NewTimer(s.cfg.RetryAfter)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		incoming, err := s.consume(ctx, consumer)
		if err == nil {
			return incoming
		}
		if ctx.Err() == nil {
			s.cfg.Logger.WarnContext(ctx, "the relay waits for the server", slog.Any("error", err))
		}
	}
}

// forward gives messages out until they end. What the server has sent but nobody was given is returned to it when ctx ends, so
// that it comes again at once and not after AckWait.
func (s *subscription) forward(ctx context.Context, incoming jetstream.MessagesContext) {
	defer incoming.Stop()
	for {
		m, err := incoming.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			if err == nil {
				s.tell(m, comeAgain)
			}
			s.giveBackAll(incoming)
			return
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			// The server was silent: it may have lost the consumer, which would never be said.
			s.cfg.Logger.WarnContext(ctx, "the relay hears nothing of the server")
			s.giveBackAll(incoming)
			return
		case err != nil:
			s.cfg.Logger.WarnContext(ctx, "the messages of the relay ended", slog.Any("error", err))
			return
		}
		if !s.handOver(ctx, m) {
			s.tell(m, comeAgain)
		}
	}
}

// giveBackAll returns what was sent and not given out.
func (s *subscription) giveBackAll(incoming jetstream.MessagesContext) {
	incoming.Drain()
	for {
		m, err := incoming.Next(jetstream.NextMaxWait(s.cfg.RetryAfter))
		if err != nil {
			return
		}
		s.tell(m, comeAgain)
	}
}

// handOver gives one message out once there is room for it, and says whether it did before ctx ended.
func (s *subscription) handOver(ctx context.Context, m jetstream.Msg) bool {
	// Small messages weigh so much that not more than MaxInFlight have room, large ones what they hold.
	weight := int64(min(s.cfg.MaxBytes, max(len(m.Data()), s.cfg.MaxBytes/s.cfg.MaxInFlight)))
	if s.room.Acquire(ctx, weight) != nil {
		return false
	}
	w := message.NewMessage(identify(m), m.Data())
	for name, values := range m.Headers() {
		if len(values) > 0 {
			w.Metadata.Set(name, values[0])
		}
	}
	handling, done := context.WithTimeout(s.handling, s.cfg.HandleWait)
	w.SetContext(handling)
	select {
	case s.out <- w:
		s.answered.Go(func() {
			defer s.room.Release(weight)
			defer done()
			s.settle(handling, m, w)
		})
		return true
	case <-ctx.Done():
		s.room.Release(weight)
		done()
		return false
	}
}

func identify(m jetstream.Msg) string {
	if id := m.Headers().Get(jetstream.MsgIDHeader); id != "" {
		return id
	}
	if meta, err := m.Metadata(); err == nil {
		return strconv.FormatUint(meta.Sequence.Stream, 10)
	}
	return "0"
}

// settle passes the handler's answer on to the server, and tells it meanwhile that the message is worked on.
func (s *subscription) settle(handling context.Context, m jetstream.Msg, w *message.Message) {
	alive := time.NewTicker(s.cfg.AckWait / 2)
	defer alive.Stop()
	for {
		select {
		case <-w.Acked():
			s.tell(m, taken)
		case <-w.Nacked():
			s.tell(m, fmt.Sprintf(`-NAK {"delay":%d}`, s.cfg.RetryAfter.Nanoseconds()))
		case <-handling.Done():
			s.tell(m, comeAgain)
		case <-alive.C:
			s.tell(m, working)
			continue
		}
		return
	}
}
