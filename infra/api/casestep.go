package api

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// stepTerms says of a step which members it has beside those of every step, and how it is read.
type stepTerms struct {
	members []string
	read    func(c *call, of request.Of, s request.State, in wire.CaseStep) (request.Step, error)
}

// steps are the steps that somebody can record. Orders are sent with a request of their own.
func steps() map[string]stepTerms {
	return map[string]stepTerms{
		"assigned": {[]string{"owner"}, func(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
			return request.Assigned{Of: of, Owner: domain.ContactID(in.Owner)}, nil
		}},
		"acknowledged": {nil, func(_ *call, of request.Of, _ request.State, _ wire.CaseStep) (request.Step, error) {
			return request.Acknowledged{Of: of}, nil
		}},
		"asked": {[]string{"for"}, func(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
			return request.Asked{Of: of, For: request.Question(in.For)}, nil
		}},
		"replied": {[]string{"for", "enough"}, func(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
			return request.Replied{Of: of, For: request.Question(in.For), Enough: in.Enough}, nil
		}},
		"extended": {[]string{"months", "reasons"}, func(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
			return request.Extended{Of: of, Months: in.Months, Reasons: codes[request.Reason](in.Reasons)}, nil
		}},
		"found": {[]string{"places"}, func(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
			return request.Found{Of: of, Places: places(in.Places)}, nil
		}},
		"reviewed": {[]string{"withheld"}, readReviewed},
		"decided":  {[]string{"outcome", "grounds", "refusals", "warrant"}, readDecided},
		"settled":  {[]string{"place", "how", "event", "order", "exemption"}, readSettled},
		"delivered": {nil, func(_ *call, of request.Of, _ request.State, _ wire.CaseStep) (request.Step, error) {
			return request.Delivered{Of: of}, nil
		}},
		"answered": {[]string{"remedies"}, func(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
			return request.Answered{Of: of, Remedies: in.Remedies}, nil
		}},
		"corresponded": {[]string{"authority", "direction", "reference"}, readCorresponded},
		"withdrawn": {[]string{"told"}, func(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
			told, err := date("told", in.Told, calendar.Date{})
			return request.Withdrawn{Of: of, Told: told}, err
		}},
		"transferred": {[]string{"to"}, func(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
			return request.Transferred{Of: of, To: domain.ControllerID(in.To)}, nil
		}},
		"closed": {[]string{"outcome", "told"}, readClosed},
	}
}

func (c *call) takeStep(in wire.CaseStep) (wire.CaseTaken, domain.Position, error) {
	key, err := c.caseKey()
	if err != nil {
		return wire.CaseTaken{}, 0, err
	}
	s, err := c.api.cfg.Ledger.Case(key)
	if err != nil {
		return wire.CaseTaken{}, 0, err
	}
	step, err := c.step(s, in)
	if err != nil {
		return wire.CaseTaken{}, 0, err
	}
	stepped := commands.Stepped{Step: step, Note: domain.NewPersonal(string(in.Note)), Today: c.zoned(s.Received.Calendar)}
	settled, err := c.api.cfg.Ledger.TakeStep(c.ctx(), stepped)
	if err != nil {
		return wire.CaseTaken{}, 0, err
	}
	return c.taken(key, settled)
}

// step reads a step, and refuses members that are another step's.
func (c *call) step(s request.State, in wire.CaseStep) (request.Step, error) {
	known := steps()
	terms, is := known[in.Step]
	if !is {
		return nil, problem.Fields([]wire.FieldError{{Pointer: "/step", Detail: "the step is not known"}},
			"Say assigned, acknowledged, asked, replied, extended, found, reviewed, decided, settled, delivered, answered, corresponded, withdrawn, transferred or closed.")
	}
	if err := foreign(in, terms.members); err != nil {
		return nil, err
	}
	of, err := c.of(s, in.On, in.By)
	if err != nil {
		return nil, err
	}
	return terms.read(c, of, s, in)
}

// of gives what every step says.
func (c *call) of(s request.State, on, by string) (request.Of, error) {
	of := request.Of{Controller: s.Received.Controller, Case: s.Received.Case, By: domain.ContactID(by)}
	var err error
	of.On, err = date("on", on, c.zoned(s.Received.Calendar))
	return of, err
}

// foreign names the members of a body that its step does not have.
func foreign(in wire.CaseStep, members []string) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return errors.Wrap(err, "members of a step")
	}
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(raw, &sent); err != nil {
		return errors.Wrap(err, "members of a step")
	}
	var faults []wire.FieldError
	for member := range sent {
		if !slices.Contains(append([]string{"step", "on", "by", "note"}, members...), member) {
			faults = append(faults, wire.FieldError{Pointer: "/" + member, Detail: "this step has no such member"})
		}
	}
	if faults == nil {
		return nil
	}
	slices.SortFunc(faults, func(a, b wire.FieldError) int { return strings.Compare(a.Pointer, b.Pointer) })
	return problem.Fields(faults, "Beside step, on, by and note it takes "+cmp.Or(strings.Join(members, ", "), "nothing")+".")
}

func places(in []wire.CasePlace) []request.Place {
	var out []request.Place
	for _, p := range in {
		out = append(out, place(p))
	}
	return out
}

func place(p wire.CasePlace) request.Place {
	return request.Place{Kind: request.PlaceKind(p.Kind), Name: p.Name, Service: domain.ServiceID(p.Service)}
}

// placeOf gives the place as the case names it, where the service that carries orders out there is left out.
func placeOf(s request.State, p request.Place) request.Place {
	for _, known := range s.Places {
		if p.Service == "" && known.Place.Kind == p.Kind && known.Place.Name == p.Name {
			return known.Place
		}
	}
	return p
}

func cited(in wire.CaseCite) request.Cited {
	return request.Cited{Ground: request.Refusal(in.Ground), Provision: in.Provision}
}

func readReviewed(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
	r := request.Reviewed{Of: of}
	for _, w := range in.Withheld {
		r.Withheld = append(r.Withheld, request.Withheld{Cited: request.Cited{Ground: request.Refusal(w.Ground), Provision: w.Provision}, Items: w.Items})
	}
	return r, nil
}

func readDecided(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
	d := request.Decided{Of: of, Outcome: request.Outcome(in.Outcome), Grounds: codes[request.Ground](in.Grounds)}
	for _, r := range in.Refusals {
		d.Refusals = append(d.Refusals, cited(r))
	}
	if w := in.Warrant; w != nil {
		on, err := calendar.ParseDate(w.On)
		if err != nil {
			return nil, errors.Wrap(err, "warrant.on")
		}
		d.Warrant = domain.Warrant{By: domain.ContactID(w.By), On: on.Time(), How: domain.Manner(w.How), Reference: w.Reference}
	}
	return d, nil
}

func readSettled(c *call, of request.Of, s request.State, in wire.CaseStep) (request.Step, error) {
	e := request.Settled{Of: of, How: request.How(in.How), Event: in.Event, Order: in.Order}
	if in.Place == nil {
		return nil, problem.Fields([]wire.FieldError{{Pointer: "/place", Detail: "the place is not named"}}, "Name the place as the case lists it.")
	}
	e.Place = placeOf(s, place(*in.Place))
	if in.Exemption != nil {
		exemption := cited(*in.Exemption)
		e.Exemption = &exemption
	}
	switch {
	case e.How == request.ByOrder:
		return e, c.confirmed(s, e)
	case in.Event != "" && (e.How == request.ByAction || e.How == request.ByTelling):
		return c.evidence(s, e)
	}
	return e, nil
}

func readCorresponded(_ *call, of request.Of, _ request.State, in wire.CaseStep) (request.Step, error) {
	return request.Corresponded{Of: of, Authority: domain.RecipientID(in.Authority), Direction: request.Direction(in.Direction), Reference: in.Reference}, nil
}

func readClosed(_ *call, of request.Of, s request.State, in wire.CaseStep) (request.Step, error) {
	if in.Outcome == "" && s.Decided != nil {
		in.Outcome = string(s.Decided.Outcome)
	}
	told, err := date("told", in.Told, calendar.Date{})
	return request.Closed{Of: of, Outcome: request.Outcome(in.Outcome), Told: told}, err
}
