package api

import (
	"strings"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/retention"
)

// kept writes what is kept of a person in the contract's words.
func (c *call) kept(i *retention.Item) (wire.RetentionItem, error) {
	w := wire.RetentionItem{
		Controller: string(i.Controller), Instruction: string(i.Instruction), Version: i.Version, Basis: string(i.Basis), System: i.System,
		Service: string(i.Service), Categories: texts(i.Categories), First: i.First, FirstPosition: c.placed(i.FirstAt), Newest: i.Newest,
		NewestPosition: c.placed(i.NewestAt), Due: since(i.Due), Reason: i.Reason, State: string(i.State), Erase: texts(i.Erase),
		Whole: i.Whole, Holds: i.Holds, Order: i.Order, Orders: i.Orders, Sentence: keptSentence(i, c.names(i.Controller).Controller),
	}
	for _, r := range i.Rules {
		w.Rules = append(w.Rules, wire.RetentionRule{
			Retention: ruled(r.Retention), Began: since(r.Began), Ends: since(r.Ends),
		})
	}
	for _, d := range i.Dues {
		w.Dues = append(w.Dues, wire.CategoryDue{Category: string(d.Category), Due: d.Due})
	}
	var err error
	w.Person, w.Forgotten, err = c.masked(i.Subject)
	return w, err
}

// keptSentence says what is to become of something that is kept, such as "Name in crm under instruction quotes v1: due since
// 22 November 2026, because its time is over".
func keptSentence(i *retention.Item, controller string) string {
	what := sentence.Categories(dueFirst(i))
	if i.System != "" {
		what += " in " + i.System
	}
	what += " under " + sentence.Under(i.Instruction, i.Version, controller) + ": "
	why := ", because its time is over"
	switch i.Reason {
	case retention.ReasonConsent:
		why = ", because the consent was withdrawn"
	case retention.ReasonInstruction:
		why = ", because the instruction was withdrawn"
	}
	switch i.State {
	case retention.Unruled:
		return what + "the instruction says nothing of how long it may be kept, Art. 5(1)(e)"
	case retention.Waiting:
		return what + "kept until something happens that its time runs from"
	case retention.Running:
		if i.Due.IsZero() {
			return what + "kept for as long as another instruction needs it"
		}
		return what + "to be removed on " + sentence.Day(i.Due)
	case retention.Kept:
		return what + "its time is over, and another instruction needs it"
	case retention.Blocked:
		return what + "due since " + sentence.Day(i.Due) + why + ", and kept by hold " + strings.Join(i.Holds, ", ")
	case retention.Ordered:
		return what + "due since " + sentence.Day(i.Due) + why + "; " + string(i.Service) + " was told to erase it by order " + i.Order
	case retention.Due:
		return what + "due since " + sentence.Day(i.Due) + why
	case retention.Overdue:
		return what + "overdue since " + sentence.Day(i.Due) + why
	case retention.Done:
		return what + "removed"
	}
	return what + string(i.State)
}

// dueFirst gives the categories that a sentence about what is due is about: those that are to go, or else those that are due as soon
// as any, or all where none is.
func dueFirst(i *retention.Item) []domain.Category {
	if len(i.Erase) > 0 {
		return i.Erase
	}
	var list []domain.Category
	for _, d := range i.Dues {
		if d.Category != "" && d.Due.Equal(i.Due) {
			list = append(list, d.Category)
		}
	}
	if list == nil {
		return i.Categories
	}
	return list
}

// heldBack writes a hold with what it protects.
func (c *call) heldBack(h *retention.Hold) (wire.RetentionHold, error) {
	w := wire.RetentionHold{
		StandingHold: wire.StandingHold{
			ID: h.Hold, Ground: h.Ground, Reference: h.Reference, Instruction: string(h.Instruction), Categories: texts(h.Categories),
			Systems: h.Systems, Until: since(h.Until),
		},
		Controller: string(h.Controller), Placed: h.Placed, HoldPosition: c.placed(h.Position), Items: []wire.RetentionItem{},
	}
	for i := range h.Items {
		item, err := c.kept(&h.Items[i])
		if err != nil {
			return w, err
		}
		w.Items = append(w.Items, item)
	}
	scope := "all data"
	if h.Instruction != "" {
		scope = "what is kept under instruction " + string(h.Instruction)
	}
	until := "until it is released"
	if !h.Until.IsZero() {
		until = "until " + sentence.Day(h.Until)
	}
	w.Sentence = upper(sentence.Provision(h.Ground)) + " " + h.Reference + " forbids removing " + scope + ", since " +
		sentence.Day(h.Placed) + " and " + until + "; it keeps " + counted(len(h.Items), "thing")
	var err error
	w.Person, w.Forgotten, err = c.masked(h.Subject)
	return w, err
}
