package reactions

import (
	"context"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/orders"
)

// PositionHeader names the header of a published order that bears its position in the ledger.
const PositionHeader = "Daybook-Position"

const (
	// ledgerLabel names the stream's note of whose orders it holds.
	ledgerLabel = "daybook-ledger"
	// answerTime bounds how long the server may take.
	answerTime = 10 * time.Second
)

// Stream is where orders wait for services.
type Stream struct{ js jetstream.JetStream }

// StreamConfig says whose orders a stream holds. Its zero value is the ledger without a name.
type StreamConfig struct {
	Name     string // the ledger's
	Replicas int    // how many copies a cluster keeps; 1
}

// OpenStream makes sure of the stream. It returns domain.ErrUnavailable, and domain.ErrConflict where the stream is another ledger's
// or could lose orders.
func OpenStream(ctx context.Context, nc *nats.Conn, cfg StreamConfig) (*Stream, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, errors.Wrap(err, "JetStream of the orders")
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	s, err := js.Stream(ctx, wire.OrdersStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = js.CreateStream(ctx, cfg.settings())
	}
	if err != nil {
		return nil, errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "open the stream of orders"), err),
			"Check that JetStream is enabled on the NATS server, and that no other stream takes the subjects of orders.")
	}
	return &Stream{js}, cfg.check(s.CachedInfo().Config)
}

// settings are those of a stream in which an order waits for as long as it takes.
func (cfg StreamConfig) settings() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        wire.OrdersStream,
		Description: "Daybook: orders to services",
		Subjects:    []string{wire.Pattern(wire.Orders)},
		Storage:     jetstream.FileStorage,
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardNew,
		MaxMsgs:     -1,
		MaxBytes:    -1,
		MaxMsgSize:  -1,
		Replicas:    max(1, cfg.Replicas),
		Metadata:    map[string]string{ledgerLabel: cfg.Name},
	}
}

func (cfg StreamConfig) check(got jetstream.StreamConfig) error {
	switch {
	case got.Metadata[ledgerLabel] != cfg.Name:
		return errors.WithHint(errors.Wrap(domain.ErrConflict, "the stream of orders is another ledger's"),
			"Give each ledger a NATS account of its own: services find their orders by one name.")
	case !slices.Equal(got.Subjects, []string{wire.Pattern(wire.Orders)}) || got.Storage != jetstream.FileStorage ||
		got.Retention != jetstream.LimitsPolicy || got.Discard != jetstream.DiscardNew || got.MaxAge != 0 || got.MaxMsgs > 0 ||
		got.MaxBytes > 0 || got.MaxMsgsPerSubject > 0 || got.NoAck:
		return errors.WithHint(errors.Wrap(domain.ErrConflict, "the stream of orders could lose some"),
			"Article 28(3)(g): let the stream keep all messages, in files, on the subjects of orders alone, without an age or another limit.")
	}
	return nil
}

// last gives the position of the order that was published last, false where none was. It returns domain.ErrUnavailable.
func (s *Stream) last(ctx context.Context) (domain.Position, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	stream, err := s.js.Stream(ctx, wire.OrdersStream)
	if err != nil {
		return 0, false, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "look at the stream of orders"), err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, wire.Pattern(wire.Orders))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "find the order published last"), err)
	}
	at, err := domain.ParsePosition(m.Header.Get(PositionHeader))
	if err != nil {
		return 0, false, errors.NewAssertionErrorWithWrappedErrf(err, "the order published last bears no position")
	}
	return at, true, nil
}

// publish publishes one order, or that it was taken back, and returns when it is on disk. It returns domain.ErrInvalid for one that no service can be told of, and
// domain.ErrUnavailable where it may or may not be there.
func (s *Stream) publish(ctx context.Context, o *orders.Message) error {
	subject := wire.Subject{Kind: wire.Orders, Controller: string(o.Controller), Service: string(o.Service)}.String()
	if _, ok := wire.ParseSubject(subject); !ok {
		return errors.Wrapf(errNobody, "order at %s", o.At)
	}
	m := wire.Order{
		Order: o.OrderSent.Order, Kind: wire.OrderKind(o.Kind), Controller: string(o.Controller), Service: string(o.Service),
		Instruction: string(o.Instruction), System: o.System, Reason: o.Reason, Due: o.Due, Case: o.Case, Return: o.Return,
		Recipient: string(o.Recipient),
	}
	for _, c := range o.Categories {
		m.Categories = append(m.Categories, string(c))
	}
	if o.TakenBack {
		m.Kind = wire.OrderRecall
	}
	body, err := json.Marshal(m)
	if err != nil {
		return errors.Wrap(err, "encode an order")
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	_, err = s.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: body, Header: nats.Header{
		// An order can be taken back and sent once more: each is a message of its own, however often it is published.
		jetstream.MsgIDHeader: {o.OrderSent.Order + "@" + o.At.String()}, PositionHeader: {o.At.String()}, "Content-Type": {wire.ContentJSON},
	}})
	if err != nil {
		return errors.WithSecondaryError(errors.Wrapf(domain.ErrUnavailable, "publish the order at %s", o.At), err)
	}
	return nil
}

var errNobody = errors.Wrap(domain.ErrInvalid, "an order names no service that can be told")
