package intake

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// headerReceived says, of a message that was put back from a backup, when it was accepted.
const headerReceived = "Daybook-Received"

// Rested is a message as it rests: sealed, with subject, headers and reason.
type Rested struct {
	Quarantined bool // set aside; else it waits in the inbox
	Received    time.Time
	Sealed      []byte
}

// Received gives when a message was accepted: by its header, or else by the time at which the stream took it.
func Received(header nats.Header, stored time.Time) time.Time {
	if at, err := time.Parse(time.RFC3339Nano, header.Get(headerReceived)); err == nil {
		return at
	}
	return stored.UTC()
}

// Stream is a stream of messages that rest.
type Stream struct {
	Name        string
	Quarantined bool
	subject     string
}

// Resting gives the streams in the order in which they are to be copied: what is set aside meanwhile is then in both, and in none never.
func (s Streams) Resting() [2]Stream {
	inbox, waits := s.names(InboxStream, inboxSubject)
	quarantine, aside := s.names(QuarantineStream, quarantineSubject)
	return [2]Stream{{inbox, false, waits}, {quarantine, true, aside}}
}

func (s Streams) accepted(quarantined bool) func(uint64) {
	if s.Accepted == nil {
		return func(uint64) {}
	}
	return func(sequence uint64) { s.Accepted(quarantined, sequence) }
}

// Last gives the sequence of the newest message that a stream ever took, 0 where there is no such stream. It returns
// domain.ErrUnavailable.
func (s Stream) Last(ctx context.Context, nc *nats.Conn) (uint64, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return 0, unavailable(err, "end of what rests")
	}
	stream, err := js.Stream(ctx, s.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, unavailable(err, "end of what rests")
	}
	return stream.CachedInfo().State.LastSeq, nil
}

// EachResting hands on every message that rests, the oldest of the inbox first. What is recorded meanwhile may be among them. It returns
// domain.ErrUnavailable, and what take returns.
func EachResting(ctx context.Context, nc *nats.Conn, streams Streams, take func(Rested) error) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return unavailable(err, "copy what rests")
	}
	for _, r := range streams.Resting() {
		stream, err := js.Stream(ctx, r.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return unavailable(err, "copy what rests")
		}
		for from, last := uint64(0), stream.CachedInfo().State.LastSeq; from < last; {
			raw, err := stream.GetMsg(ctx, from+1, jetstream.WithGetMsgSubject(r.subject))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				break
			}
			if err != nil {
				return unavailable(err, "copy what rests")
			}
			if from = raw.Sequence; from > last {
				break // it came after the copying began
			}
			if err := take(Rested{r.Quarantined, Received(raw.Header, raw.Time), raw.Data}); err != nil {
				return err
			}
		}
	}
	return nil
}

// PutResting puts messages back into the streams of a ledger that nobody serves, in their order, and returns when all are on disk. It
// returns domain.ErrUnavailable, and what each returns.
func PutResting(ctx context.Context, nc *nats.Conn, streams Streams, each func(put func(Rested) error) error) error {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(2*shelfInFlight), jetstream.WithPublishAsyncTimeout(shelfWait))
	if err != nil {
		return unavailable(err, "put back what rested")
	}
	subjects := map[bool]string{}
	for _, cfg := range []jetstream.StreamConfig{streams.inbox(), streams.quarantine()} {
		if _, err := js.CreateOrUpdateStream(ctx, resting(cfg)); err != nil {
			return unavailable(err, "stream of what rested")
		}
	}
	for _, r := range streams.Resting() {
		subjects[r.Quarantined] = r.subject
	}
	var sent []jetstream.PubAckFuture
	settle := func() error {
		for _, future := range sent {
			select {
			case <-future.Ok():
			case err := <-future.Err():
				return unavailable(err, "put back what rested")
			case <-ctx.Done():
				return unavailable(ctx.Err(), "put back what rested")
			}
		}
		sent = sent[:0]
		return nil
	}
	if err := each(func(m Rested) error {
		header := nats.Header{headerReceived: {m.Received.UTC().Format(time.RFC3339Nano)}}
		future, err := js.PublishMsgAsync(&nats.Msg{Subject: subjects[m.Quarantined], Header: header, Data: m.Sealed})
		if err != nil {
			return unavailable(err, "put back what rested")
		}
		if sent = append(sent, future); len(sent) < shelfInFlight {
			return nil
		}
		return settle()
	}); err != nil {
		return err
	}
	return settle()
}
