package dossier_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// Art. 17(3), 18(2): a hold takes back every open order that it forbids, and no other.
func TestAHoldTakesBackWhatItForbids(t *testing.T) {
	now := at(12, 12)
	order := func(change func(*dossier.OrderSent)) dossier.OrderSent {
		o := dossier.OrderSent{Of: ada, Order: "ord-1", Kind: dossier.TaskErase, Service: "webshop", Instruction: "orders", System: "crm", Categories: []domain.Category{"pd:Name"}}
		if change != nil {
			change(&o)
		}
		return o
	}
	hold := func(change func(*dossier.HoldPlaced)) dossier.HoldPlaced {
		h := dossier.HoldPlaced{Of: ada, Hold: "h1", Ground: "legal-claim", Reference: "Claim 7"}
		if change != nil {
			change(&h)
		}
		return h
	}
	for _, row := range []struct {
		rule  string
		given []any
		when  dossier.HoldPlaced
		back  []string
	}{
		{"an open order to erase is taken back", []any{order(nil)}, hold(nil), []string{"ord-1"}},
		{"of several each that it forbids", []any{order(nil), order(func(o *dossier.OrderSent) { o.Order, o.System = "ord-2", "shop" })}, hold(func(h *dossier.HoldPlaced) { h.Systems = []string{"shop"} }), []string{"ord-2"}},
		{"an order for other categories stays", []any{order(nil)}, hold(func(h *dossier.HoldPlaced) { h.Categories = []domain.Category{"pd:Age"} }), nil},
		{"an order under another instruction stays", []any{order(nil)}, hold(func(h *dossier.HoldPlaced) { h.Instruction = "quotes" }), nil},
		{"an order to restrict stays", []any{order(func(o *dossier.OrderSent) { o.Kind = dossier.TaskRestrict })}, hold(nil), nil},
		{"an order to tell a recipient stays", []any{order(func(o *dossier.OrderSent) { o.Kind = dossier.TaskTell })}, hold(nil), nil},
		{"an answered order stays answered", []any{order(nil), dossier.ActionRecorded{Operation: domain.Erase, Order: "ord-1", System: "crm"}}, hold(nil), nil},
		{"a hold that is over forbids nothing", []any{order(nil)}, hold(func(h *dossier.HoldPlaced) { h.Until = now.Add(-time.Hour) }), nil},
		{"where the order names no system, any may be meant", []any{order(func(o *dossier.OrderSent) { o.System = "" })}, hold(func(h *dossier.HoldPlaced) { h.Systems = []string{"shop"} }), []string{"ord-1"}},
	} {
		s := past(row.given...)
		facts, err := row.when.Decide(s, now)
		want := []domain.Fact{row.when}
		for _, id := range row.back {
			want = append(want, dossier.OrderRecalled{Of: ada, Order: id, Hold: "h1"})
		}
		if err != nil || !reflect.DeepEqual(facts, want) {
			t.Errorf("%s: decided %+v, %v", row.rule, facts, err)
		}
		left := len(s.Orders) - len(row.back)
		for _, f := range facts {
			s = s.Evolve(domain.Event{Time: now, Fact: f})
		}
		if len(s.Orders) != left {
			t.Errorf("%s: %d orders are open", row.rule, len(s.Orders))
		}
		if again, err := row.when.Decide(s, now); err != nil || len(again) != 0 {
			t.Errorf("%s: placed again it is %+v, %v", row.rule, again, err)
		}
		if len(row.back) == 0 {
			continue
		}
		// The same order can be sent once more, and only when the hold is gone.
		sent := order(func(o *dossier.OrderSent) {
			o.Order = row.back[0]
			o.System = row.given[len(row.given)-1].(dossier.OrderSent).System
		})
		if _, err := sent.Decide(s, now); !errors.Is(err, dossier.ErrHeld) {
			t.Errorf("%s: sent in spite of the hold: %v", row.rule, err)
		}
		s = s.Evolve(domain.Event{Time: now, Fact: dossier.HoldReleased{Of: ada, Hold: "h1"}})
		if facts, err := sent.Decide(s, now); err != nil || len(facts) != 1 {
			t.Errorf("%s: sent after the release: %v, %v", row.rule, facts, err)
		}
	}
}

// Art. 5(1)(e): what starts a period of one person, and what is known without being said.
func TestAnOccasionIsWhatHappensToAPerson(t *testing.T) {
	for trigger, taken := range map[domain.Trigger]bool{
		domain.WhenOrderClosed: true, domain.WhenEnquiryAnswered: true, domain.WhenQuoteDeclined: true, domain.WhenContractEnded: true,
		domain.WhenRecorded: false, domain.WhenConsentWithdrawn: false, domain.WhenDate: false, domain.WhenInstructionWithdrawn: false, "moon-full": false,
	} {
		facts, err := dossier.OccasionRecorded{Of: ada, Instruction: "orders", Occasion: trigger}.Decide(dossier.Standing{}, at(1, 0))
		if taken != (err == nil && len(facts) == 1) || !taken && !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: %v, %v", trigger, facts, err)
		}
	}
}
