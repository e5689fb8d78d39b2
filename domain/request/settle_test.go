package request_test

import (
	"strings"
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
)

// act is a removal from the crm that counts as erasure, changed as told.
func act(op domain.Operation, d int, changes ...func(*request.Act)) request.Act {
	a := request.Act{Event: "evt-1", Source: "/fenland/webshop", Operation: op, Erases: op == domain.Erase, Position: domain.Position(d), On: on(9, d).On, System: "crm", Service: "webshop"}
	for _, change := range changes {
		change(&a)
	}
	return a
}

func copied(p request.Place, brought domain.Position, closed ...request.Act) request.Copy {
	c := request.Copy{Place: p, Category: "pd:Name", Brought: brought}
	if len(closed) > 0 {
		c.Closed = &closed[0]
	}
	return c
}

// Art. 17, 19: what closes a place by itself, and what leaves it to somebody.
func TestWhatOnRecordClosesAPlace(t *testing.T) {
	erasure := given(received(request.Erasure), found(crm), accepted(request.NoLongerNecessary))
	toPrinter := given(received(request.Erasure), found(printer), accepted(request.NoLongerNecessary))
	rectification := given(received(request.Rectification), found(crm), accepted())
	answering := func(op domain.Operation, d int, changes ...func(*request.Act)) request.Evidence {
		return request.Evidence{Answers: map[string]request.Act{"ord-crm": act(op, d, changes...)}}
	}
	and := func(e request.Evidence, copies ...request.Copy) request.Evidence {
		e.Copies = append(e.Copies, copies...)
		return e
	}
	to := func(r domain.RecipientID) func(*request.Act) { return func(a *request.Act) { a.Recipient = r } }
	uncounted := func(a *request.Act) { a.Erases = false }
	email := copied(crm, 3)
	email.Category = "pd:EmailAddress"
	for _, row := range []struct {
		rule  string
		given []request.Step
		e     request.Evidence
		how   request.How
		why   string
	}{
		{"Art. 17(1): a removal without an order closes it", erasure, request.Evidence{Copies: []request.Copy{copied(crm, 3, act(domain.Erase, 12))}}, request.ByAction, ""},
		{"Art. 17(1): the order was answered by an erasure", append(erasure[:3:3], ordered(crm, request.Erase)), answering(domain.Erase, 12), request.ByAction, ""},
		{"Art. 17(1): gone, whatever became of the order", append(erasure[:3:3], ordered(crm, request.Erase)), request.Evidence{Copies: []request.Copy{copied(crm, 3, act(domain.Erase, 12))}}, request.ByAction, ""},
		{"gone before the decision, nothing was there", erasure, request.Evidence{Copies: []request.Copy{copied(crm, 3, act(domain.Erase, 9))}}, request.ByAbsence, ""},
		{"Art. 17(1): something is left", erasure, request.Evidence{Copies: []request.Copy{copied(crm, 3, act(domain.Erase, 12)), email}}, "", "No order was sent."},
		{"something is left although the order was answered", append(erasure[:3:3], ordered(crm, request.Erase)), and(answering(domain.Erase, 12), email), "", "Still held there: Email Address."},
		{"what came after the erasure is another matter", append(erasure[:3:3], ordered(crm, request.Erase)), and(answering(domain.Erase, 12), copied(crm, 13)), request.ByAction, ""},
		{"what is at another place is", append(erasure[:3:3], ordered(crm, request.Erase)), and(answering(domain.Erase, 12), copied(shop, 3)), request.ByAction, ""},
		{"a deletion that does not count as erasure", append(erasure[:3:3], ordered(crm, request.Erase)), answering(domain.Delete, 12), "", "does not count as erasure"},
		{"nor does one without an order", erasure, request.Evidence{Copies: []request.Copy{copied(crm, 3, act(domain.Delete, 12, uncounted))}}, "", "No order was sent."},
		{"a move takes data elsewhere", erasure, request.Evidence{Copies: []request.Copy{copied(crm, 3, act(domain.Move, 12))}}, "", "No order was sent."},
		{"answered at another system", append(erasure[:3:3], ordered(crm, request.Erase)), answering(domain.Erase, 12, func(a *request.Act) { a.System = "shop" }), "", "at another system"},
		{"not answered", append(erasure[:3:3], ordered(crm, request.Erase)), request.Evidence{}, "", "was not answered yet"},
		{"nothing on record", erasure, request.Evidence{}, "", "No order was sent."},
		{"Art. 19: the recipient was told", append(toPrinter[:3:3], ordered(printer, request.Tell)),
			request.Evidence{Answers: map[string]request.Act{"ord-northprint": act(domain.Disclose, 12, to("northprint"))}}, request.ByTelling, ""},
		{"Art. 19: another was", append(toPrinter[:3:3], ordered(printer, request.Tell)),
			request.Evidence{Answers: map[string]request.Act{"ord-northprint": act(domain.Disclose, 12, to("lettermill"))}}, "", "another recipient"},
		{"Art. 19: nobody was", toPrinter, request.Evidence{}, "", "Art. 19"},
		{"Art. 17(2): the recipient erased it", toPrinter, request.Evidence{Copies: []request.Copy{copied(printer, 3, act(domain.Erase, 12))}}, request.ByAction, ""},
		{"Art. 16: the order was answered", append(rectification[:3:3], ordered(crm, request.Rectify)), answering(domain.Alter, 12), request.ByAction, ""},
		{"Art. 16: an erasure without an order rectifies nothing", rectification, request.Evidence{Copies: []request.Copy{copied(crm, 3, act(domain.Erase, 12))}}, "", "No order was sent."},
	} {
		t.Run(row.rule, func(t *testing.T) {
			s := state(t, row.given)
			closed, left := s.Settle(on(9, 20), row.e)
			if len(closed)+len(left) != 1 {
				t.Fatalf("closed %+v, left %+v", closed, left)
			}
			if row.how == "" {
				if len(left) != 1 || !strings.Contains(left[0].Why, row.why) || left[0].Place != s.Places[0].Place {
					t.Errorf("closed %+v, left %+v", closed, left)
				}
				return
			}
			if len(closed) != 1 || closed[0].How != row.how {
				t.Fatalf("closed %+v, left %+v", closed, left)
			}
			// The step is one that can be recorded, and with it the decision is carried out.
			if after := state(t, append(row.given[:len(row.given):len(row.given)], closed[0])); after.Stage() != request.CarriedOut {
				t.Errorf("the case stands at %s", after.Stage())
			}
		})
	}
}

func TestNothingIsSettledWhereNothingIsCarriedOut(t *testing.T) {
	gone := request.Evidence{Copies: []request.Copy{copied(crm, 3, act(domain.Erase, 12))}}
	for rule, steps := range map[string][]request.Step{
		"before the decision":   given(received(request.Erasure), found(crm)),
		"of a refusal":          given(received(request.Erasure), found(crm), refused(request.LegalClaims)),
		"of an access":          given(received(request.Access), found(crm), request.Reviewed{Of: on(9, 9)}, accepted()),
		"of what was withdrawn": given(received(request.Erasure), found(crm), accepted(request.NoLongerNecessary), request.Withdrawn{Of: on(9, 12)}),
		"of an exempt place":    given(received(request.Erasure), found(crm), accepted(request.NoLongerNecessary), exempt(crm, request.LegalClaims)),
	} {
		if closed, left := state(t, steps).Settle(on(9, 20), gone); len(closed)+len(left) > 0 {
			t.Errorf("%s: closed %+v, left %+v", rule, closed, left)
		}
	}
}
