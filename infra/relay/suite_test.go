package relay_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/relay"
)

// topics are those that have their streams.
type topics struct {
	mu   sync.Mutex
	made map[string]bool // under mu
}

// pubsub is a publisher and a subscriber as Watermill's suite wants them: a topic is a stream of its own, made when it is first
// named, and the group is the name of the durable consumer.
type pubsub struct {
	js     jetstream.JetStream
	topics *topics
	group  string
	cfg    relay.Config

	mu   sync.Mutex
	subs []*relay.Subscriber // under mu
}

func (p *pubsub) stream(topic string) string { return "T" + strings.ReplaceAll(topic, ".", "-") }

// SubscribeInitialize makes the stream of a topic.
func (p *pubsub) SubscribeInitialize(topic string) error {
	p.topics.mu.Lock()
	defer p.topics.mu.Unlock()
	if p.topics.made[topic] {
		return nil
	}
	_, err := p.js.CreateStream(context.Background(), jetstream.StreamConfig{
		Name: p.stream(topic), Subjects: []string{"topic." + topic}, Storage: jetstream.FileStorage,
	})
	p.topics.made[topic] = err == nil
	return err
}

func (p *pubsub) Publish(topic string, messages ...*message.Message) error {
	for _, w := range messages {
		m := &nats.Msg{Subject: "topic." + topic, Data: w.Payload, Header: nats.Header{jetstream.MsgIDHeader: {w.UUID}}}
		for key, value := range w.Metadata {
			m.Header.Set(key, value)
		}
		if _, err := p.js.PublishMsg(context.Background(), m); err != nil {
			return err
		}
	}
	return nil
}

func (p *pubsub) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	if err := p.SubscribeInitialize(topic); err != nil {
		return nil, err
	}
	cfg := p.cfg
	cfg.Stream = p.stream(topic)
	s := relay.NewSubscriber(p.js, cfg)
	p.mu.Lock()
	p.subs = append(p.subs, s)
	p.mu.Unlock()
	return s.Subscribe(ctx, p.group)
}

func (p *pubsub) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.subs {
		if err := s.Close(); err != nil {
			return err
		}
	}
	return nil
}

// publisher hides the other half of a pubsub, so that closing it leaves the subscriptions alone.
type publisher struct{ *pubsub }

func (publisher) Close() error { return nil }

// suite runs Watermill's tests of a Pub/Sub with few messages, or with all where DAYBOOK_SOAK is set.
func suite(t *testing.T, features tests.Features, cfg relay.Config) {
	js := stream(t, embedded(t, bus.Config{StoreDir: t.TempDir()}))
	cfg.RetryAfter, cfg.CloseWait = 10*time.Millisecond, 100*time.Millisecond
	all := &topics{made: map[string]bool{}}
	make := func(_ *testing.T, group string) (message.Publisher, message.Subscriber) {
		p := &pubsub{js: js, topics: all, group: group, cfg: cfg}
		return publisher{p}, p
	}
	features.ForceShort = os.Getenv("DAYBOOK_SOAK") == ""
	tests.TestPubSub(t, features,
		func(t *testing.T) (message.Publisher, message.Subscriber) { return make(t, "one") }, make)
}

// At the defaults many messages are handled at once, so that no order is promised. A message comes at least once; a consumer that
// is made later begins with the oldest message, but what its namesake acknowledged does not come to it.
func TestTheRelayPassesWatermillsSuite(t *testing.T) {
	suite(t, tests.Features{ConsumerGroups: true, Persistent: true}, relay.Config{})
}

// One message at a time comes in order, where one subscriber asks.
func TestTheRelayPassesWatermillsSuiteInOrder(t *testing.T) {
	suite(t, tests.Features{
		ConsumerGroups: true, Persistent: true, GuaranteedOrder: true, GuaranteedOrderWithSingleSubscriber: true,
	}, relay.Config{MaxInFlight: 1})
}
