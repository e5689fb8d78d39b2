package history

import (
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
)

// happened says when an event counts, and whether it is told before all others: instructions by the dates on which controllers gave and
// withdrew them, orders of courts, so that nothing shows that must not, and who is who. What the register says counts from its first
// declaration on as if it had been so always, for it has no date of its own, except a sub-processor, whose announcement has.
func happened(e domain.Event) (at time.Time, first bool) {
	switch fact := e.Fact.(type) {
	case instruction.Given:
		return fact.Warrant.On, true
	case instruction.Withdrawn:
		return fact.Warrant.On, true
	case disclosure.Received:
		return time.Time{}, true
	case disclosure.Informed:
		return fact.On, true
	case dossier.IdentifierLinked:
		return time.Time{}, true
	case register.RecipientDeclared:
		return fact.Announced, true
	case register.ProcessorDeclared, register.ControllerDeclared, register.ServiceDeclared, register.ContactDeclared, register.AuthorisationDeclared:
		return time.Time{}, true
	case request.Step:
		return stepped(request.Details(fact).On, e.Time), false
	}
	return e.Time, false
}

// stepped gives when a step of a case counts, which names a day only: at its time where that is of the day, and else at its end.
func stepped(on calendar.Date, at time.Time) time.Time {
	if calendar.DateOf(at.UTC()) == on {
		return at
	}
	return on.Time().AddDate(0, 0, 1).Add(-time.Millisecond)
}

// declared names what a declaration of the register is about, empty for any other event.
func declared(fact domain.Fact) string {
	switch d := fact.(type) {
	case register.ProcessorDeclared:
		return d.EventType()
	case register.ControllerDeclared:
		return d.EventType() + " " + string(d.Controller)
	case register.AuthorisationDeclared:
		return d.EventType() + " " + string(d.Controller)
	case register.ServiceDeclared:
		return d.EventType() + " " + string(d.Controller) + " " + string(d.Service)
	case register.RecipientDeclared:
		return d.EventType() + " " + string(d.Recipient)
	case register.ContactDeclared:
		return d.EventType() + " " + string(d.Controller) + " " + string(d.Contact)
	}
	return ""
}

// thread names what an event goes on with, before which it cannot have happened: a step of a case with the step before, and what came of an
// order of the ledger with its sending; empty for nothing. begins says that what follows goes on with this event.
func thread(fact domain.Fact) (name string, begins bool) {
	switch f := fact.(type) {
	case request.Step:
		of := request.KeyOf(f)
		return "case " + string(of.Controller) + " " + string(of.Case), true
	case dossier.OrderSent:
		return "order " + string(f.Controller) + " " + f.Order, true
	case dossier.OrderEscalated:
		return "order " + string(f.Controller) + " " + f.Order, false
	case dossier.OrderRecalled:
		return "order " + string(f.Controller) + " " + f.Order, false
	case dossier.ActionRecorded:
		if f.Order != "" {
			return "order " + string(f.Controller) + " " + f.Order, false
		}
	}
	return "", false
}
