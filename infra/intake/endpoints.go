package intake

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

// full, fullAsked and fullInbox answer where there is no room for a message: what is only asked is not kept.
func (s *Service) full(m message) { s.refuse(m, errFull) }

func (s *Service) fullAsked(m message) {
	if m.reply != "" {
		s.refuse(m, errFull)
	}
}

func (s *Service) fullInbox(m message) {
	if m.reply == "" {
		s.refuse(m, errFull)
		return
	}
	s.acknowledge(m, 0, errFull)
}

// record answers with receipts once the actions are on disk.
func (s *Service) record(m message) {
	if m.reply == "" {
		s.recordUnawaited(m)
		return
	}
	rep, err := s.read(m)
	var wanted wire.ProofWanted
	if err == nil {
		wanted, err = report.Wanted(m.header.Get(wire.HeaderProof), s.cfg.Prover, len(rep.items))
	}
	if err == nil {
		// What waits in the ledger does not hold the body.
		m = message{subject: m.subject, reply: m.reply}
		err = s.take(rep, func(rep *reported) { s.answerLater(m, rep, wanted) })
	}
	if err != nil {
		s.refuse(m, err)
	}
}

// recordUnawaited records what nobody waits for, and keeps what it cannot record.
func (s *Service) recordUnawaited(m message) {
	release, ok := s.hold(m)
	if !ok {
		return
	}
	rep, err := s.read(m)
	if err == nil {
		err = s.take(rep, func(rep *reported) { s.keepRest(m, rep, release) })
	}
	if err != nil {
		s.keep(m, err, release)
	}
}

// keepRest keeps what of a message was not recorded.
func (s *Service) keepRest(m message, rep *reported, settled func()) {
	later, whyLater := rep.failed(m, passing)
	aside, whyAside := rep.failed(m, lasting)
	if whyAside != nil {
		if whyLater == nil {
			s.keep(aside, whyAside, settled)
			return
		}
		s.keep(aside, whyAside, func() {})
	}
	if whyLater != nil {
		s.keep(later, whyLater, settled)
		return
	}
	settled()
}

// ask answers whether the one action of the message would be in order.
func (s *Service) ask(m message) {
	if m.reply == "" {
		return // a question without anybody to answer
	}
	if err := s.asked(m); err != nil {
		s.refuse(m, err)
	}
}

// askWait bounds the looking up of the people whom a question concerns.
const askWait = 5 * time.Second

// asked answers a question. Where the answer is to be recorded it comes once that is on disk.
func (s *Service) asked(m message) error {
	controller, service, err := address(m.subject)
	if err != nil {
		return err
	}
	results, _, err := s.decode(m, controller, service)
	if err != nil {
		return err
	}
	if len(results) != 1 {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "several questions"), "Ask about one action in each message.")
	}
	if results[0].Err != nil {
		return results[0].Err
	}
	asked, people, err := report.Asked(results[0].Event.Action, controller, service)
	if err != nil {
		return err
	}
	asked.Time = results[0].Event.Time
	if results[0].Event.Said.Record {
		q := s.cfg.Ledger.NewQuestion(results[0].Event.ID, asked, people)
		q.Sequence = results[0].Event.Sequence
		return s.askedRecorded(m, q)
	}
	patience, cancel := context.WithTimeout(context.Background(), askWait)
	defer cancel()
	answer, err := s.cfg.Ledger.Ask(patience, asked, people)
	if err != nil {
		return err
	}
	s.reply(m, report.Answer(asked, answer))
	return nil
}

// askedRecorded has the answer to a question recorded. It does not wait.
func (s *Service) askedRecorded(m message, q commands.Action) error {
	m = message{subject: m.subject, reply: m.reply} // What waits in the ledger does not hold the body.
	return s.cfg.Ledger.Submit([]commands.Action{q}, func(outcomes []commands.Outcome) {
		if err := outcomes[0].Err; err != nil {
			s.refuse(m, err)
			return
		}
		s.reply(m, report.Recorded(q, s.cfg.Ledger.Answered(q, outcomes[0].Receipt), outcomes[0].Receipt))
	})
}

func (s *Service) reply(m message, answer wire.Answer) {
	body, err := json.Marshal(answer)
	if err != nil {
		s.refuse(m, err)
		return
	}
	s.respond(m, nil, body)
}

// key answers with the public key that services seal for.
func (s *Service) key(m message) {
	if m.reply == "" {
		return
	}
	body, err := json.Marshal(s.cfg.Opener.Key())
	if err != nil {
		s.refuse(m, err)
		return
	}
	s.respond(m, nil, body)
}

// inbox takes a message durably and answers as JetStream would. Where nobody waits, whatever comes is taken: what is wrong with it
// is found when it is to be recorded, and sets it aside.
func (s *Service) inbox(m message) {
	if m.reply == "" {
		s.refuse(m, errUnawaited)
		return
	}
	if _, _, err := address(m.subject); err != nil {
		s.acknowledge(m, 0, err)
		return
	}
	to := message{subject: m.subject, reply: m.reply}
	s.cfg.Inbox.Put(m.subject, m.header, m.body, func(sequence uint64, err error) { s.acknowledge(to, sequence, err) })
}

// errUnawaited is why a message goes to the inbox that was sent to it.
var errUnawaited = errors.Wrap(domain.ErrUnavailable, "the message is to be recorded later")

func (s *Service) acknowledge(m message, sequence uint64, err error) {
	ack := wire.PubAck{Stream: s.cfg.Inbox.shelf.stream, Sequence: sequence}
	if err != nil {
		p := s.problems.Problem(context.Background(), err)
		ack = wire.PubAck{Error: &wire.PubError{Code: p.Status, Description: strings.TrimSpace(p.Title + ". " + p.Hint)}}
	}
	body, err := json.Marshal(ack)
	if err != nil {
		s.cfg.Logger.ErrorContext(context.Background(), "an acknowledgement could not be written", slog.Any("error", err))
		return
	}
	s.respond(m, nil, body)
}
