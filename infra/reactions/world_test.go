package reactions_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/casework"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
	"github.com/jigowatt/daybook/infra/memory"
	"github.com/jigowatt/daybook/infra/reactions"
	"github.com/jigowatt/daybook/infra/vault/memvault"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/disclosures"
	"github.com/jigowatt/daybook/projections/orders"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/retention"
)

const (
	cycles domain.ControllerID = "fenland-cycles"
	ada                        = "email:ada@example.org"
	day                        = 24 * time.Hour
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// clock goes only as it is told to.
type clock struct{ since atomic.Int64 }

func (c *clock) Now() time.Time      { return noon.Add(time.Duration(c.since.Load())) }
func (c *clock) add(d time.Duration) { c.since.Add(int64(d)) }

// world is a ledger over the embedded server with the two views and its reactions, which run when told to.
type world struct {
	*testing.T
	clock  clock
	nc     *nats.Conn
	log    *natslog.Log
	vault  *memvault.Vault
	ledger *commands.Ledger
	views  *projections.Runner
	stream *reactions.Stream
	react  *reactions.Reactions
	ticks  chan time.Time
	ids    int
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("%+v", err))
	}
	return v
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server, err := bus.Embedded(t.Context(), bus.Config{StoreDir: t.TempDir(), DontListen: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	w := &world{T: t, nc: server.Conn(), vault: memvault.New(), ticks: make(chan time.Time)}
	w.log = must(natslog.Open(t.Context(), w.nc, natslog.Config{}))
	m := must(memory.Open(t.TempDir(), memory.Config{}))
	w.ledger = must(commands.Open(t.Context(), commands.Config{Log: w.log, Vault: w.vault, Memory: m, Now: w.clock.Now}))
	w.background(func(ctx context.Context) { _ = w.ledger.Run(ctx) }, w.log.Close, func() { _ = m.Close() })
	w.views = projectiontest.Run(t, w.log, t.TempDir(), projections.Config{}, orders.Projection(), retention.Projection(), disclosures.Projection())
	w.restart()
	w.declare()
	return w
}

// background runs something until the test ends, and then what closes it.
func (w *world) background(run func(ctx context.Context), after ...func()) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { run(ctx) })
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			all.Wait()
			for _, f := range after {
				f()
			}
		})
	}
	w.Cleanup(stop)
	return stop
}

// restart makes the reactions anew, as a process does that was killed.
func (w *world) restart() {
	w.Helper()
	w.stream = must(reactions.OpenStream(w.Context(), w.nc, reactions.StreamConfig{}))
	w.react = reactions.New(w.config(w.ledger))
}

func (w *world) config(l reactions.Ledger) reactions.Config {
	return reactions.Config{
		Ledger: l, Retention: w.views.View(retention.Name), Orders: w.views.View(orders.Name), Stream: w.stream, Key: []byte("a key of the test"),
		Cases: casework.New(casework.Config{Ledger: w.ledger, Vault: w.vault, Views: w.views, Now: w.clock.Now}),
		Now:   w.clock.Now, After: func(time.Duration) <-chan time.Time { return w.ticks },
	}
}

func (w *world) declare() {
	w.Helper()
	instruction := func(id domain.InstructionID, basis domain.Basis, retention ...domain.Retention) commands.Instruction {
		return commands.Instruction{Controller: cycles, Instruction: id,
			Given: domain.Warrant{By: "anna", On: noon.AddDate(-1, 0, 0), How: domain.BySigned},
			Terms: domain.Terms{
				Title: "Terms", Purpose: "ServiceProvision", Basis: basis, Operations: domain.Operations(),
				Categories: []domain.Category{"pd:Name", "pd:EmailAddress"}, Territory: []domain.Territory{"GB"}, Retention: retention,
			}}
	}
	if _, err := w.ledger.Declare(w.Context(), commands.Declaration{
		Processor:   &register.ProcessorDeclared{Name: "Aldgate", Regime: domain.UK, Territory: []domain.Territory{"GB"}, Measures: []string{}},
		Controllers: []register.ControllerDeclared{{Controller: cycles, Name: "Fenland Cycles Ltd", Regime: domain.UK, Country: "GB"}},
		Recipients:  []register.RecipientDeclared{{Recipient: "hmrc", Name: "HMRC", Kind: register.Authority, Country: "GB"}},
		Services:    []register.ServiceDeclared{{Controller: cycles, Service: "webshop", Name: "Web shop", ReportsWithin: 3600}},
		Contacts:    []commands.Contact{{Controller: cycles, Contact: "anna", Role: "Managing director", Details: domain.NewPersonal(`{"name":"Anna"}`)}},
		Instructions: []commands.Instruction{
			instruction("logs", domain.Contract, domain.Retention{After: domain.WhenRecorded, Keep: domain.Period{Days: 30}}),
			instruction("orders", domain.Contract, domain.Retention{After: domain.WhenOrderClosed, Keep: domain.Period{Days: 10}}),
			instruction("newsletter", domain.Consent),
		},
	}, false); err != nil {
		w.Fatalf("%+v", err)
	}
}

// act records an action on a person now.
func (w *world) act(who string, op domain.Operation, id domain.InstructionID, change func(*commands.Action)) {
	w.Helper()
	w.ids++
	a := commands.Action{ID: fmt.Sprintf("action-%d", w.ids), Subjects: []domain.Identifier{must(domain.ParseIdentifier(who))}, Action: dossier.Action{
		Controller: cycles, Service: "webshop", Time: w.clock.Now(), Operation: op, Instruction: id, System: "crm", Location: "GB",
		Categories: []domain.Category{"pd:Name", "pd:EmailAddress"},
	}}
	if change != nil {
		change(&a)
	}
	outcomes, err := w.ledger.Record(w.Context(), []commands.Action{a})
	if err != nil || outcomes[0].Err != nil {
		w.Fatalf("record: %+v, %+v", err, outcomes)
	}
}

func (w *world) about(who string, what dossier.Matter) {
	w.Helper()
	if _, err := w.ledger.About(w.Context(), commands.Matter{Controller: cycles, Person: must(domain.ParseIdentifier(who)), What: what}); err != nil {
		w.Fatalf("%+v", err)
	}
}

func (w *world) sweep() {
	w.Helper()
	if err := w.react.Sweep(w.Context()); err != nil {
		w.Fatalf("%+v", err)
	}
}

func (w *world) publish() {
	w.Helper()
	if err := w.react.Publish(w.Context()); err != nil {
		w.Fatalf("%+v", err)
	}
}

// sent gives the orders that were sent, once the view has everything.
func (w *world) sent() []orders.Order {
	w.Helper()
	projectiontest.Await(w, w.views.View(orders.Name), w.ledger.State().End-1)
	page, err := orders.New(w.views.View(orders.Name)).List(w.Context(), orders.Query{Limit: orders.MaxLimit})
	if err != nil {
		w.Fatalf("%+v", err)
	}
	return page.Orders
}

// published gives the messages of the stream.
func (w *world) published() []message {
	w.Helper()
	js := must(jetstream.New(w.nc))
	stream := must(js.Stream(w.Context(), wire.OrdersStream))
	info := must(stream.Info(w.Context()))
	var list []message
	for sequence := uint64(1); sequence <= info.State.LastSeq; sequence++ {
		m := must(stream.GetMsg(w.Context(), sequence))
		var o wire.Order
		if err := json.Unmarshal(m.Data, &o, json.RejectUnknownMembers(true)); err != nil {
			w.Fatal(err)
		}
		list = append(list, message{m, o})
	}
	return list
}

type message struct {
	*jetstream.RawStreamMsg
	order wire.Order
}

func (w *world) wantPublished(rule string, ids ...string) {
	w.Helper()
	got := []string{}
	for _, m := range w.published() {
		got = append(got, m.order.Order)
	}
	if fmt.Sprint(got) != fmt.Sprint(ids) {
		w.Errorf("%s: published %v, want %v", rule, got, ids)
	}
}
