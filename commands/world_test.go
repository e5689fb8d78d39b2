package commands_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/vault/memvault"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// clock is a clock that goes only as it is told to.
type clock struct{ since atomic.Int64 }

func (c *clock) Now() time.Time         { return noon.Add(time.Duration(c.since.Load())) }
func (c *clock) add(d time.Duration)    { c.since.Add(int64(d)) }
func ago(d time.Duration) time.Time     { return noon.Add(-d) }
func day(n int) time.Time               { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
func person(s string) domain.Identifier { return must(domain.ParseIdentifier(s)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// world is a ledger with all that outlives it.
type world struct {
	testing.TB
	log    *memlog.Log
	vault  *memvault.Vault
	memory *memory
	clock  *clock
	config func(*commands.Config)
	ledger *commands.Ledger
	stop   func() // ends Run and waits for it
	ran    error  // what Run returned; after stop
}

// empty gives a world in which nothing was ever recorded, with its ledger running.
func empty(t testing.TB, config func(*commands.Config)) *world {
	t.Helper()
	w := &world{TB: t, log: memlog.New(memlog.Config{}), vault: memvault.New(), memory: &memory{}, clock: &clock{}, config: config}
	w.open()
	t.Cleanup(func() { w.stop() })
	return w
}

// declared gives a world in which the register of organisation stands.
func declared(t testing.TB) *world {
	t.Helper()
	w := empty(t, nil)
	if _, err := w.ledger.Declare(t.Context(), organisation(), false); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) cfg() commands.Config {
	cfg := commands.Config{Log: w.log, Vault: w.vault, Memory: w.memory, Now: w.clock.Now}
	if w.config != nil {
		w.config(&cfg)
	}
	return cfg
}

// open opens the ledger and runs it.
func (w *world) open() {
	w.Helper()
	l, err := commands.Open(context.Background(), w.cfg())
	if err != nil {
		w.Fatalf("open: %+v", err)
	}
	w.run(l)
}

func (w *world) run(l *commands.Ledger) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	w.ledger = l
	go func() {
		defer close(done)
		w.ran = l.Run(ctx)
	}()
	w.stop = func() {
		cancel()
		<-done
	}
}

// reopen closes the ledger and opens it again over what it left.
func (w *world) reopen() {
	w.Helper()
	w.stop()
	if w.ran != nil {
		w.Fatalf("run: %+v", w.ran)
	}
	w.open()
}

// organisation is the register that the rules are tried on.
func organisation() commands.Declaration {
	return commands.Declaration{
		Processor:   &register.ProcessorDeclared{Name: "Aldgate", Regime: domain.UK, Territory: []domain.Territory{"GB"}, Measures: []string{}},
		Controllers: []register.ControllerDeclared{{Controller: "fenland", Name: "Fenland Cycles Ltd", Regime: domain.UK, Country: "GB"}},
		Recipients:  []register.RecipientDeclared{{Recipient: "northprint", Name: "Northprint", Kind: register.SubProcessor, Country: "GB"}},
		Services:    []register.ServiceDeclared{{Controller: "fenland", Service: "webshop", Name: "Web shop", ReportsWithin: 3600}},
		Contacts: []commands.Contact{
			{Controller: "fenland", Contact: "anna", Role: "Managing director", Details: domain.NewPersonal(`{"name":"Anna"}`)},
			{Controller: register.Itself, Contact: "dpo", Role: "Privacy officer", Details: domain.NewPersonal(`{"name":"Zoe"}`)},
		},
		Instructions: []commands.Instruction{orders("Orders", 5)},
	}
}

// facts is how many events organisation becomes.
const facts = 7

func orders(title string, givenOn int) commands.Instruction {
	return commands.Instruction{
		Controller: "fenland", Instruction: "orders",
		Given: domain.Warrant{By: "anna", On: day(givenOn), How: domain.BySigned},
		Terms: domain.Terms{
			Title: title, Purpose: "ServiceProvision", Basis: domain.Contract,
			Operations: []domain.Operation{domain.Store, domain.Use, domain.Disclose}, Categories: []domain.Category{"pd:Name", "pd:EmailAddress"},
			Recipients: []domain.RecipientID{"northprint"}, Territory: []domain.Territory{"GB"},
		},
	}
}

// action gives a conformant action, changed as told.
func action(id string, changes ...func(*commands.Action)) commands.Action {
	a := commands.Action{
		ID: id, Sequence: 7, Subjects: []domain.Identifier{person("email:ada@example.org")}, Details: domain.NewPersonal(`{"note":"x"}`),
		Action: dossier.Action{
			Controller: "fenland", Service: "webshop", Time: ago(time.Minute), Operation: domain.Store, Instruction: "orders",
			Categories: []domain.Category{"pd:Name"}, System: "crm", Location: "GB", Stated: domain.Contract,
		},
	}
	for _, change := range changes {
		change(&a)
	}
	return a
}

func of(people ...string) func(*commands.Action) {
	return func(a *commands.Action) {
		a.Subjects = nil
		for _, p := range people {
			a.Subjects = append(a.Subjects, person(p))
		}
	}
}

func customers(n int) func(*commands.Action) {
	return func(a *commands.Action) {
		a.Subjects = make([]domain.Identifier, n)
		for i := range a.Subjects {
			a.Subjects[i] = person("customer:" + strconv.Itoa(i))
		}
	}
}

// record records actions and waits.
func (w *world) record(actions ...commands.Action) []commands.Outcome {
	w.Helper()
	outcomes, err := w.ledger.Record(context.Background(), actions)
	if err != nil {
		w.Fatalf("record: %+v", err)
	}
	return outcomes
}

// recorded records one action, which must succeed.
func (w *world) recorded(a commands.Action) commands.Receipt {
	w.Helper()
	o := w.record(a)[0]
	if o.Err != nil {
		w.Fatalf("record %s: %+v", a.ID, o.Err)
	}
	return o.Receipt
}

// events reads the whole log, and the sizes of its frames.
func (w *world) events() (events []domain.Recorded, frames []int) {
	w.Helper()
	for batch, err := range w.log.Read(context.Background(), 0) {
		if err != nil {
			w.Fatalf("read: %+v", err)
		}
		for i, stored := range batch.Events {
			e, err := catalog.Decode(stored)
			if err != nil {
				w.Fatalf("event %d cannot be read: %+v", batch.At+domain.Position(i), err)
			}
			events = append(events, domain.Recorded{Position: batch.At + domain.Position(i), Bytes: stored, Event: e})
		}
		if len(batch.Events) > 0 {
			frames = append(frames, len(batch.Events))
		}
		if batch.CaughtUp {
			break
		}
	}
	return events, frames
}
