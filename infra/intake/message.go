package intake

import (
	"bytes"
	"context"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

// message is one message as it came.
type message struct {
	subject string
	reply   string // empty where nobody waits
	header  nats.Header
	body    []byte
}

// reported is a message that was read: the actions in it, and what became of each event.
type reported struct {
	batch   bool
	actions []commands.Action
	places  []int // of the actions among the items
	items   []commands.Outcome
	raw     [][]byte // the items' own bytes, where the message may have to be kept in parts
}

// read decodes a message, opened first where it is sealed. An event of a batch that cannot be read becomes its own item's error.
// It returns domain.ErrInvalid for a message that cannot be read at all.
func (s *Service) read(m message) (*reported, error) {
	controller, service, err := address(m.subject)
	if err != nil {
		return nil, err
	}
	results, batch, err := s.decode(m, controller, service)
	if err != nil {
		return nil, err
	}
	rep := &reported{
		batch: batch, items: make([]commands.Outcome, len(results)),
		actions: make([]commands.Action, 0, len(results)), places: make([]int, 0, len(results)),
	}
	for i, result := range results {
		if batch && m.reply == "" {
			rep.raw = append(rep.raw, result.Raw)
		}
		err := result.Err
		if err == nil {
			err = rep.add(i, result.Event, controller, service)
		}
		if err == nil {
			continue
		}
		if !batch {
			return nil, err
		}
		rep.items[i].Err = err
	}
	s.pulses.arrived(origin{controller, service}, rep.actions)
	return rep, nil
}

// add takes an event in that stands at a place among the message's.
func (r *reported) add(place int, in cloudevents.Incoming, c domain.ControllerID, service domain.ServiceID) error {
	a, err := report.Action(in, c, service)
	if err == nil {
		r.actions = append(r.actions, a)
		r.places = append(r.places, place)
	}
	return err
}

func (s *Service) decode(m message, c domain.ControllerID, service domain.ServiceID) ([]cloudevents.Result, bool, error) {
	if cloudevents.ContentType(m.header) != wire.ContentSealed {
		return s.decoder.Decode(m.header, m.body)
	}
	contentType, body, err := s.cfg.Opener.Open(c, service, m.body)
	if err != nil {
		return nil, false, err
	}
	return s.decoder.DecodeAs(contentType, body)
}

// address reads controller and service from the subject that a message came on.
func address(subject string) (domain.ControllerID, domain.ServiceID, error) {
	s, ok := wire.ParseSubject(subject)
	if !ok {
		return "", "", errors.WithHint(errors.Wrap(domain.ErrInvalid, "subject"),
			"Publish on daybook.v1.<verb>.<controller>.<service>; names have 1 to 32 characters of a-z, 0-9 and hyphen.")
	}
	return domain.ControllerID(s.Controller), domain.ServiceID(s.Service), nil
}

// take records what was read, and calls done once with it filled, unless it returns an error, where it takes nothing on. It does not
// wait, and done must not either.
func (s *Service) take(rep *reported, done func(*reported)) error {
	return s.cfg.Ledger.Submit(rep.actions, func(outcomes []commands.Outcome) { done(rep.fill(outcomes)) })
}

// submit records the actions of a message that was read, and waits.
func (s *Service) submit(ctx context.Context, rep *reported) error {
	answered := make(chan struct{})
	if err := s.take(rep, func(*reported) { close(answered) }); err != nil {
		return err
	}
	select {
	case <-answered:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fill puts the outcomes of the actions in their places.
func (r *reported) fill(outcomes []commands.Outcome) *reported {
	for i, o := range outcomes {
		r.items[r.places[i]] = o
	}
	return r
}

// passing says that the same message may be recorded later.
func passing(err error) bool {
	return err != nil && errors.IsAny(err, domain.ErrUnavailable, context.Canceled, context.DeadlineExceeded)
}

// lasting says that the message can never be recorded as it is, or not by this program.
func lasting(err error) bool { return err != nil && !passing(err) }

// failed gives what of the message failed in a certain way, as a message of its own, and the first reason; no reason where
// nothing did. Of a batch these are the events concerned, and the events that were recorded are left out.
func (r *reported) failed(m message, way func(error) bool) (message, error) {
	var why error
	var raw [][]byte
	for i, item := range r.items {
		if !way(item.Err) {
			continue
		}
		if why == nil {
			why = item.Err
		}
		if r.batch {
			raw = append(raw, r.raw[i])
		}
	}
	switch {
	case why == nil, len(raw) == len(r.raw): // none, or all of them, or a single event
	case len(raw) == 1:
		m.header, m.body = part(m.header, wire.ContentEvent), bytes.Clone(bytes.TrimSpace(raw[0]))
	default:
		m.header = part(m.header, wire.ContentBatch)
		m.body = append(append([]byte{'['}, bytes.Join(raw, []byte{','})...), ']')
	}
	return m, why
}

// part gives the headers of a part of a message.
func part(whole nats.Header, contentType string) nats.Header {
	h := nats.Header{wire.HeaderContentType: {contentType}}
	for name, values := range whole {
		if strings.EqualFold(name, wire.HeaderTraceparent) {
			h[name] = values
		}
	}
	return h
}
