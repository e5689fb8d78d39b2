package natslog

import (
	"context"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
)

const (
	heartbeat       = time.Second
	missedBeats     = 4
	followAgainTime = 500 * time.Millisecond
	consumerIdle    = 30 * time.Second // after which the server forgets a follower that is gone

	headerLastStream = "Nats-Last-Stream"
)

// follow keeps the tail told of what other processes write, until ctx ends. While it cannot, readings that wait are ended rather
// than left to wait for what they would not hear of.
func (l *Log) follow(ctx context.Context) {
	for {
		err := l.followOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		l.tail.interrupt(err)
		if !pause(ctx, followAgainTime) {
			return
		}
	}
}

// followOnce has the server push the headers of new frames, which is enough to know where the log ends; bodies are read by those
// who need them, and not at all where this process wrote them.
func (l *Log) followOnce(ctx context.Context) error {
	sub, err := l.nc.SubscribeSync(l.nc.NewInbox())
	if err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "prepare to follow the stream"), err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // it fails only where the connection is closed, and then there is nothing left to end
	known, _ := l.tail.last()
	asking, cancel := context.WithTimeout(ctx, l.answerTime)
	consumer, err := l.js.CreatePushConsumer(asking, l.stream, jetstream.ConsumerConfig{
		DeliverSubject:    sub.Subject,
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       known + 1,
		AckPolicy:         jetstream.AckNonePolicy,
		HeadersOnly:       true,
		MemoryStorage:     true,
		Replicas:          1,
		IdleHeartbeat:     heartbeat,
		InactiveThreshold: consumerIdle,
	})
	cancel()
	if err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "follow the stream"), err)
	}
	defer l.unfollow(consumer.CachedInfo().Name)
	for {
		waiting, cancel := context.WithTimeout(ctx, missedBeats*heartbeat)
		m, err := sub.NextMsgWithContext(waiting)
		cancel()
		if err != nil {
			return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "the stream's heartbeat is missing"), err)
		}
		if err := l.heard(ctx, m); err != nil {
			return err
		}
	}
}

// heard takes one message from the server's push: a frame's headers, or a heartbeat.
func (l *Log) heard(ctx context.Context, m *nats.Msg) error {
	known, _ := l.tail.last()
	if m.Header.Get(headerStatus) != "" {
		delivered, err := strconv.ParseUint(m.Header.Get(headerLastStream), 10, 64)
		if err == nil && delivered > known { // something pushed did not arrive
			_, err = l.refresh(ctx)
			return err
		}
		return nil
	}
	meta, err := m.Metadata()
	if err != nil {
		return errors.Wrap(err, "read what the stream pushes")
	}
	h, err := parseHead(m.Header, meta.Sequence.Stream)
	if err != nil {
		return err
	}
	l.tail.hear(h)
	return nil
}

// unfollow ends the push. Where it cannot, the server forgets the follower by itself.
func (l *Log) unfollow(name string) {
	if !l.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), heartbeat)
	defer cancel()
	_ = l.js.DeleteConsumer(ctx, l.stream, name)
}
