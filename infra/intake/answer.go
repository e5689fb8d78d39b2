package intake

import (
	"context"
	"encoding/json"
	"log/slog"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

// handler gives what comes on an endpoint to its handler, large messages beside the others.
func (s *Service) handler(e endpoint) micro.HandlerFunc {
	return func(r micro.Request) {
		s.handling.RLock()
		defer s.handling.RUnlock()
		m := message{subject: r.Subject(), reply: r.Reply(), header: nats.Header(r.Headers()), body: r.Data()}
		if !answerable(m.reply) {
			m.reply = ""
		}
		switch {
		case len(m.body) < largeBody:
			s.survive(m, e.handle)
		case !s.large.add(len(m.body), func() { s.survive(m, e.handle) }):
			e.full(m)
		}
	}
}

// survive handles a message, whatever it does to the handler.
func (s *Service) survive(m message, handle func(message)) {
	defer func() {
		if fault := recover(); fault != nil {
			// Its value may be personal.
			s.cfg.Logger.ErrorContext(context.Background(), "a message panicked",
				slog.String("kind", reflect.TypeOf(fault).String()), slog.String("stack", string(debug.Stack())))
			s.refuse(m, errors.AssertionFailedf("a message panicked"))
		}
	}()
	handle(m)
}

// answerable says whether somebody can wait on a subject. The ledger may publish where its callers may not, and is not led to do
// so in their place: to the server itself, or to the streams and services of the ledger.
func answerable(reply string) bool {
	return reply != "" && reply[0] != '$' && !strings.HasPrefix(reply, "daybook.")
}

// answer sends the outcome of one event, or the items of a batch.
func (s *Service) answer(m message, rep *reported) {
	s.answerProved(m, rep, func(commands.Receipt) []byte { return nil })
}

// answerProved is answer with the proofs that receipts are to carry.
func (s *Service) answerProved(m message, rep *reported, prove func(commands.Receipt) []byte) {
	if !rep.batch {
		if err := rep.items[0].Err; err != nil {
			s.refuse(m, err)
			return
		}
		r := rep.items[0].Receipt
		s.respond(m, nil, report.AppendProved(make([]byte, 0, 256), r, prove(r)))
		return
	}
	body := append(make([]byte, 0, 256*len(rep.items)), '[')
	for i, item := range rep.items {
		if i > 0 {
			body = append(body, ',')
		}
		var p *wire.Problem
		var proof []byte
		if item.Err != nil {
			of := s.problems.Problem(context.Background(), item.Err)
			p = &of
		} else {
			proof = prove(item.Receipt)
		}
		var err error
		if body, err = report.AppendItem(body, item.Receipt, proof, p); err != nil {
			s.refuse(m, err)
			return
		}
	}
	s.respond(m, nil, append(body, ']'))
}

// refuse answers with a problem. Where nobody waits for an answer the message is kept, so that it is not lost.
func (s *Service) refuse(m message, err error) {
	if m.reply == "" {
		if release, ok := s.hold(m); ok {
			s.keep(m, err, release)
		}
		return
	}
	p := s.problems.Problem(context.Background(), err)
	body, err := json.Marshal(p)
	if err != nil {
		s.cfg.Logger.ErrorContext(context.Background(), "a problem could not be written", slog.Any("error", err))
		return
	}
	s.respond(m, nats.Header{
		wire.HeaderError: {p.Title}, wire.HeaderErrorCode: {strconv.Itoa(p.Status)}, wire.HeaderContentType: {wire.ContentProblem},
	}, body)
}

// respond publishes a reply. It goes past micro's own Respond, which must not be called once the handler has returned.
func (s *Service) respond(m message, header nats.Header, body []byte) {
	err := s.cfg.Conn.PublishMsg(&nats.Msg{Subject: m.reply, Header: header, Data: body})
	switch {
	case errors.Is(err, nats.ErrMaxPayload) && header == nil:
		s.refuse(m, problem.New(wire.TooLarge, "the answer is longer than the NATS server takes, though what was sent is not",
			"Repeat the events in smaller batches under the same ids: those that were recorded are not recorded twice."))
	case err != nil:
		// The caller sees a time-out and repeats under the same id.
		s.cfg.Logger.WarnContext(context.Background(), "a reply could not be sent", slog.Any("error", err))
	}
}

// hold takes room for a message that nobody waits for, until release is called. Where there is none the message is lost: what comes
// faster than the disk takes it, from a sender who is not told of anything, does not hold up those who are.
func (s *Service) hold(m message) (release func(), ok bool) {
	weight := min(unawaitedBytes, max(int64(len(m.body)), unawaitedBytes/unawaitedMessages))
	if !s.unawaited.TryAcquire(weight) {
		s.lose(errFull)
		return nil, false
	}
	return func() { s.unawaited.Release(weight) }, true
}

// keep sees to what nobody waits for and what was not recorded: where it may be recorded later it goes to the inbox, else it is
// set aside. It never waits; settled is called once the message is on disk, or lost.
func (s *Service) keep(m message, why error, settled func()) {
	kept := func(_ uint64, err error) {
		defer settled()
		if err != nil {
			s.lose(err)
		}
	}
	if !passing(why) {
		s.cfg.Quarantine.put("", m, why, kept)
		return
	}
	s.cfg.Inbox.put(m, false, func(sequence uint64, err error) {
		if err != nil && !passing(err) {
			s.cfg.Quarantine.put("", m, err, kept)
			return
		}
		kept(sequence, err)
	})
}

// lose logs that messages were lost, less often the more there are: a flood of them is not answered with a flood of lines.
func (s *Service) lose(err error) {
	if n := s.lost.Add(1); n&(n-1) == 0 {
		s.cfg.Logger.ErrorContext(context.Background(), "messages that nobody waits for could neither be recorded nor kept",
			slog.Uint64("messages", n), slog.Any("error", err))
	}
}
