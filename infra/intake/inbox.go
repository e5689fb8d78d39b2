package intake

import (
	"context"
	"log/slog"
	"strings"

	"github.com/ThreeDotsLabs/watermill"
	wm "github.com/ThreeDotsLabs/watermill/message"
	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/relay"
	"github.com/jigowatt/daybook/infra/wire"
)

// The streams in which messages rest, sealed. A ledger with a name has streams with that name behind them.
const (
	InboxStream      = "DAYBOOK_INBOX"
	QuarantineStream = "DAYBOOK_QUARANTINE"

	inboxSubject      = "daybook.inbox"
	quarantineSubject = "daybook.quarantine"
)

// Streams says where messages rest. The zero value is the ledger without a name.
type Streams struct {
	// Name is the ledger's, where one server holds several; small letters, digits and hyphens.
	Name string
	// Replicas is how many copies a cluster keeps of each stream; 1.
	Replicas int
	// Accepted hears of each stream how far it is on disk, from one goroutine for each; nil for nobody. It must not wait.
	Accepted func(quarantined bool, sequence uint64)
}

// names gives the name and the subject of a stream.
func (s Streams) names(stream, subject string) (string, string) {
	if s.Name == "" {
		return stream, subject
	}
	return stream + "_" + strings.ToUpper(s.Name), subject + "." + s.Name
}

func (s Streams) config(stream, subject string, retention jetstream.RetentionPolicy) jetstream.StreamConfig {
	stream, subject = s.names(stream, subject)
	return jetstream.StreamConfig{Name: stream, Subjects: []string{subject}, Retention: retention, Replicas: max(1, s.Replicas)}
}

func (s Streams) inbox() jetstream.StreamConfig {
	return s.config(InboxStream, inboxSubject, jetstream.WorkQueuePolicy)
}

func (s Streams) quarantine() jetstream.StreamConfig {
	return s.config(QuarantineStream, quarantineSubject, jetstream.LimitsPolicy)
}

// Reserved gives the subjects, with wildcards, on which nobody should publish but the ledger: whoever may could put messages into the
// streams, or take them out as if they were recorded.
func (s Streams) Reserved() []string {
	var subjects []string
	for _, stream := range [][2]string{{InboxStream, inboxSubject}, {QuarantineStream, quarantineSubject}} {
		name, subject := s.names(stream[0], stream[1])
		subjects = append(subjects, subject, "$JS.ACK."+name+".>")
		for _, verb := range []string{"CREATE", "DURABLE.CREATE", "DELETE", "MSG.NEXT"} {
			subjects = append(subjects, "$JS.API.CONSUMER."+verb+"."+name, "$JS.API.CONSUMER."+verb+"."+name+".>")
		}
	}
	return subjects
}

// Inbox takes messages durably, sealed, for the ledger to record later.
type Inbox struct{ shelf *shelf }

// OpenInbox makes sure of the stream. The caller closes the inbox before the connection. It returns domain.ErrUnavailable.
func OpenInbox(ctx context.Context, nc *nats.Conn, box *Box, streams Streams) (*Inbox, error) {
	shelf, err := openShelf(ctx, nc, box, streams.inbox(), streams.accepted(false))
	if err != nil {
		return nil, err
	}
	return &Inbox{shelf}, nil
}

// Put seals a message and calls done once, with the stream's sequence when it is on disk, or with an error when it is not, or may
// not be: domain.ErrInvalid where it can never be, domain.ErrBusy where too much waits for the disk, domain.ErrUnavailable. It
// never waits, and done must not either.
func (i *Inbox) Put(subject string, header nats.Header, body []byte, done func(uint64, error)) {
	i.put(message{subject: subject, header: header, body: body}, true, done)
}

func (i *Inbox) put(m message, awaited bool, done func(uint64, error)) {
	i.shelf.put(item{about: boxed{Subject: m.subject, Header: m.header}, body: m.body, done: done}, awaited)
}

// Close waits for what was put to be answered.
func (i *Inbox) Close() { i.shelf.close() }

// drain records what rests in the inbox until ctx ends: a Watermill router over a durable consumer, one handler. What cannot be
// understood goes to quarantine; what the ledger cannot take on now comes again.
func (s *Service) drain(ctx context.Context) error {
	// What Watermill finds wrong comes again, so that nobody must act; what it tells of its own life is for debugging.
	logger := watermill.NewSlogLoggerWithLevelMapping(s.cfg.Logger.With(slog.String("part", "inbox")),
		map[slog.Level]slog.Level{slog.LevelError: slog.LevelWarn, slog.LevelInfo: slog.LevelDebug})
	router, err := wm.NewRouter(wm.RouterConfig{CloseTimeout: shelfWait}, logger)
	if err != nil {
		return errors.Wrap(err, "make the inbox router")
	}
	subscriber := relay.NewSubscriber(s.cfg.Inbox.shelf.js, relay.Config{Stream: s.cfg.Inbox.shelf.stream, Logger: s.cfg.Logger})
	router.AddConsumerHandler("inbox", "ledger", subscriber, s.drained)
	err = router.Run(ctx)
	switch {
	case ctx.Err() != nil:
		err = nil // it may have been ended while it still began
	case err == nil:
		err = errors.AssertionFailedf("the inbox router ended by itself")
	}
	return errors.CombineErrors(errors.Wrap(err, "run the inbox router"), subscriber.Close())
}

// errSeal is what is told of a resting message that does not open.
var errSeal = problem.New(wire.Unsealable, "the message does not open: it was sealed with another key than this ledger's, or changed",
	"Open it on the ledger that sealed it, or with the secrets of its backup.")

// drained records one resting message. An error leaves the message in the inbox.
func (s *Service) drained(w *wm.Message) error {
	ctx, inbox := w.Context(), s.cfg.Inbox.shelf
	// Whatever is set aside on account of this message is so once, even if the message comes again.
	id := inbox.stream + "-" + w.UUID
	about, body, err := inbox.box.open(inbox.stream, w.Payload)
	if err != nil {
		// It would come again for ever. Set aside, it is shown, and waits for whoever has the key.
		s.cfg.Logger.ErrorContext(ctx, "a message of the inbox was set aside unopened", slog.String("sequence", w.UUID), slog.Any("error", err))
		return s.cfg.Quarantine.add(ctx, id, message{subject: inbox.subject, body: w.Payload}, errSeal)
	}
	m := message{subject: about.Subject, header: about.Header, body: body}
	rep, err := s.read(m)
	if err != nil {
		return s.cfg.Quarantine.add(ctx, id, m, err)
	}
	err = s.submit(ctx, rep)
	if err == nil {
		_, err = rep.failed(m, passing)
	}
	if passing(err) {
		// Refused without an error: a busy ledger is not a line in the log for each message and second.
		s.cfg.Logger.DebugContext(ctx, "a message of the inbox comes again", slog.String("sequence", w.UUID), slog.Any("error", err))
		w.Nack()
		return nil
	}
	if err != nil {
		return err
	}
	if rest, err := rep.failed(m, lasting); err != nil {
		return s.cfg.Quarantine.add(ctx, id, rest, err)
	}
	return nil
}
