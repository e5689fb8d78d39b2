package intake

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// Quarantine keeps, sealed, the messages that could not be understood and that nobody waited for, with the reason.
type Quarantine struct {
	shelf  *shelf
	stream jetstream.Stream
	// again records a message again; the service sets it.
	again func(ctx context.Context, m message) (*reported, error)
}

// OpenQuarantine makes sure of the stream. The caller closes the quarantine before the connection. It returns
// domain.ErrUnavailable.
func OpenQuarantine(ctx context.Context, nc *nats.Conn, box *Box, streams Streams) (*Quarantine, error) {
	shelf, err := openShelf(ctx, nc, box, streams.quarantine(), streams.accepted(true))
	if err != nil {
		return nil, err
	}
	stream, err := shelf.js.Stream(ctx, shelf.stream)
	if err != nil {
		shelf.close()
		return nil, unavailable(err, "open the quarantine")
	}
	return &Quarantine{shelf: shelf, stream: stream}, nil
}

// Close waits for what was set aside to be on disk.
func (q *Quarantine) Close() { q.shelf.close() }

// maxHead bounds what is kept of the headers of a message: the contract allows much less.
const maxHead = 64 << 10

// put sets a message aside, of which it keeps what has room, and calls done once, as shelf.put does.
func (q *Quarantine) put(id string, m message, why error, done func(uint64, error)) {
	about, body, err := q.fit(m, why)
	if err != nil {
		done(0, err)
		return
	}
	q.shelf.put(item{id: id, about: about, body: body, done: done}, false)
}

// add is put for a caller who waits. It returns domain.ErrUnavailable.
func (q *Quarantine) add(ctx context.Context, id string, m message, why error) error {
	about, body, err := q.fit(m, why)
	if err == nil {
		err = q.shelf.write(ctx, item{id: id, about: about, body: body})
	}
	return err
}

// fit cuts a message to what the quarantine has room for: what comes from a server fits into it again only without the reason and
// the seal. The beginning is enough to show what it was, and what is too long is never recorded.
func (q *Quarantine) fit(m message, why error) (boxed, []byte, error) {
	reason, err := json.Marshal(problem.Of(why))
	if err != nil {
		return boxed{}, nil, errors.Wrap(err, "reason of a quarantined message")
	}
	about := boxed{Subject: m.subject, Header: m.header, Why: reason}
	head, err := json.Marshal(about)
	if err != nil {
		return boxed{}, nil, errors.Wrap(err, "head of a quarantined message")
	}
	if len(head) > maxHead {
		about.Header, about.Cut = nil, max(1, len(m.body))
		head = append(reason, m.subject...)
	}
	body := m.body
	if room := max(0, q.shelf.most()-len(head)-headerRoom); len(body) > room {
		about.Cut, body = len(body), body[:room]
	}
	return about, body, nil
}

// MaxListed bounds one page of the quarantine.
const MaxListed = 100

// List gives at most limit messages after the one with the id, the oldest first. It returns domain.ErrInvalid for an id that
// none can have, and domain.ErrUnavailable.
func (q *Quarantine) List(ctx context.Context, after string, limit int) ([]wire.Quarantined, error) {
	var from uint64
	if after != "" {
		var err error
		if from, err = parseSequence(after); err != nil {
			return nil, err
		}
	}
	list := []wire.Quarantined{}
	for len(list) < min(limit, MaxListed) {
		// The next one that there is, since those replayed are gone.
		raw, err := q.stream.GetMsg(ctx, from+1, jetstream.WithGetMsgSubject(q.shelf.subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return nil, unavailable(err, "read the quarantine")
		}
		list = append(list, q.open(raw).about)
		from = raw.Sequence
	}
	return list, nil
}

func parseSequence(id string) (uint64, error) {
	n, err := strconv.ParseUint(id, 10, 63)
	if err != nil || n == 0 {
		return 0, errors.WithHint(errors.Wrap(domain.ErrInvalid, "id of a quarantined message"), "The list of the quarantine gives the ids.")
	}
	return n, nil
}

// opened is a message of the quarantine.
type opened struct {
	about wire.Quarantined
	message
	cut bool
	err error // why it does not open
}

// open opens one message. What does not open is shown as that, so that it hides none of the others.
func (q *Quarantine) open(raw *jetstream.RawStreamMsg) opened {
	o := opened{about: wire.Quarantined{ID: strconv.FormatUint(raw.Sequence, 10), Received: Received(raw.Header, raw.Time), Bytes: len(raw.Data)}}
	about, body, err := q.shelf.box.open(q.shelf.stream, raw.Data)
	if err == nil && json.Unmarshal(about.Why, &o.about.Problem) != nil {
		err = errors.AssertionFailedf("a quarantined message has no reason")
	}
	if err != nil {
		o.err = errors.Wrapf(err, "quarantined message %d", errors.Safe(raw.Sequence))
		o.about.Problem = problem.Of(errSeal)
		return o
	}
	o.message, o.cut, o.about.Bytes = message{subject: about.Subject, header: about.Header, body: body}, about.Cut > 0, len(body)
	if o.cut {
		o.about.Bytes = about.Cut
	}
	if s, ok := wire.ParseSubject(about.Subject); ok {
		o.about.Controller, o.about.Service = s.Controller, s.Service
	}
	return o
}

// get reads one message. It returns domain.ErrNotFound where there is none of the id, and domain.ErrUnavailable.
func (q *Quarantine) get(ctx context.Context, id string) (uint64, opened, error) {
	sequence, err := parseSequence(id)
	if err != nil {
		return 0, opened{}, err
	}
	raw, err := q.stream.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, opened{}, errors.WithHint(errors.Wrap(domain.ErrNotFound, "quarantined message"), "It was replayed already, or never set aside.")
	}
	if err != nil {
		return 0, opened{}, unavailable(err, "read a quarantined message")
	}
	o := q.open(raw)
	return sequence, o, o.err
}

// Open gives a message with its content. It returns domain.ErrNotFound and domain.ErrUnavailable, and an assertion failure where
// the message was sealed with another key or changed.
func (q *Quarantine) Open(ctx context.Context, id string) (wire.QuarantinedContent, error) {
	_, o, err := q.get(ctx, id)
	if err != nil {
		return wire.QuarantinedContent{}, err
	}
	content := wire.QuarantinedContent{Quarantined: o.about, ContentType: cloudevents.ContentType(o.header)}
	for name, values := range o.header {
		if content.Headers == nil {
			content.Headers = map[string]wire.Text{}
		}
		for _, value := range values {
			content.Headers[name] = wire.Text(value)
		}
	}
	if utf8.Valid(o.body) {
		content.Body = wire.Text(o.body)
	} else {
		content.Base64 = wire.Text(base64.StdEncoding.EncodeToString(o.body))
	}
	return content, nil
}
