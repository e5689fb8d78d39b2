package api

import (
	"context"
	"slices"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/looks"
)

func (a *API) lookRoutes() {
	tags := []string{"looks"}
	looksHaveNoDates := map[string]any{noDates: "A look is recorded when it happens and never later: ask as known at a time, with at."}
	post(a, huma.Operation{
		Path: "/controllers/{controller}/people/looks", OperationID: "personLooks", Tags: tags, Summary: "Who looked at a person's record, when and why",
		Description: "The identifier travels in the body, so that no URL names a person. This is a look, too.",
		Parameters:  append(looker(), asOf(), awaits()), Metadata: looksHaveNoDates,
	}, (*call).personLooks)
	get(a, huma.Operation{
		Path: "/looks", OperationID: "looks", Tags: tags, Summary: "Who looked into the ledger: at records, by opening what is sealed, by exports and checks",
		Parameters: append(scoped("controller"), query("actor", "string", "Of this contact or user only; unnamed for those who did not say."),
			query("kind", "string", "viewed, revealed, exported or verified; all by default."), query("reason", "string", "For this reason only."),
			query("case", "string", "For this case only."), query("from", "string", "From this day on, as 2026-11-23, in UTC."),
			query("to", "string", "Before this day."), query("after", "integer", "The cursor of the page before."),
			query("limit", "integer", "1 to 1,000; 100."), asOf(), awaits()), Metadata: looksHaveNoDates,
	}, (*call).listLooks)
	post(a, huma.Operation{
		Path: "/verifications", OperationID: "recordVerification", Tags: tags, Summary: "Record that the history was checked, and what came of it",
		Parameters: looker(),
	}, (*call).recordVerification)
}

// looks gives the view with every look that was taken on before the call.
func (c *call) looks() (*looks.Looks, error) {
	view, err := c.view(looks.Name)
	if err != nil || c.as != nil {
		return looks.New(view), err
	}
	ctx, cancel := context.WithTimeout(c.ctx(), c.api.cfg.Patience)
	defer cancel()
	end, err := c.api.cfg.Ledger.LooksRecorded(ctx)
	if err != nil {
		return nil, err
	}
	return looks.New(view), c.reach(c.api.cfg.Views.View(looks.Name), end)
}

func (c *call) personLooks(in wire.LooksQuery) (wire.Looks, domain.Position, error) {
	p, err := c.find(in.Person)
	if err != nil {
		return wire.Looks{}, 0, err
	}
	q := looks.Query{Controller: p.controller, Subjects: p.keys, Limit: in.Limit}
	if in.After != nil {
		before := domain.Position(*in.After)
		q.Before = &before
	}
	view, err := c.looks()
	if err != nil {
		return wire.Looks{}, 0, err
	}
	if end := c.end(); q.Before == nil {
		q.Before = &end // not this look itself, which may be recorded by the time the view is read
	}
	if err := c.looked(glance{of: p, view: oversight.Looks}); err != nil {
		return wire.Looks{}, 0, err
	}
	return c.lookPage(view, q, false)
}

// newestLooks gives the looks that a person's record shows.
func (c *call) newestLooks(p person) ([]wire.Look, error) {
	const most = 5
	view, err := c.view(looks.Name)
	if err != nil {
		return nil, err
	}
	page, _, err := c.lookPage(looks.New(view), looks.Query{Controller: p.controller, Subjects: p.keys, Limit: most}, false)
	return page.Looks, err
}

func (c *call) listLooks() (wire.Looks, domain.Position, error) {
	q, err := c.looksQuery()
	if err != nil {
		return wire.Looks{}, 0, err
	}
	view, err := c.looks()
	if err != nil {
		return wire.Looks{}, 0, err
	}
	return c.lookPage(view, q, true)
}

func (c *call) looksQuery() (q looks.Query, err error) {
	if q.Controller, err = parameter[domain.ControllerID](c, "controller"); err != nil {
		return q, err
	}
	if q.Unnamed = c.query("actor") == string(oversight.Unnamed); !q.Unnamed {
		if q.Actor, err = parameter[domain.ContactID](c, "actor"); err != nil {
			return q, err
		}
	}
	q.Kind, q.Reason, q.Case = looks.Kind(c.query("kind")), oversight.Reason(c.query("reason")), c.query("case")
	switch {
	case q.Kind != "" && !slices.Contains([]looks.Kind{looks.Viewed, looks.Revealed, looks.Exported, looks.Verified}, q.Kind):
		return q, problem.New(wire.InvalidField, "looks are of no such kind", "Write viewed, revealed, exported or verified.")
	case q.Reason != "" && q.Reason != oversight.Unstated && !slices.Contains(oversight.Reasons(), q.Reason):
		return q, problem.New(wire.InvalidField, "looks have no such reason", "The OpenAPI document lists the reasons; unstated finds those without one.")
	}
	if q.From, err = c.day("from"); err != nil {
		return q, err
	}
	if q.To, err = c.day("to"); err != nil {
		return q, err
	}
	if q.Before, err = c.position("after"); err != nil {
		return q, err
	}
	q.Limit, err = c.limit(100, looks.MaxLimit)
	return q, err
}

// lookPage writes a page in the contract's words; people are shown, masked, only where the page is not of one of them.
func (c *call) lookPage(view *looks.Looks, q looks.Query, people bool) (wire.Looks, domain.Position, error) {
	page, err := view.List(c.ctx(), q)
	if err != nil {
		return wire.Looks{}, 0, errors.Wrap(err, "looks over HTTP")
	}
	out := wire.Looks{Looks: make([]wire.Look, len(page.Looks)), Position: uint64(page.Position)}
	for i, l := range page.Looks {
		out.Looks[i] = look(l)
		if !people {
			continue
		}
		if out.Looks[i].Identifiers, out.Looks[i].Forgotten, err = c.masked(l.Subjects...); err != nil {
			return wire.Looks{}, 0, err
		}
	}
	if page.More {
		out.Next = &out.Looks[len(out.Looks)-1].Position
	}
	return out, page.Position, nil
}

func look(l looks.Look) wire.Look {
	w := wire.Look{
		Position: uint64(l.Position), Time: l.Time, Kind: string(l.Kind), Actor: string(l.By.Actor), Known: string(l.By.Known), Reason: string(l.By.Reason),
		Case: l.By.Case, Controller: string(l.Controller), Sentence: lookSentence(l.By, l.Fact),
	}
	switch f := l.Fact.(type) {
	case oversight.RecordViewed:
		w.View, w.At = string(f.View), f.At
	case oversight.DetailsRevealed:
		w.View, w.At = string(f.View), f.At
	case oversight.ExportMade:
		w.Export = &wire.LookExport{What: f.What, Format: f.Format, Until: f.Until, Rows: f.Rows, Bytes: f.Bytes, SHA256: f.SHA256, Revealed: f.Revealed}
	case oversight.VerificationMade:
		w.Verification = &wire.LookVerification{From: f.From, Until: f.Until, Root: f.Root, Intact: f.Intact, Bad: f.Bad}
	}
	return w
}

func (c *call) recordVerification(in wire.LookVerification) (wire.Settled, domain.Position, error) {
	by, err := c.by()
	if err != nil {
		return wire.Settled{}, 0, err
	}
	v := oversight.VerificationMade{By: by, From: in.From, Until: in.Until, Root: in.Root, Intact: in.Intact, Bad: in.Bad}
	settled, err := c.api.cfg.Ledger.Verified(c.ctx(), v)
	return wire.Settled{Position: uint64(settled.Position), Events: settled.Events}, c.api.cfg.Ledger.State().End, err
}
