package intake

import (
	"context"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Waiting counts the messages that wait in the inbox of a ledger that nobody serves. It returns domain.ErrUnavailable.
func Waiting(ctx context.Context, nc *nats.Conn, streams Streams) (uint64, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return 0, unavailable(err, "count the inbox")
	}
	name, _ := streams.names(InboxStream, inboxSubject)
	stream, err := js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, unavailable(err, "count the inbox")
	}
	return stream.CachedInfo().State.Msgs, nil
}
