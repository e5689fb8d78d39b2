package intake

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

// Quarantine keeps, sealed, the messages that could not be understood and that nobody waited for, with the reason.
type Quarantine struct {
	js     jetstream.JetStream
	stream jetstream.Stream
	box    *Box
	// replay records a message again; the service sets it.
	replay func(ctx context.Context, m message) (*reported, error)
}

// OpenQuarantine makes sure of the stream. It returns domain.ErrUnavailable.
func OpenQuarantine(ctx context.Context, nc *nats.Conn, box *Box, replicas int) (*Quarantine, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, unavailable(err, "JetStream for the quarantine")
	}
	if err := resting(ctx, js, QuarantineStream, quarantineSubject, jetstream.LimitsPolicy, replicas); err != nil {
		return nil, err
	}
	stream, err := js.Stream(ctx, QuarantineStream)
	if err != nil {
		return nil, unavailable(err, "open the quarantine")
	}
	return &Quarantine{js: js, stream: stream, box: box}, nil
}

// Add sets a message aside, durably, and gives its id. It returns domain.ErrUnavailable.
func (q *Quarantine) Add(ctx context.Context, subject string, header nats.Header, body []byte, why error) (string, error) {
	reason, err := json.Marshal(problem.Of(why))
	if err != nil {
		return "", errors.Wrap(err, "reason of a quarantined message")
	}
	sealed, err := q.box.seal(QuarantineStream, boxed{Subject: subject, Header: header, Why: reason}, body)
	if err != nil {
		return "", err
	}
	patience, cancel := context.WithTimeout(ctx, inboxWait)
	defer cancel()
	ack, err := q.js.Publish(patience, quarantineSubject, sealed)
	if err != nil {
		return "", unavailable(err, "write the quarantine")
	}
	return strconv.FormatUint(ack.Sequence, 10), nil
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
	info, err := q.stream.Info(ctx)
	if err != nil {
		return nil, unavailable(err, "read the quarantine")
	}
	list := []wire.Quarantined{}
	next := max(from+1, info.State.FirstSeq)
	for next <= info.State.LastSeq && len(list) < min(limit, MaxListed) {
		m, err := q.stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(quarantineSubject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return nil, unavailable(err, "read the quarantine")
		}
		about, body, err := q.box.open(QuarantineStream, m.Data)
		if err != nil {
			return nil, errors.Wrapf(err, "quarantined message %d", m.Sequence)
		}
		quarantined, err := describe(m.Sequence, m.Time, about, body)
		if err != nil {
			return nil, err
		}
		list = append(list, quarantined)
		next = m.Sequence + 1
	}
	return list, nil
}

func parseSequence(id string) (uint64, error) {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil || n == 0 {
		return 0, errors.WithHint(errors.Wrap(domain.ErrInvalid, "id of a quarantined message"), "The list of the quarantine gives the ids.")
	}
	return n, nil
}

func describe(sequence uint64, received time.Time, about boxed, body []byte) (wire.Quarantined, error) {
	w := wire.Quarantined{ID: strconv.FormatUint(sequence, 10), Received: received.UTC(), Bytes: len(body)}
	if s, ok := wire.ParseSubject(about.Subject); ok {
		w.Controller, w.Service = s.Controller, s.Service
	}
	if err := json.Unmarshal(about.Why, &w.Problem); err != nil {
		return w, errors.AssertionFailedf("quarantined message %d has no reason", sequence)
	}
	return w, nil
}

// get reads one message. It returns domain.ErrNotFound where there is none of the id, and domain.ErrUnavailable.
func (q *Quarantine) get(ctx context.Context, id string) (uint64, wire.Quarantined, message, error) {
	sequence, err := parseSequence(id)
	if err != nil {
		return 0, wire.Quarantined{}, message{}, err
	}
	m, err := q.stream.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, wire.Quarantined{}, message{}, errors.WithHint(errors.Wrap(domain.ErrNotFound, "quarantined message"),
			"It was replayed already, or never set aside.")
	}
	if err != nil {
		return 0, wire.Quarantined{}, message{}, unavailable(err, "read a quarantined message")
	}
	about, body, err := q.box.open(QuarantineStream, m.Data)
	if err != nil {
		return 0, wire.Quarantined{}, message{}, errors.Wrapf(err, "quarantined message %d", sequence)
	}
	w, err := describe(sequence, m.Time, about, body)
	return sequence, w, message{subject: about.Subject, header: about.Header, body: body}, err
}

// Open gives a message with its content. It returns domain.ErrNotFound and domain.ErrUnavailable.
func (q *Quarantine) Open(ctx context.Context, id string) (wire.QuarantinedContent, error) {
	_, about, m, err := q.get(ctx, id)
	if err != nil {
		return wire.QuarantinedContent{}, err
	}
	content := wire.QuarantinedContent{Quarantined: about, ContentType: cloudevents.ContentType(m.header)}
	for name, values := range m.header {
		if content.Headers == nil {
			content.Headers = map[string]wire.Text{}
		}
		for _, value := range values {
			content.Headers[name] = wire.Text(value)
		}
	}
	if utf8.Valid(m.body) {
		content.Body = wire.Text(m.body)
	} else {
		content.Base64 = wire.Text(base64.StdEncoding.EncodeToString(m.body))
	}
	return content, nil
}

// Replay records a message again. What was recorded leaves the quarantine; what is refused again stays, and its items say why.
// It returns domain.ErrNotFound and domain.ErrUnavailable, and the error for which the whole message is refused.
func (q *Quarantine) Replay(ctx context.Context, id string) (wire.Replayed, error) {
	sequence, _, m, err := q.get(ctx, id)
	if err != nil {
		return wire.Replayed{}, err
	}
	rep, err := q.replay(ctx, m)
	if err != nil {
		return wire.Replayed{}, err
	}
	var out wire.Replayed
	whole := true
	for _, item := range rep.items {
		if item.Err != nil {
			whole = false
			p := problem.Of(item.Err)
			out.Items = append(out.Items, wire.Item{Problem: &p})
			continue
		}
		receipt := report.Receipt(item.Receipt)
		out.Items = append(out.Items, wire.Item{Receipt: &receipt})
	}
	if whole {
		if err := q.stream.SecureDeleteMsg(ctx, sequence); err != nil {
			return out, unavailable(err, "take a replayed message out of quarantine")
		}
	}
	return out, nil
}

// submit records the actions of a message that was read, and waits.
func (s *Service) submit(ctx context.Context, rep *reported) error {
	answered := make(chan []commands.Outcome, 1)
	if err := s.cfg.Ledger.Submit(rep.actions, func(o []commands.Outcome) { answered <- o }); err != nil {
		return err
	}
	select {
	case outcomes := <-answered:
		rep.fill(outcomes)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// again records a message that had been set aside.
func (s *Service) again(ctx context.Context, m message) (*reported, error) {
	rep, err := s.read(m)
	if err != nil {
		return nil, err
	}
	return rep, s.submit(ctx, rep)
}
