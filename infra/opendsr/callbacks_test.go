package opendsr_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/memory"
	"github.com/jigowatt/daybook/infra/opendsr"
	"github.com/jigowatt/daybook/infra/vault/memvault"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/requests"
)

const (
	cycles domain.ControllerID = "fenland-cycles"
	id     request.ID          = "a7551968-d5d6-44b2-9831-815ac9017798"
)

var (
	key  = request.Key{Controller: cycles, Case: id}
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("%+v", err))
	}
	return v
}

// client is a controller's system: it takes callbacks, and fails as often as it is told to.
type client struct {
	*httptest.Server
	fail atomic.Int64
	to   atomic.Value // where it redirects, a string

	mu   sync.Mutex
	took []took // guarded by mu
}

type took struct {
	body   []byte
	header http.Header
}

func newClient(t *testing.T) *client {
	c := &client{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		c.took = append(c.took, took{body, r.Header})
		c.mu.Unlock()
		switch to, _ := c.to.Load().(string); {
		case to != "":
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		case c.fail.Add(-1) >= 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *client) got() []took {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]took(nil), c.took...)
}

// world is a ledger with a case that came by OpenDSR, whose controller's system is called.
type world struct {
	*testing.T
	client    *client
	since     atomic.Int64 // what the clock has gone on
	ledger    *commands.Ledger
	views     *projections.Runner
	signer    *opendsr.Signer
	callbacks *opendsr.Callbacks
}

func (w *world) now() time.Time { return noon.Add(time.Duration(w.since.Load())) }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, client: newClient(t)}
	log := memlog.New(memlog.Config{})
	m := must(memory.Open(t.TempDir(), memory.Config{}))
	w.ledger = must(commands.Open(t.Context(), commands.Config{Log: log, Vault: memvault.New(), Memory: m, Now: w.now}))
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = w.ledger.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		all.Wait()
		_ = m.Close()
	})
	w.views = projectiontest.Run(t, log, t.TempDir(), projections.Config{}, requests.Projection())
	w.signer = opendsr.NewSigner(t.TempDir(), w.now)
	w.restart()
	w.declare(w.client.URL)
	received := request.Received{
		Of: request.Of{Controller: cycles, Case: id, On: calendar.NewDate(2026, 11, 20)}, Kind: request.Erasure, Owner: "dpo", Channel: request.ViaOpenDSR,
		Regime: domain.UK, Calendar: calendar.EnglandAndWales, Callbacks: []string{w.client.URL},
	}
	person := must(domain.ParseIdentifier("email:canary-51f2@example.org"))
	must(w.ledger.Open(t.Context(), received, []domain.Identifier{person}, commands.Stepped{}))
	return w
}

// restart makes the callbacks anew, as a process does that was killed.
func (w *world) restart() {
	w.callbacks = opendsr.NewCallbacks(opendsr.Config{
		Ledger: w.ledger, Requests: w.views.View(requests.Name), Signer: w.signer, Now: w.now,
		Today: func(request.State) calendar.Date { return calendar.DateOf(w.now()) }, Pauses: []time.Duration{time.Minute, time.Hour},
	})
}

func (w *world) declare(callbacks ...string) {
	w.Helper()
	if _, err := w.ledger.Declare(w.Context(), commands.Declaration{
		Processor:   &register.ProcessorDeclared{Name: "Aldgate", Regime: domain.UK, Territory: []domain.Territory{"GB"}, Measures: []string{}},
		Controllers: []register.ControllerDeclared{{Controller: cycles, Name: "Fenland Cycles Ltd", Regime: domain.UK, Country: "GB", Callbacks: callbacks}},
		Contacts:    []commands.Contact{{Controller: register.Itself, Contact: "dpo", Role: "Privacy officer", Details: domain.NewPersonal(`{"name":"Zoe"}`)}},
	}, false); err != nil {
		w.Fatalf("%+v", err)
	}
}

func (w *world) take(step request.Step) {
	w.Helper()
	if _, err := w.ledger.TakeStep(w.Context(), commands.Stepped{Step: step}); err != nil {
		w.Fatalf("%+v", err)
	}
}

// found brings the case in progress, withdrawn ends it.
func (w *world) found()     { w.take(request.Found{Of: w.of()}) }
func (w *world) withdrawn() { w.take(request.Withdrawn{Of: w.of()}) }

func (w *world) of() request.Of {
	return request.Of{Controller: cycles, Case: id, On: calendar.NewDate(2026, 11, 23)}
}

// send looks once, when the view has everything, and gives how many calls the client had by then.
func (w *world) send() int {
	w.Helper()
	projectiontest.Await(w, w.views.View(requests.Name), w.ledger.State().End-1)
	if err := w.callbacks.Send(w.Context()); err != nil {
		w.Fatalf("%+v", err)
	}
	return len(w.client.got())
}

func (w *world) statuses() (list []string) {
	for _, t := range w.client.got() {
		var c wire.OpenDSRCallback
		if err := json.Unmarshal(t.body, &c); err != nil {
			w.Fatal(err)
		}
		list = append(list, c.Status)
	}
	return list
}

func (w *world) notified() []request.Notified { return must(w.ledger.Case(key)).Notified }

func TestAChangeOfStatusIsToldOnce(t *testing.T) {
	w := newWorld(t)
	if n := w.send(); n != 0 {
		t.Errorf("a request that is pending still: %d calls", n)
	}
	w.found()
	w.send()
	w.take(request.Assigned{Of: w.of(), Owner: "dpo"})
	w.send()
	w.restart() // whoever told may have ended
	w.send()
	w.withdrawn()
	w.send()
	if got := fmt.Sprint(w.statuses()); got != "[in_progress cancelled]" {
		t.Errorf("told %s", got)
	}
	if got := w.notified(); len(got) != 1 || got[0].Status != request.DSRCancelled || !got[0].Delivered {
		t.Errorf("on record: %+v", got)
	}
	var c wire.OpenDSRCallback
	if err := json.Unmarshal(w.client.got()[0].body, &c); err != nil || c.Callback != w.client.URL || c.ID != string(id) || c.Controller != string(cycles) || c.Expected == nil {
		t.Errorf("the callback: %+v, %v", c, err)
	}
}

func TestACallbackThatFailsIsTriedAgainAndGivenUp(t *testing.T) {
	for _, row := range []struct {
		rule      string
		failures  int64
		calls     int
		delivered bool
	}{
		{"it is tried again after each pause", 2, 3, true},
		{"and given up after the last", 3, 3, false},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w := newWorld(t)
			w.client.fail.Store(row.failures)
			w.found()
			if w.send(); w.send() != 1 {
				t.Errorf("tried again before the pause was over: %d calls", len(w.client.got()))
			}
			w.since.Add(int64(time.Minute))
			if n := w.send(); n != 2 || len(w.notified()) != 0 {
				t.Errorf("after the first pause: %d calls, %+v", n, w.notified())
			}
			w.since.Add(int64(time.Hour))
			for range 3 {
				w.send()
			}
			if got := w.notified(); len(w.client.got()) != row.calls || len(got) != 1 || got[0].Delivered != row.delivered {
				t.Errorf("in the end: %d calls, %+v", len(w.client.got()), got)
			}
		})
	}
}

func TestOnlyWhatTheRegisterDeclaresIsCalled(t *testing.T) {
	elsewhere := newClient(t)
	for rule, change := range map[string]func(w *world){
		"an address that was taken out of the register": func(w *world) { w.declare(elsewhere.URL) },
		"an address that another one redirects to":      func(w *world) { w.client.to.Store(elsewhere.URL) },
	} {
		t.Run(rule, func(t *testing.T) {
			w := newWorld(t)
			change(w)
			w.found()
			for range 3 {
				w.send()
				w.since.Add(int64(time.Hour))
			}
			if n := len(elsewhere.got()); n != 0 {
				t.Errorf("%d calls", n)
			}
			if got := w.notified(); len(got) != 1 || got[0].Delivered {
				t.Errorf("on record: %+v", got)
			}
		})
	}
}
