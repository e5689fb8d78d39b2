package intake

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wm "github.com/ThreeDotsLabs/watermill/message"
	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/relay"
)

// The streams in which messages rest, sealed.
const (
	InboxStream      = "DAYBOOK_INBOX"
	QuarantineStream = "DAYBOOK_QUARANTINE"

	inboxSubject      = "daybook.inbox"
	quarantineSubject = "daybook.quarantine"

	// restingBytes bounds each of the streams; what would go beyond is refused, never what is there dropped.
	restingBytes = 4 << 30
	// inboxPending bounds the messages that wait for the disk.
	inboxPending = 4_096
	inboxWait    = 30 * time.Second
)

// Inbox takes messages durably, sealed, for the ledger to record later.
type Inbox struct {
	js    jetstream.JetStream
	box   *Box
	owned sync.WaitGroup
}

// OpenInbox makes sure of the stream. It returns domain.ErrUnavailable.
func OpenInbox(ctx context.Context, nc *nats.Conn, box *Box, replicas int) (*Inbox, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(inboxPending), jetstream.WithPublishAsyncTimeout(inboxWait))
	if err != nil {
		return nil, unavailable(err, "JetStream for the inbox")
	}
	if err := resting(ctx, js, InboxStream, inboxSubject, jetstream.WorkQueuePolicy, replicas); err != nil {
		return nil, err
	}
	return &Inbox{js: js, box: box}, nil
}

func resting(ctx context.Context, js jetstream.JetStream, name, subject string, retention jetstream.RetentionPolicy, replicas int) error {
	_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{subject}, Storage: jetstream.FileStorage, Retention: retention,
		Discard: jetstream.DiscardNew, MaxBytes: restingBytes, Replicas: max(1, replicas),
	})
	if err != nil {
		return unavailable(err, "stream of resting messages")
	}
	return nil
}

// Put seals a message and calls done once, with the stream's sequence when it is on disk, or with an error when it is not. done
// must not block.
func (i *Inbox) Put(subject string, header nats.Header, body []byte, done func(uint64, error)) {
	sealed, err := i.box.seal(InboxStream, boxed{Subject: subject, Header: header}, body)
	if err != nil {
		done(0, err)
		return
	}
	future, err := i.js.PublishAsync(inboxSubject, sealed)
	if err != nil {
		done(0, errors.WithSecondaryError(errors.WithHint(errors.Wrap(domain.ErrBusy, "inbox"), "Send again after a pause."), err))
		return
	}
	i.owned.Go(func() {
		select {
		case ack := <-future.Ok():
			done(ack.Sequence, nil)
		case err := <-future.Err():
			done(0, unavailable(err, "write the inbox"))
		}
	})
}

// Close waits for what was put to be answered.
func (i *Inbox) Close() { i.owned.Wait() }

// drain records what rests in the inbox until ctx ends: a Watermill router over a durable consumer, one handler. What cannot be
// understood goes to quarantine; what the ledger cannot take on now comes again.
func (s *Service) drain(ctx context.Context) error {
	router, err := wm.NewRouter(wm.RouterConfig{CloseTimeout: inboxWait}, watermill.NewSlogLogger(s.cfg.Logger.With(slog.String("part", "inbox"))))
	if err != nil {
		return errors.Wrap(err, "make the inbox router")
	}
	subscriber := relay.NewSubscriber(s.cfg.Inbox.js, relay.Config{Stream: InboxStream, Logger: s.cfg.Logger})
	router.AddConsumerHandler("inbox", "ledger", subscriber, s.drained)
	if err := router.Run(ctx); err != nil {
		return errors.Wrap(err, "run the inbox router")
	}
	return subscriber.Close()
}

// drained records one resting message. An error leaves the message in the inbox.
func (s *Service) drained(w *wm.Message) error {
	ctx := w.Context()
	about, body, err := s.cfg.Inbox.box.open(InboxStream, w.Payload)
	if err != nil {
		return err
	}
	m := message{subject: about.Subject, header: about.Header, body: body}
	why, err := s.recordNow(ctx, m)
	if err != nil || why == nil {
		return err
	}
	_, err = s.cfg.Quarantine.Add(ctx, m.subject, m.header, m.body, why)
	return err
}

// recordNow records a message and waits. It gives why the message, or an event in it, can never be recorded as it is, and an
// error when it may be later.
func (s *Service) recordNow(ctx context.Context, m message) (why, err error) {
	rep, err := s.read(m)
	if err != nil {
		return err, nil
	}
	if err := s.submit(ctx, rep); err != nil {
		return nil, err
	}
	for _, item := range rep.items {
		switch {
		case item.Err == nil:
		case errors.IsAny(item.Err, domain.ErrInvalid, domain.ErrConflict, domain.ErrNotFound, domain.ErrForbidden):
			why = item.Err
		default:
			return nil, item.Err
		}
	}
	return why, nil
}
