package api

import (
	"slices"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/trail"
)

// personTrail gives one page of a trail.
func (c *call) personTrail(in wire.TrailQuery) (wire.Trail, domain.Position, error) {
	if err := c.mayShow(in.Secret); err != nil {
		return wire.Trail{}, 0, err
	}
	if err := c.back(in.At); err != nil {
		return wire.Trail{}, 0, err
	}
	p, err := c.find(in.Person)
	if err != nil {
		return wire.Trail{}, 0, err
	}
	if err := c.looked(glance{of: p, view: oversight.Trail, opens: in.Details}); err != nil {
		return wire.Trail{}, 0, err
	}
	page, err := c.trail(p, in)
	return page, domain.Position(page.Position), err
}

// back makes the call ask as of the position of a body, where the address does not say as of when.
func (c *call) back(at *uint64) error {
	if at == nil || c.as != nil {
		return nil
	}
	return c.travelTo(domain.Position(*at), time.Time{})
}

func (c *call) trail(p person, in wire.TrailQuery) (wire.Trail, error) {
	q, err := c.trailQuery(p, in)
	if err != nil {
		return wire.Trail{}, err
	}
	page, err := c.trailPage(q)
	if err != nil {
		return wire.Trail{}, err
	}
	out := wire.Trail{
		Controller: string(p.controller), On: c.asked(), Order: wire.OldestFirst, Entries: make([]wire.TrailEntry, 0, len(page.Entries)),
		Position: uint64(page.Position),
	}
	if q.At != nil {
		out.Position = uint64(*q.At)
	}
	if q.Newest {
		out.Order = wire.NewestFirst
	}
	names, secret := c.names(p.controller), c.secretOrders()
	for _, e := range page.Entries {
		if !in.Secret && (secret[e.Order] || c.untold(&e, secret)) {
			continue
		}
		entry, err := c.entry(e, names, in.Details)
		if err != nil {
			return wire.Trail{}, err
		}
		out.Entries = append(out.Entries, entry)
	}
	if page.More && len(page.Entries) > 0 {
		next := uint64(page.Entries[len(page.Entries)-1].Position)
		out.Next = &next
	}
	return out, nil
}

func (c *call) trailPage(q trail.Query) (trail.Page, error) {
	if c.on != nil {
		return c.happenedPage(q)
	}
	trails, err := c.trails()
	if err != nil {
		return trail.Page{}, err
	}
	page, err := trails.Of(c.ctx(), q)
	return page, errors.Wrap(err, "trail of a person")
}

// secretOrders names the orders of which the law forbids now to tell the controller and the person (Art. 28(3)(a)), and those of which
// it did at the time as of which the call asks. An answer as of then leaves out the first, too: what is forbidden is telling.
func (c *call) secretOrders() map[string]bool {
	secret := map[string]bool{}
	for id, o := range c.api.cfg.Ledger.State().CourtOrders.Orders {
		if o.Secret(c.api.cfg.Now()) || o.Secret(c.now()) {
			secret[id] = true
		}
	}
	return secret
}

// untold says that a step of a case must not be told of, and takes out of one what must not: the courts and authorities whose orders
// are secret. Whoever asks under one is no recipient who is told of a case (Art. 4(9), 19).
func (c *call) untold(e *trail.Entry, secret map[string]bool) bool {
	if len(secret) == 0 {
		return false
	}
	hidden := func(p request.Place) bool {
		for id, o := range c.api.cfg.Ledger.State().CourtOrders.Orders {
			if secret[id] && o.Received.Controller == e.Controller && p.Kind == request.Recipient && p.Name == string(o.Received.Authority) {
				return true
			}
		}
		return false
	}
	switch step := e.Fact.(type) {
	case dossier.AnswerRecorded:
		return secret[step.Order]
	case request.Found:
		step.Places = slices.DeleteFunc(slices.Clone(step.Places), hidden)
		e.Fact = step
	case request.Ordered:
		return hidden(step.Place)
	case request.Settled:
		return hidden(step.Place)
	}
	return false
}

// trailQuery reads what page is asked for.
func (c *call) trailQuery(p person, in wire.TrailQuery) (trail.Query, error) {
	q := trail.Query{Controller: p.controller, Subjects: p.keys, Limit: in.Limit}
	var after *domain.Position
	if in.After != nil {
		at := domain.Position(*in.After)
		after = &at
	}
	q.At = c.at()
	switch in.Order {
	case "", wire.NewestFirst:
		q.Newest, q.Before = true, after
	case wire.OldestFirst:
		q.After = after
	default:
		return q, problem.Fields([]wire.FieldError{{Pointer: "/order", Detail: "Write newest or oldest."}}, "")
	}
	if q.Limit == 0 {
		q.Limit = wire.DefaultPage
	}
	if q.Limit < 1 || q.Limit > wire.MaxPage {
		return q, problem.Fields([]wire.FieldError{{Pointer: "/limit", Detail: "Ask for 1 to 500 entries."}}, "")
	}
	return q, nil
}

// names gives what the register calls things now.
func (c *call) names(controller domain.ControllerID) sentence.Names {
	state := c.known()
	return sentence.Names{
		Controller: state.Controllers[controller].Name,
		Recipient:  func(id domain.RecipientID) string { return state.Recipients[id].Name },
	}
}

// entry writes one entry in the contract's words, with its sentence, and opens its details where they were asked for.
func (c *call) entry(e trail.Entry, names sentence.Names, details bool) (wire.TrailEntry, error) {
	w := wire.TrailEntry{
		Position: uint64(e.Position), Type: e.Type, ID: e.ID, Action: e.Action, Time: e.Time, Recorded: e.Recorded, Service: string(e.Service),
		Identifier: e.Identifier, Operation: string(e.Operation), Instruction: string(e.Instruction), Version: e.Version,
		Basis: string(e.Basis), Stated: string(e.Stated), System: e.System, From: e.From, Location: string(e.Location),
		Recipient: string(e.Recipient), Order: e.Order, Sealed: !e.Details.IsZero(),
		Sentence: sentence.Of(sentence.Entry{Position: e.Position, Time: e.Time, Fact: fact(e)}, names),
	}
	w.Late = c.on != nil && e.Recorded.After(c.on.time)
	for _, category := range e.Categories {
		w.Categories = append(w.Categories, string(category))
	}
	for _, f := range e.Findings.List() {
		w.Findings = append(w.Findings, wire.Finding{Code: f.Code(), Article: f.Article(), Message: f.Message()})
	}
	if !details || e.Details.IsZero() {
		return w, nil
	}
	plain, err := c.api.cfg.Vault.Open(c.ctx(), e.Subject, domain.SealedFor(domain.ServiceSource(e.Controller, e.Service), e.ID), e.Details)
	switch {
	case errors.Is(err, domain.ErrForgotten):
		w.Forgotten = true
		w.Sentence = sentence.Forgotten(w.Sentence)
	case err != nil:
		return w, errors.Wrapf(err, "open the details of entry %s", e.Position)
	default:
		w.Details = wire.Details(plain.Reveal())
	}
	return w, nil
}

// fact gives the event that an entry stands for.
func fact(e trail.Entry) domain.Fact {
	if e.Fact != nil {
		return e.Fact
	}
	return dossier.ActionRecorded{
		Controller: e.Controller, Service: e.Service, Operation: e.Operation, Instruction: e.Instruction, Version: e.Version,
		Basis: e.Basis, Categories: e.Categories, System: e.System, From: e.From, Location: e.Location, Recipient: e.Recipient,
		Order: e.Order, Findings: e.Findings,
	}
}
