package intake

import (
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

// Ledger is the write side as intake calls it; commands.Ledger implements it.
type Ledger interface {
	// Submit takes actions on and calls done with their outcomes; see commands.Ledger.Submit.
	Submit(actions []commands.Action, done func([]commands.Outcome)) error
	// Ask answers by the rules that judge a recorded action; see commands.Ledger.Ask.
	Ask(ctx context.Context, a dossier.Action, people []domain.Identifier) (commands.Answer, error)
}

// Config is what a Service needs. All of it but Logger and Version is required.
type Config struct {
	Conn       *nats.Conn
	Ledger     Ledger
	Opener     *Opener
	Quarantine *Quarantine
	Inbox      *Inbox
	Version    string // semantic; 0.0.0 by default
	Logger     *slog.Logger
}

// The endpoints hold what arrives faster than it is decoded up to these limits; the server drops what comes beyond, which a
// caller sees as a time-out and repeats.
const (
	pendingMessages = 1 << 18
	pendingBytes    = 256 << 20
)

// Service answers services over NATS.
type Service struct {
	cfg      Config
	decoder  *cloudevents.Decoder
	problems problem.Reporter
	micro    micro.Service
}

// New makes a service that does not answer yet.
func New(cfg Config) *Service {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Version == "" {
		cfg.Version = "0.0.0"
	}
	s := &Service{cfg: cfg, decoder: cloudevents.NewDecoder(), problems: problem.Reporter{Logger: cfg.Logger}}
	cfg.Quarantine.replay = s.again
	return s
}

// Run answers, and drains the inbox, until ctx ends; it calls ready once it is reached. It takes no more messages then, and
// returns when those that had arrived are handed over. It returns domain.ErrUnavailable when NATS does not take the subscriptions.
func (s *Service) Run(ctx context.Context, ready func()) error {
	if err := s.start(); err != nil {
		return errors.CombineErrors(err, s.stop())
	}
	ready()
	return errors.CombineErrors(s.drain(ctx), s.stop())
}

func (s *Service) start() error {
	service, err := micro.AddService(s.cfg.Conn, micro.Config{
		Name: "daybook", Version: s.cfg.Version,
		Description: "Records processing actions, and answers whether one is permitted.",
	})
	if err != nil {
		return unavailable(err, "start the NATS service")
	}
	s.micro = service
	for _, e := range []struct {
		name, subject, schema string
		handle                micro.HandlerFunc
	}{
		{"record", wire.Pattern(wire.Record), "event.json", s.record},
		{"ask", wire.Pattern(wire.Ask), "event.json", s.ask},
		{"inbox", wire.Pattern(wire.Inbox), "event.json", s.inbox},
		{"key", wire.KeySubject, "key.json", s.key},
	} {
		err := service.AddEndpoint(e.name, e.handle, micro.WithEndpointSubject(e.subject),
			micro.WithEndpointPendingLimits(pendingMessages, pendingBytes),
			micro.WithEndpointMetadata(map[string]string{"schema": schemas + e.schema}))
		if err != nil {
			return unavailable(err, "add a NATS endpoint")
		}
	}
	if err := s.cfg.Conn.Flush(); err != nil {
		return unavailable(err, "subscribe")
	}
	return nil
}

// schemas is where the schemas of messages are published.
const schemas = "https://daybook.dev/schemas/v1/"

func (s *Service) stop() error {
	if s.micro == nil {
		return nil
	}
	if err := s.micro.Stop(); err != nil {
		return unavailable(err, "stop the NATS service")
	}
	return nil
}

func unavailable(err error, doing string) error {
	return errors.WithSecondaryError(errors.Wrapf(domain.ErrUnavailable, "%s", errors.Safe(doing)), err)
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

// record answers with receipts once the actions are on disk. What nobody waits for and cannot be recorded is set aside.
func (s *Service) record(r micro.Request) {
	m := message{subject: r.Subject(), reply: r.Reply(), header: nats.Header(r.Headers()), body: r.Data()}
	rep, err := s.read(m)
	if err == nil {
		err = s.cfg.Ledger.Submit(rep.actions, func(outcomes []commands.Outcome) { s.answer(m, rep.fill(outcomes)) })
	}
	if err != nil {
		s.refuse(m, err)
	}
}

// message is one message as it came.
type message struct {
	subject, reply string
	header         nats.Header
	body           []byte
}

// reported is a message that was read: the actions in it, and what became of each event.
type reported struct {
	batch   bool
	actions []commands.Action
	places  []int // of the actions among the items
	items   []commands.Outcome
}

// fill puts the outcomes of the actions in their places.
func (r *reported) fill(outcomes []commands.Outcome) *reported {
	for i, o := range outcomes {
		r.items[r.places[i]] = o
	}
	return r
}

// read decodes a message, opened first where it is sealed. An event of a batch that cannot be read becomes its own item's error.
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
		err := result.Err
		if err == nil {
			var a commands.Action
			if a, err = report.Action(result.Event, controller, service); err == nil {
				rep.actions = append(rep.actions, a)
				rep.places = append(rep.places, i)
				continue
			}
		}
		if !batch {
			return nil, err
		}
		rep.items[i].Err = err
	}
	return rep, nil
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

// answer sends the outcome of one event, or the items of a batch.
func (s *Service) answer(m message, rep *reported) {
	if m.reply == "" {
		for _, item := range rep.items {
			if item.Err != nil {
				s.setAside(m, item.Err)
				return
			}
		}
		return
	}
	if !rep.batch {
		if err := rep.items[0].Err; err != nil {
			s.refuse(m, err)
			return
		}
		s.respond(m, nil, report.AppendReceipt(make([]byte, 0, 256), rep.items[0].Receipt))
		return
	}
	body := append(make([]byte, 0, 256*len(rep.items)), '[')
	for i, item := range rep.items {
		if i > 0 {
			body = append(body, ',')
		}
		var p *wire.Problem
		if item.Err != nil {
			of := s.problems.Problem(context.Background(), item.Err)
			p = &of
		}
		var err error
		if body, err = report.AppendItem(body, item.Receipt, p); err != nil {
			s.refuse(m, err)
			return
		}
	}
	s.respond(m, nil, append(body, ']'))
}

// refuse answers with a problem. Where nobody waits for an answer the message is set aside, so that it is not lost.
func (s *Service) refuse(m message, err error) {
	if m.reply == "" {
		s.setAside(m, err)
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
	if err != nil {
		// The caller sees a time-out and repeats under the same id.
		s.cfg.Logger.WarnContext(context.Background(), "a reply could not be sent", slog.Any("error", err))
	}
}

func (s *Service) setAside(m message, why error) {
	if _, err := s.cfg.Quarantine.Add(context.Background(), m.subject, m.header, m.body, why); err != nil {
		s.cfg.Logger.ErrorContext(context.Background(), "a message that could not be recorded could not be set aside either", slog.Any("error", err), slog.Any("reason", why))
	}
}

// ask answers whether the one action of the message would be in order.
func (s *Service) ask(r micro.Request) {
	m := message{subject: r.Subject(), reply: r.Reply(), header: nats.Header(r.Headers()), body: r.Data()}
	if m.reply == "" {
		return // a question without anybody to answer
	}
	controller, service, err := address(m.subject)
	var results []cloudevents.Result
	if err == nil {
		results, _, err = s.decode(m, controller, service)
	}
	if err == nil && len(results) != 1 {
		err = errors.WithHint(errors.Wrap(domain.ErrInvalid, "several questions"), "Ask about one action in each message.")
	}
	if err == nil {
		err = results[0].Err
	}
	var asked dossier.Action
	var people []domain.Identifier
	if err == nil {
		asked, people, err = report.Asked(results[0].Event.Action, controller, service)
	}
	var answer commands.Answer
	if err == nil {
		asked.Time = results[0].Event.Time
		answer, err = s.cfg.Ledger.Ask(context.Background(), asked, people)
	}
	if err != nil {
		s.refuse(m, err)
		return
	}
	body, err := json.Marshal(report.Answer(asked, answer))
	if err != nil {
		s.refuse(m, err)
		return
	}
	s.respond(m, nil, body)
}

// key answers with the public key that services seal for.
func (s *Service) key(r micro.Request) {
	body, err := json.Marshal(s.cfg.Opener.Key())
	m := message{subject: r.Subject(), reply: r.Reply()}
	if err != nil {
		s.refuse(m, err)
		return
	}
	if m.reply != "" {
		s.respond(m, nil, body)
	}
}

// inbox takes a message durably and answers as JetStream would.
func (s *Service) inbox(r micro.Request) {
	m := message{subject: r.Subject(), reply: r.Reply(), header: nats.Header(r.Headers()), body: r.Data()}
	if _, _, err := address(m.subject); err != nil {
		s.acknowledge(m, 0, err)
		return
	}
	s.cfg.Inbox.Put(m.subject, m.header, m.body, func(sequence uint64, err error) { s.acknowledge(m, sequence, err) })
}

func (s *Service) acknowledge(m message, sequence uint64, err error) {
	if m.reply == "" {
		if err != nil {
			s.setAside(m, err)
		}
		return
	}
	ack := wire.PubAck{Stream: InboxStream, Sequence: sequence}
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
