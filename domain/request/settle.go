package request

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
)

// Act is a recorded action as far as it can close a place of a case.
type Act struct {
	Event, Source string // its id, as the source knows it
	Order         string // that it answers, mostly none
	Operation     domain.Operation
	Erases        bool // the instruction under which it was done counts it as erasure
	Position      domain.Position
	On            calendar.Date // the day of it, in the case's calendar
	System, From  string
	Service       domain.ServiceID
	Recipient     domain.RecipientID
}

// Copy is one category of a person's data that is or was at a place.
type Copy struct {
	Place    Place // who carries orders out there does not count
	Category domain.Category
	Brought  domain.Position
	Closed   *Act // what took it away for good, nil while it is there
}

// Evidence is what is on record about where the data of a case's people are, and what was done about it.
type Evidence struct {
	// Answers are the newest actions that answered orders, by the orders' ids.
	Answers map[string]Act
	Copies  []Copy
}

// Left is a place that the evidence does not close, with the reason.
type Left struct {
	Place Place
	Why   string
}

// Settle gives, for every place where something is left to do, the step by which the evidence closes it, or says why it stays open
// (Art. 17, 19): data went by a removal that the instruction counts as erasure, an order was answered by what it asked for, a
// recipient was told. An exemption is nothing that evidence can show: somebody cites it.
func (s State) Settle(of Of, e Evidence) (closed []Settled, left []Left) {
	open := s.Unsettled()
	for _, p := range s.Places {
		if !slices.Contains(open, p.Place) {
			continue
		}
		step, why := s.settle(of, p, e)
		if why != "" {
			left = append(left, Left{p.Place, why})
			continue
		}
		step.Of, step.Place = of, p.Place
		closed = append(closed, step)
	}
	return closed, left
}

func (s State) settle(of Of, p PlaceState, e Evidence) (step Settled, why string) {
	erasure := s.Received.Kind == Erasure
	if erasure {
		if gone := e.gone(p.Place); gone != nil {
			// What was gone when the controller decided was not erased because of it.
			if gone.On.Before(s.Decided.On) {
				return Settled{How: ByAbsence}, ""
			}
			return gone.closes(), ""
		}
	}
	by, why := e.answered(p, erasure)
	if why != "" {
		return step, why
	}
	if p.Place.Kind == Recipient && !by.removes() {
		return Settled{How: ByTelling, Event: by.Event, Source: by.Source, Order: by.Order}, ""
	}
	if kept := e.before(p.Place, by.Position); erasure && len(kept) > 0 {
		return step, "Still held there: " + strings.Join(kept, ", ") + "."
	}
	return by.closes(), ""
}

// gone gives the last removal from a place from which everything was erased, nil where something is left or nothing is on record.
func (e Evidence) gone(p Place) *Act {
	var last *Act
	for _, c := range e.Copies {
		if !c.at(p) {
			continue
		}
		if c.Closed == nil || !c.Closed.removes() || !c.Closed.Erases {
			return nil // A move takes data away as well, to where they are to be looked for.
		}
		if last == nil || c.Closed.Position > last.Position {
			last = c.Closed
		}
	}
	return last
}

// answered gives the last of the actions that answered all orders for a place, or says what is missing.
func (e Evidence) answered(p PlaceState, erasure bool) (by Act, why string) {
	if len(p.Orders) == 0 {
		if p.Place.Kind == Recipient {
			return by, "The recipient was not told yet (Art. 19)."
		}
		return by, "No order was sent."
	}
	for _, o := range p.Orders {
		a, is := e.Answers[o.Order]
		switch {
		case !is:
			return by, "Order " + o.Order + " was not answered yet."
		case a.Elsewhere(p.Place) != "":
			return by, "Order " + o.Order + " was answered, but " + a.Elsewhere(p.Place) + "."
		case erasure && o.Task == Erase && !a.Erases:
			return by, "Order " + o.Order + " was answered by " + string(a.Operation) + ", which does not count as erasure under the instruction."
		}
		if by.Position <= a.Position {
			by = a
		}
	}
	return by, ""
}

// before names the categories that were at a place before a position and are there still.
func (e Evidence) before(p Place, at domain.Position) []string {
	var list []string
	for _, c := range e.Copies {
		term := cmp.Or(c.Category.Term(), "data of no named category")
		if c.at(p) && c.Closed == nil && c.Brought < at && !slices.Contains(list, term) {
			list = append(list, term)
		}
	}
	slices.Sort(list)
	return list
}

func (c Copy) at(p Place) bool { return c.Place.Kind == p.Kind && c.Place.Name == p.Name }

// Elsewhere says why an action is no evidence for a place, nothing where it is.
func (a Act) Elsewhere(p Place) string {
	switch {
	case p.Kind == System && a.System != p.Name && a.From != p.Name:
		return "the action was at another system"
	case p.Kind == Service && string(a.Service) != p.Name:
		return "the action was another service's"
	case p.Kind == Recipient && string(a.Recipient) != p.Name:
		return "the action had another recipient"
	}
	return ""
}

func (a Act) removes() bool {
	effect := a.Operation.Effect()
	return effect == domain.Removes || effect == domain.Withdraws
}

func (a Act) closes() Settled {
	return Settled{How: ByAction, Event: a.Event, Source: a.Source, Order: a.Order, Operation: a.Operation, Erases: a.Erases}
}
