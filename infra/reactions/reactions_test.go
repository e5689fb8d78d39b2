package reactions_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/reactions"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/orders"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

func TestWhatIsDueIsOrderedOncePublishedOnceAndClosedByErasure(t *testing.T) {
	w := newWorld(t)
	w.act(ada, domain.Store, "logs", nil)
	w.sweep()
	if sent := w.sent(); len(sent) != 0 {
		t.Fatalf("before it was due: %+v", sent)
	}
	due := w.clock.Now().Add(30 * day)
	w.clock.add(30 * day)
	w.sweep()
	w.sweep()
	w.restart()
	w.sweep()
	sent := w.sent()
	if len(sent) != 1 {
		t.Fatalf("sent %d orders", len(sent))
	}
	o := sent[0]
	if o.Kind != dossier.TaskErase || o.Service != "webshop" || o.Instruction != "logs" || o.System != "crm" || o.Reason != "retention" ||
		!o.Due.Equal(due) || len(o.Categories) != 2 || len(o.Order) != 32 {
		t.Errorf("%+v", o)
	}
	w.publish()
	w.publish()
	w.restart()
	w.publish()
	w.wantPublished("however often", o.Order)
	m := w.published()[0]
	want := wire.Order{
		Order: o.Order, Kind: wire.OrderErase, Controller: "fenland-cycles", Service: "webshop", Instruction: "logs", System: "crm",
		Categories: []string{"pd:EmailAddress", "pd:Name"}, Reason: "retention", Due: due,
	}
	if !reflect.DeepEqual(m.order, want) || m.Subject != "daybook.v1.orders.fenland-cycles.webshop" ||
		m.Header.Get(jetstream.MsgIDHeader) != o.Order+"@"+o.Position.String() || m.Header.Get(reactions.PositionHeader) != o.Position.String() {
		t.Errorf("published %s %v %+v", m.Subject, m.Header, m.order)
	}
	if strings.Contains(string(m.Data), o.Subject.String()) || strings.Contains(string(m.Data), "ada@") {
		t.Error("the message names the person")
	}
	w.act(ada, domain.Erase, "logs", func(a *commands.Action) { a.Order = o.Order })
	w.clock.add(30 * day)
	w.sweep()
	if sent := w.sent(); len(sent) != 1 || sent[0].State != orders.Answered || sent[0].Answer.Late {
		t.Errorf("after the answer: %+v", sent)
	}
}

func TestAHoldKeepsAnOrderBackAndItsReleaseKeepsTheDate(t *testing.T) {
	w := newWorld(t)
	w.act(ada, domain.Store, "logs", nil)
	due := w.clock.Now().Add(30 * day)
	w.about(ada, dossier.HoldPlaced{Hold: "h1", Ground: "court-order", Reference: "KB-2026-1"})
	w.clock.add(40 * day)
	w.sweep()
	if sent := w.sent(); len(sent) != 0 {
		t.Fatalf("while it is held: %+v", sent)
	}
	w.about(ada, dossier.HoldReleased{Hold: "h1"})
	w.sweep()
	if sent := w.sent(); len(sent) != 1 || !sent[0].Due.Equal(due) {
		t.Errorf("after the release: %+v", sent)
	}
}

// Issue 3, line 4: a hold placed after an order was sent takes it back, and its release sends it again without a new clock.
func TestAHoldPlacedAfterAnOrderTakesItBack(t *testing.T) {
	w := newWorld(t)
	w.act(ada, domain.Store, "logs", nil)
	due := w.clock.Now().Add(30 * day)
	w.clock.add(30 * day)
	w.sweep()
	w.publish()
	first := w.sent()[0]
	w.about(ada, dossier.HoldPlaced{Hold: "h1", Ground: "court-order", Reference: "KB-2026-1", Categories: []domain.Category{"pd:Name"}})
	taken := w.sent()[0]
	if taken.State != orders.Recalled || taken.Hold != "h1" || taken.Recall == nil {
		t.Fatalf("after the hold: %+v", taken)
	}
	// What the hold does not protect is ordered at once; nobody is told that the order was not answered.
	w.sweep()
	w.publish()
	rest := w.sent()[1]
	if !slices.Equal(rest.Categories, []domain.Category{"pd:EmailAddress"}) || !rest.Due.Equal(due) {
		t.Errorf("the rest: %+v", rest)
	}
	w.act(ada, domain.Erase, "logs", func(a *commands.Action) { a.Order, a.Categories = rest.Order, rest.Categories })
	w.clock.add(60 * day)
	w.sweep()
	if sent := w.sent(); len(sent) != 2 || sent[0].State != orders.Recalled || sent[0].Escalation != nil {
		t.Errorf("while it is held: %+v", sent)
	}
	w.about(ada, dossier.HoldReleased{Hold: "h1"})
	w.sweep()
	w.publish()
	sent := w.sent()
	if len(sent) != 3 || !sent[2].Due.Equal(due) || !slices.Equal(sent[2].Categories, []domain.Category{"pd:Name"}) || sent[2].Order == first.Order {
		t.Fatalf("after the release: %+v", sent)
	}
	w.wantPublished("order, recall, rest, order", first.Order, first.Order, rest.Order, sent[2].Order)
	kinds := []wire.OrderKind{}
	for _, m := range w.published() {
		kinds = append(kinds, m.order.Kind)
	}
	if want := []wire.OrderKind{wire.OrderErase, wire.OrderRecall, wire.OrderErase, wire.OrderErase}; !slices.Equal(kinds, want) {
		t.Errorf("published %v", kinds)
	}
}

// A recall that follows at once is published, and the order that it takes back is not.
func TestAnOrderTakenBackBeforeItWasPublishedIsNotPublished(t *testing.T) {
	w := newWorld(t)
	w.act(ada, domain.Store, "logs", nil)
	w.clock.add(30 * day)
	w.sweep()
	w.about(ada, dossier.HoldPlaced{Hold: "h1", Ground: "court-order", Reference: "KB-2026-1"})
	o := w.sent()[0]
	w.publish()
	w.restart()
	w.publish()
	if m := w.published(); len(m) != 1 || m[0].order.Kind != wire.OrderRecall || m[0].order.Order != o.Order {
		t.Errorf("published %+v", m)
	}
}

// Issue 3, line 8, Art. 19: the actual recipients are told of what was erased, once, and of nothing else.
func TestRecipientsAreToldOfWhatWasErased(t *testing.T) {
	w := newWorld(t)
	give := func(op domain.Operation, id domain.InstructionID, to domain.RecipientID, categories ...domain.Category) {
		w.act(ada, op, id, func(a *commands.Action) { a.Recipient, a.Categories = to, categories })
	}
	w.act(ada, domain.Store, "logs", nil)
	give(domain.Disclose, "logs", "northprint", "pd:Name")
	give(domain.Disclose, "logs", "parcel-heron", "pd:Name")
	w.act(ada, domain.Erase, "logs", func(a *commands.Action) { a.Recipient, a.System, a.Categories = "parcel-heron", "", nil })
	give(domain.Disclose, "logs", "hmrc", "pd:Name")
	give(domain.Disclose, "orders", "tallybook", "pd:Name")
	w.clock.add(30 * day)
	w.sweep()
	if sent := w.sent(); len(sent) != 1 {
		t.Fatalf("before it is erased: %+v", sent)
	}
	w.act(ada, domain.Erase, "logs", func(a *commands.Action) { a.Order = w.sent()[0].Order })
	w.sweep()
	w.restart()
	w.sweep()
	sent := w.sent()
	if len(sent) != 2 || sent[1].Kind != dossier.TaskTell || sent[1].Recipient != "northprint" || sent[1].Service != "webshop" ||
		sent[1].After != sent[0].Order || !slices.Equal(sent[1].Categories, []domain.Category{"pd:Name"}) {
		t.Fatalf("after it was erased: %+v", sent)
	}
	w.act(ada, domain.Disclose, "logs", func(a *commands.Action) { a.Order, a.Recipient, a.Categories = sent[1].Order, "northprint", nil })
	w.sweep()
	w.restart()
	w.sweep()
	if sent := w.sent(); len(sent) != 2 || sent[1].State != orders.Answered {
		t.Errorf("after it was told: %+v", sent)
	}
}

func TestAHoldOnSomeCategoriesKeepsThemBack(t *testing.T) {
	w := newWorld(t)
	w.act(ada, domain.Store, "logs", nil)
	w.about(ada, dossier.HoldPlaced{Hold: "h1", Ground: "legal-claim", Reference: "K 1", Categories: []domain.Category{"pd:Name"}})
	w.clock.add(30 * day)
	w.sweep()
	sent := w.sent()
	if len(sent) != 1 || !slices.Equal(sent[0].Categories, []domain.Category{"pd:EmailAddress"}) {
		t.Fatalf("%+v", sent)
	}
	w.act(ada, domain.Erase, "logs", func(a *commands.Action) { a.Order, a.Categories = sent[0].Order, sent[0].Categories })
	w.about(ada, dossier.HoldReleased{Hold: "h1"})
	w.clock.add(day)
	w.sweep()
	if sent = w.sent(); len(sent) != 2 || !slices.Equal(sent[1].Categories, []domain.Category{"pd:Name"}) || sent[0].Order == sent[1].Order {
		t.Errorf("after the release: %+v", sent)
	}
}

func TestAConsentWithdrawnOrdersWhatRestsOnItAlone(t *testing.T) {
	w := newWorld(t)
	w.act(ada, domain.Store, "newsletter", nil)
	w.act(ada, domain.Store, "orders", func(a *commands.Action) { a.Categories = []domain.Category{"pd:Name"} })
	w.act("email:bob@example.org", domain.Store, "newsletter", nil)
	w.about(ada, dossier.ConsentGiven{Instruction: "newsletter", How: "form"})
	w.clock.add(time.Hour)
	w.sweep()
	if sent := w.sent(); len(sent) != 0 {
		t.Fatalf("while the consent stands: %+v", sent)
	}
	w.about(ada, dossier.ConsentWithdrawn{Instruction: "newsletter", How: "by phone"})
	w.sweep()
	sent := w.sent()
	if len(sent) != 1 || sent[0].Reason != "consent-withdrawn" || sent[0].Instruction != "newsletter" ||
		!slices.Equal(sent[0].Categories, []domain.Category{"pd:EmailAddress"}) {
		t.Errorf("%+v", sent)
	}
}

func TestWhatNobodyAnswersIsEscalatedOnce(t *testing.T) {
	w := newWorld(t)
	w.act(ada, domain.Store, "logs", nil)
	w.clock.add(30 * day)
	w.sweep()
	w.clock.add(7 * day)
	w.sweep()
	if sent := w.sent(); sent[0].State != orders.Open {
		t.Fatalf("within its time: %+v", sent)
	}
	for range 3 {
		w.clock.add(day)
		w.sweep()
		w.restart()
	}
	sent := w.sent()
	if len(sent) != 1 || sent[0].State != orders.Escalated {
		t.Fatalf("%+v", sent)
	}
	escalations := 0
	for batch, err := range w.log.Read(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		for _, stored := range batch.Events {
			if strings.Contains(string(stored), dossier.OrderEscalated{}.EventType()) {
				escalations++
			}
		}
		if batch.CaughtUp {
			break
		}
	}
	if escalations != 1 {
		t.Errorf("escalated %d times", escalations)
	}
}

func TestWhatAnAnswerLeftIsAskedForAgainADayLater(t *testing.T) {
	w := newWorld(t)
	w.act(ada, domain.Store, "logs", nil)
	w.clock.add(30 * day)
	w.sweep()
	w.act(ada, domain.Use, "logs", func(a *commands.Action) { a.Order = w.sent()[0].Order })
	w.sweep()
	if sent := w.sent(); len(sent) != 1 || sent[0].State != orders.Open {
		t.Errorf("after what erases nothing: %+v", sent)
	}
	w.act(ada, domain.Erase, "logs", func(a *commands.Action) {
		a.Order, a.Categories = w.sent()[0].Order, []domain.Category{"pd:Name"}
	})
	w.clock.add(23 * time.Hour)
	w.sweep()
	if sent := w.sent(); len(sent) != 1 {
		t.Errorf("at once: %d orders", len(sent))
	}
	w.clock.add(time.Hour)
	w.sweep()
	if sent := w.sent(); len(sent) != 2 || !slices.Equal(sent[1].Categories, []domain.Category{"pd:EmailAddress"}) {
		t.Errorf("a day later: %+v", sent)
	}
}

// dying is a ledger whose process ends when it has recorded one order, before the answer reaches the reactions.
type dying struct {
	*commands.Ledger
	mu   sync.Mutex
	dead bool // guarded by mu
}

var errDied = errors.New("the process of the test ended")

func (d *dying) AboutDossier(ctx context.Context, of dossier.Of, what dossier.Matter, at time.Time) (commands.Settled, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return commands.Settled{}, errDied
	}
	settled, err := d.Ledger.AboutDossier(ctx, of, what, at)
	if err != nil {
		return settled, err
	}
	d.dead = true
	return commands.Settled{}, errDied
}

func TestACrashAnywhereNeitherLosesNorDoublesAnOrder(t *testing.T) {
	w := newWorld(t)
	const people = 12
	for i := range people {
		w.act(fmt.Sprintf("customer:%d", i), domain.Store, "logs", nil)
	}
	w.clock.add(30 * day)
	// The process ends after each order that it recorded, before or after it published what there is.
	for i := range people {
		cfg := w.config(&dying{Ledger: w.ledger})
		if err := reactions.New(cfg).Sweep(t.Context()); !errors.Is(err, errDied) {
			t.Fatalf("it lived: %v", err)
		}
		w.restart()
		if i%3 == 0 {
			projectiontest.Await(t, w.views.View(orders.Name), w.ledger.State().End-1)
			w.publish()
		}
	}
	w.sweep()
	w.publish()
	sent := w.sent()
	ids := []string{}
	seen := map[domain.SubjectKey]bool{}
	for _, o := range sent {
		ids = append(ids, o.Order)
		seen[o.Subject] = true
	}
	if len(sent) != people || len(seen) != people {
		t.Errorf("%d orders for %d people", len(sent), len(seen))
	}
	w.wantPublished("each once, in order", ids...)
}

func TestTheStreamIsMadeAnewFromTheLedger(t *testing.T) {
	w := newWorld(t)
	w.act(ada, domain.Store, "logs", nil)
	w.act("customer:1", domain.Store, "logs", nil)
	w.clock.add(30 * day)
	w.sweep()
	w.publish()
	sent := w.sent()
	key := must(w.vault.Resolve(t.Context(), []commands.Lookup{{Controller: cycles, Identifier: must(domain.ParseIdentifier(ada))}}))[0]
	hers := slices.IndexFunc(sent, func(o orders.Order) bool { return o.Subject == key })
	w.act(ada, domain.Erase, "logs", func(a *commands.Action) { a.Order = sent[hers].Order })
	if err := must(jetstream.New(w.nc)).DeleteStream(t.Context(), wire.OrdersStream); err != nil {
		t.Fatal(err)
	}
	w.restart()
	projectiontest.Await(t, w.views.View(orders.Name), w.ledger.State().End-1)
	w.publish()
	w.wantPublished("what was not answered", sent[1-hers].Order)
}

func TestAForeignStreamIsRefused(t *testing.T) {
	w := newWorld(t)
	if _, err := reactions.OpenStream(t.Context(), w.nc, reactions.StreamConfig{Name: "other"}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("another ledger's stream: %v", err)
	}
	js := must(jetstream.New(w.nc))
	cfg := must(js.Stream(t.Context(), wire.OrdersStream)).CachedInfo().Config
	cfg.MaxAge = time.Hour
	must(js.UpdateStream(t.Context(), cfg))
	if _, err := reactions.OpenStream(t.Context(), w.nc, reactions.StreamConfig{}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("a stream that drops orders: %v", err)
	}
}

func TestRunSweepsByTheClockAndPublishesAtOnce(t *testing.T) {
	w := newWorld(t)
	w.act(ada, domain.Store, "logs", nil)
	stop := w.background(func(ctx context.Context) { _ = w.react.Run(ctx) })
	tick := func() {
		select {
		case w.ticks <- time.Time{}:
		case <-time.After(time.Minute):
			t.Fatal("it does not sweep")
		}
	}
	tick() // The first sweep is over when it waits for the clock.
	w.clock.add(30 * day)
	tick()
	js := must(jetstream.New(w.nc))
	service := must(js.CreateConsumer(t.Context(), wire.OrdersStream, jetstream.ConsumerConfig{FilterSubject: "daybook.v1.orders.fenland-cycles.webshop"}))
	m, err := service.Next(jetstream.FetchMaxWait(time.Minute))
	if err != nil {
		t.Fatalf("no order came: %v", err)
	}
	if sent := w.sent(); len(sent) != 1 || !strings.HasPrefix(m.Headers().Get(jetstream.MsgIDHeader), sent[0].Order+"@") {
		t.Errorf("came %v, sent %+v", m.Headers(), sent)
	}
	stop()
}
