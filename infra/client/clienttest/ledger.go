package clienttest

import (
	"context"
	"crypto/hpke"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/cloudevents"
	"github.com/jigowatt/daybook/infra/wire"
)

// Recorded is one action, or one statement beside an action, as the ledger recorded it.
type Recorded struct {
	Controller, Service string
	// Event is what came. Of a statement its Data has what an action has too: the people, the instruction and so on.
	Event wire.Event
	// Said is a wire.Announcement, wire.Consent, wire.Objection, wire.Occasion or wire.Count, and nil for an action.
	Said    any
	Receipt wire.Receipt
}

// Ledger is a ledger in memory. It is safe for use by several goroutines.
type Ledger struct {
	t       testing.TB
	addr    string
	deny    []string
	mute    []string
	store   string // JetStream's directory
	private hpke.PrivateKey
	decoder *cloudevents.Decoder

	life   sync.Mutex // held by Start and Stop
	server *server.Server
	conn   *nats.Conn

	mu       sync.Mutex
	recorded []Recorded              // guarded by mu
	seen     map[[2]string]*Recorded // by source and id; guarded by mu
	position uint64                  // of the next event; guarded by mu
	beats    []wire.Heartbeat        // guarded by mu
	orders   map[string]sent         // those that are not answered, by id; guarded by mu
	sent     int                     // orders; guarded by mu
	fail     wire.Code               // guarded by mu
	failures int                     // how often; guarded by mu
	lose     int                     // replies to lose; guarded by mu
	judge    func(Recorded) []wire.Finding
	answer   func(Recorded) wire.Answer
}

// Option is a setting of New.
type Option func(*Ledger)

// Deny forbids services to publish on a subject, which may have wildcards, as a server's permissions do.
func Deny(subject string) Option { return func(l *Ledger) { l.deny = append(l.deny, subject) } }

// DenyReplies forbids services to receive replies, as a server does whose permissions lack the inbox.
func DenyReplies() Option { return func(l *Ledger) { l.mute = append(l.mute, "_INBOX.>") } }

const (
	internalUser = "ledger"
	patience     = time.Minute // for the server
	pace         = 2 * time.Millisecond
)

// New starts a ledger, which is stopped when the test ends.
func New(t testing.TB, opts ...Option) *Ledger {
	t.Helper()
	private, err := wire.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	l := &Ledger{t: t, private: private, decoder: cloudevents.NewDecoder(), seen: map[[2]string]*Recorded{}, orders: map[string]sent{}, store: t.TempDir(),
		judge: func(Recorded) []wire.Finding { return nil }, answer: func(Recorded) wire.Answer { return wire.Answer{Permitted: true} }}
	for _, opt := range opts {
		opt(l)
	}
	l.Start()
	t.Cleanup(l.Stop)
	return l
}

// URL is where services connect. It stays the same through Stop and Start.
func (l *Ledger) URL() string { return "nats://" + l.addr }

// Start starts the ledger again after Stop, on the same address and with what it had recorded. Starting twice does nothing.
func (l *Ledger) Start() {
	l.t.Helper()
	l.life.Lock()
	defer l.life.Unlock()
	if l.server != nil {
		return
	}
	opts := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, MaxPayload: 8 << 20, JetStream: true, StoreDir: l.store, NoAuthUser: "service",
		Users: []*server.User{{Username: internalUser, Password: internalUser}, {Username: "service", Password: "service",
			Permissions: &server.Permissions{Publish: &server.SubjectPermission{Deny: l.deny}, Subscribe: &server.SubjectPermission{Deny: l.mute}}}}}
	if l.addr != "" {
		addr, err := net.ResolveTCPAddr("tcp", l.addr)
		if err != nil {
			l.t.Fatal(err)
		}
		opts.Port = addr.Port
		l.awaitPort()
	}
	s, err := server.NewServer(opts)
	if err != nil {
		l.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(patience) {
		s.Shutdown()
		l.t.Fatal("the NATS server did not start")
	}
	l.addr = s.Addr().String()
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.UserInfo(internalUser, internalUser))
	if err != nil {
		l.t.Fatal(err)
	}
	for subject, handle := range map[string]nats.MsgHandler{wire.Pattern(wire.Record): l.onRecord, wire.Pattern(wire.Inbox): l.onInbox,
		wire.Pattern(wire.Ask): l.onAsk, wire.Pattern(wire.Beat): l.onBeat, wire.Pattern(wire.Claims): l.onClaim, wire.KeySubject: l.onKey} {
		if _, err := nc.Subscribe(subject, handle); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		l.t.Fatal(err)
	}
	l.openOrders(nc)
	l.server, l.conn = s, nc
}

// awaitPort waits until nobody has the ledger's port, which may have gone to somebody's connection while it was stopped.
func (l *Ledger) awaitPort() {
	l.t.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(pace) {
		free, err := net.Listen("tcp", l.addr)
		if err == nil {
			_ = free.Close()
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatal("the port of the ledger was taken while it was stopped")
		}
	}
}

// Stop takes the ledger away: connections break and nobody listens. Stopping twice does nothing.
func (l *Ledger) Stop() {
	l.life.Lock()
	defer l.life.Unlock()
	if l.server == nil {
		return
	}
	l.conn.Close()
	l.server.Shutdown()
	l.server.WaitForShutdown()
	l.server, l.conn = nil, nil
}

// Fail makes the next messages to record or ask be answered with a problem, and not recorded.
func (l *Ledger) Fail(code wire.Code, times int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail, l.failures = code, times
}

// LoseReplies makes the ledger record the next messages and answer none of them.
func (l *Ledger) LoseReplies(times int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose = times
}

// Find sets what is found wrong with an action that is recorded; without it, nothing. Position and findings of the receipt that
// it is given are not yet set.
func (l *Ledger) Find(judge func(Recorded) []wire.Finding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.judge = judge
}

// Answer sets what is answered to a question; without it, everything is permitted.
func (l *Ledger) Answer(answer func(Recorded) wire.Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = answer
}

// Recorded gives what was recorded so far, in order.
func (l *Ledger) Recorded() []Recorded {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Recorded(nil), l.recorded...)
}

// Heartbeats gives the heartbeats received so far.
func (l *Ledger) Heartbeats() []wire.Heartbeat {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]wire.Heartbeat(nil), l.beats...)
}

// Wait waits until at least n actions are recorded, or until ctx is done, and says whether they are.
func (l *Ledger) Wait(ctx context.Context, n int) bool {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for len(l.Recorded()) < n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return len(l.Recorded()) >= n
		}
	}
	return true
}
