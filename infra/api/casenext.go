package api

import (
	"slices"

	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
)

// next lists the steps that a case allows as it stands, those that it waits for first. It says what may be tried: the case itself
// decides, and names the article where something is missing.
func next(s request.State, today calendar.Date) []wire.CaseNext {
	complaint := s.Received.Kind == request.Complaint
	carried := slices.ContainsFunc(s.Places, func(p request.PlaceState) bool { return p.Settled != nil || len(p.Orders) > 0 })
	unsettled := len(s.Unsettled()) > 0
	reviewed := s.Received.Kind == request.Access || s.Received.Kind == request.Portability
	first := s.FirstMonth()
	extendable := !complaint && s.Extended == nil && s.Answered == nil && (first.Now != calendar.Running || !today.After(first.Due))
	list := []wire.CaseNext{}
	add := func(allowed bool, step, words string) {
		if allowed {
			list = append(list, wire.CaseNext{Step: step, Words: words})
		}
	}
	if !s.Over() {
		add(s.Acknowledged.IsZero() && s.Answered == nil, "acknowledged", "Tell the person that it was received.")
		for _, q := range []request.Question{request.Identity, request.Fee, request.Clarification} {
			add(s.Open(q), "replied", "Record that "+sentence.Question(q)+" came.")
		}
		add(!complaint && s.Decided == nil, "found", "Look for the person's data, and record where they are.")
		add(reviewed && !s.Searched.IsZero() && s.Answered == nil, "reviewed", "Go through the copy, and count what is left out by its ground.")
		add(s.Answered == nil && !carried, "decided", "Record what the controller decided, with the warrant.")
		add(unsettled, "orders", "Send the orders to the services.")
		add(unsettled, "settled", "Close a place by its evidence or a cited exemption.")
		add(s.Decided != nil && s.Answered == nil, "answered", "Record that the person was answered.")
		add(s.Delivered.IsZero() && (complaint || !s.Searched.IsZero()), "delivered", "Record that our part is with the client.")
		add(s.Answered != nil && !unsettled, "closed", "Close the case.")
		add(extendable, "extended", "Tell the person, with the reasons, that it takes longer.")
		for _, q := range []request.Question{request.Identity, request.Fee, request.Clarification} {
			add(s.Decided == nil && !s.Open(q) && !(complaint && q == request.Fee), "asked", "Ask the person for "+sentence.Question(q)+".")
		}
		add(true, "assigned", "Give the case to somebody else.")
		add(true, "withdrawn", "Record that the person withdrew it.")
		add(s.Decided == nil, "transferred", "Hand it to the controller it was meant for.")
	}
	add(complaint, "corresponded", "Record a letter from or to the authority.")
	return list
}
