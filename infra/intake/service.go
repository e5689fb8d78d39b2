package intake

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/source"
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
	// NewQuestion and Answered make a question whose answer is recorded, and read its receipt; see commands.Ledger.
	NewQuestion(id string, a dossier.Action, people []domain.Identifier) commands.Action
	Answered(q commands.Action, r commands.Receipt) commands.Answer
	// Heartbeat records that a service lives; see commands.Ledger.Heartbeat.
	Heartbeat(ctx context.Context, c source.HeartbeatRecorded) error
}

// Config is what a Service needs. What stands after Inbox is optional.
type Config struct {
	Conn       *nats.Conn
	Ledger     Ledger
	Opener     *Opener
	Quarantine *Quarantine
	Inbox      *Inbox
	Orders     Orders           // nil where no orders are sent
	Prover     report.Prover    // nil where receipts carry no proofs
	Now        func() time.Time // time.Now
	Version    string           // semantic, with or without a v before it; 0.0.0 where it is not
	Logger     *slog.Logger
}

// Service answers services over NATS.
type Service struct {
	cfg      Config
	decoder  *cloudevents.Decoder
	problems problem.Reporter
	micro    micro.Service

	handling  sync.RWMutex        // held for reading while a message is handled
	large     *lane               // of messages that would hold up the small ones
	unawaited *semaphore.Weighted // in bytes, of messages that nobody waits for, until they are recorded or kept
	lost      atomic.Uint64

	waiting waiting // receipts for their proofs
	pulses  pulses
	unheard atomic.Uint64 // heartbeats
}

// What nobody waits for may take a part of the room that there is for waiting, so that whoever waits always finds some.
const (
	unawaitedBytes    = 24 << 20
	unawaitedMessages = shelfMessages / 2
)

// New makes a service that does not answer yet.
func New(cfg Config) *Service {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Service{
		cfg: cfg, decoder: cloudevents.NewDecoder(), problems: problem.Reporter{Logger: cfg.Logger},
		unawaited: semaphore.NewWeighted(unawaitedBytes), large: newLane(),
	}
	s.pulses.of = map[origin]pulse{}
	cfg.Quarantine.again = s.again
	return s
}

// Run answers, and drains the inbox, until ctx ends; it calls ready once it is reached. It takes no more messages then, and
// returns when those that had arrived are handed over; the ledger, the inbox and the quarantine should be closed after it. It
// returns domain.ErrUnavailable when NATS does not take the subscriptions, and what ended the draining.
func (s *Service) Run(ctx context.Context, ready func()) error {
	if err := s.start(); err != nil {
		return errors.CombineErrors(err, s.stop())
	}
	ready()
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return s.drain(ctx) })
	both.Go(func() error { s.large.run(); return nil })
	both.Go(func() error {
		<-ctx.Done()
		defer s.large.close()
		return s.stop()
	})
	err := both.Wait()
	s.waiting.close()
	return err
}

// endpoint is one subject of the service. It holds what arrives faster than it is handled up to its limits; what comes beyond is
// dropped, which a caller sees as a time-out and repeats.
type endpoint struct {
	name, subject, schema string
	bytes                 int
	handle                func(message)
	full                  func(message) // answers where there is no room for a large message
}

const pendingMessages = 1 << 16

func (s *Service) endpoints() []endpoint {
	return []endpoint{
		{"record", wire.Pattern(wire.Record), "event.json", 32 << 20, s.record, s.full},
		{"ask", wire.Pattern(wire.Ask), "event.json", 16 << 20, s.ask, s.fullAsked},
		{"inbox", wire.Pattern(wire.Inbox), "event.json", 32 << 20, s.inbox, s.fullInbox},
		{"claim", wire.Pattern(wire.Claims), "claimrequest.json", 1 << 20, s.claim, s.fullAsked},
		{"heartbeat", wire.Pattern(wire.Beat), "heartbeat.json", 1 << 20, s.beat, s.fullAsked},
		{"key", wire.KeySubject, "key.json", 1 << 20, s.key, s.fullAsked},
	}
}

// schemas is where the schemas of messages are published.
const schemas = "https://daybook.dev/schemas/v1/"

func (s *Service) start() error {
	cfg := micro.Config{
		Name: "daybook", Version: strings.TrimPrefix(s.cfg.Version, "v"),
		Description: "Records processing actions, and answers whether one is permitted.",
	}
	service, err := micro.AddService(s.cfg.Conn, cfg)
	if errors.Is(err, micro.ErrConfigValidation) {
		cfg.Version = "0.0.0"
		service, err = micro.AddService(s.cfg.Conn, cfg)
	}
	if err != nil {
		return unavailable(err, "start the NATS service")
	}
	s.micro = service
	for _, e := range s.endpoints() {
		err := service.AddEndpoint(e.name, s.handler(e), micro.WithEndpointSubject(e.subject),
			micro.WithEndpointPendingLimits(pendingMessages, e.bytes),
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

// stopWait bounds how long what has arrived is handled once the service ends.
const stopWait = 10 * time.Second

// stop takes no more messages, and returns when those that had arrived are handled.
func (s *Service) stop() error {
	if s.micro == nil {
		return nil
	}
	if err := s.micro.Stop(); err != nil {
		return unavailable(err, "stop the NATS service")
	}
	if !s.cfg.Conn.IsConnected() {
		return nil // nothing arrives any more, and nobody could be answered
	}
	patience, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	// Once the server has answered, all that it sends has arrived; the barrier comes behind that.
	if err := s.cfg.Conn.FlushWithContext(patience); err != nil {
		return unavailable(err, "end the subscriptions")
	}
	passed := make(chan struct{})
	if err := s.cfg.Conn.Barrier(func() { close(passed) }); err != nil {
		return unavailable(err, "wait for the subscriptions")
	}
	select {
	case <-passed:
	case <-patience.Done():
		return unavailable(patience.Err(), "handle what had arrived")
	}
	// A subscription without messages has ended already, though its last message may still be handled.
	s.handling.Lock()
	defer s.handling.Unlock()
	return nil
}

func unavailable(err error, doing string) error {
	return errors.WithSecondaryError(errors.Wrapf(domain.ErrUnavailable, "%s", errors.Safe(doing)), err)
}
