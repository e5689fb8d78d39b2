package api

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/disclosures"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/trail"
)

const contentHTML = "text/html; charset=utf-8"

func (a *API) reportRoutes() {
	a.route(huma.Operation{
		Method: http.MethodGet, Path: "/controllers/{controller}/cases/{case}/report", OperationID: "accessReport", Tags: []string{"cases"},
		Summary: "The answer to a request for access, point by point of Article 15(1)",
		Description: "format=html gives a page to print. Other people and whoever worked for a service are not in it; disclosures that the law " +
			"forbids telling of are left out without a trace. What the review withheld is counted by its ground.",
		Parameters: []*huma.Param{{Name: "format", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"json", "html"}}}},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
			wire.ContentJSON: {Schema: schemaOf[wire.AccessReport](a)}, "text/html": {Schema: &huma.Schema{Type: "string"}},
		}}},
	}, (*call).accessReport)
}

func (c *call) accessReport() error {
	format := c.query("format")
	if format != "" && format != "json" && format != "html" {
		return problem.New(wire.InvalidField, "the format is not known", "Ask for format=json or format=html.")
	}
	key, err := c.caseKey()
	if err != nil {
		return err
	}
	s, err := c.api.cfg.Ledger.Case(key)
	if err != nil {
		return err
	}
	switch {
	case s.Received.Kind != request.Access:
		return problem.New(wire.Conflict, "the case is no request for access", "Article 15: open a case of kind access.")
	case s.Open(request.Identity):
		return problem.New(wire.Conflict, "the person's identity is not confirmed",
			"Articles 5(1)(f), 12(6): record that proof of identity came before anybody's data are put together.")
	}
	if err := c.lookedAtCase(s.Received, oversight.Report, true); err != nil {
		return err
	}
	report, err := c.reported(s)
	if err != nil {
		return err
	}
	if format != "html" {
		return c.answer(report, domain.Position(report.Position))
	}
	return c.page(report)
}

// reporting gathers what a report says.
type reporting struct {
	c     *call
	s     request.State
	terms map[domain.InstructionID]domain.Terms // of the versions that the person's data stand under
	out   wire.AccessReport
}

func (c *call) reported(s request.State) (wire.AccessReport, error) {
	state := c.api.cfg.Ledger.State()
	r := reporting{c: c, s: s, terms: map[domain.InstructionID]domain.Terms{}, out: wire.AccessReport{
		Case: string(s.Received.Case), Controller: string(s.Received.Controller),
		ControllerName: state.Register.Controllers[s.Received.Controller].Name, Received: s.Received.On.String(), Made: c.api.cfg.Now().UTC(),
		Position: uint64(state.End), Purposes: []wire.ReportPurpose{}, Held: []wire.ReportHeld{}, Recipients: []wire.ReportRecipient{},
		Used: []wire.ReportUse{}, Sources: []wire.ReportSource{}, Withheld: []wire.CaseWithheld{},
	}}
	if state.Register.Processor != nil {
		r.out.ProcessorName = state.Register.Processor.Name
	}
	keys, err := c.api.cases.Keys(c.ctx(), s.Received)
	if err != nil {
		return r.out, err
	}
	if err := r.named(keys); err != nil {
		return r.out, err
	}
	if err := r.holdings(keys); err != nil {
		return r.out, err
	}
	if err := c.api.cases.Scan(c.ctx(), s.Received.Controller, keys, func(e trail.Entry) bool { r.entry(e); return true }); err != nil {
		return r.out, err
	}
	r.finish()
	return r.out, nil
}

// named adds the person's own names.
func (r *reporting) named(keys []domain.SubjectKey) error {
	r.out.Identifiers = []wire.Text{}
	for _, key := range keys {
		ids, err := r.c.api.cfg.Vault.Identifiers(r.c.ctx(), key)
		if errors.Is(err, domain.ErrForgotten) {
			return problem.New(wire.Conflict, "the person was forgotten", "The key was destroyed: nothing that is recorded leads to the person any more.")
		}
		if err != nil {
			return errors.Wrap(err, "identifiers for a report")
		}
		for _, id := range ids {
			if text := wire.Text(id.Kind + ":" + id.Value.Reveal()); !slices.Contains(r.out.Identifiers, text) {
				r.out.Identifiers = append(r.out.Identifiers, text)
			}
		}
	}
	return nil
}

func (r *reporting) holdings(keys []domain.SubjectKey) error {
	items, err := r.c.api.cases.Held(r.c.ctx(), r.s.Received.Controller, keys)
	if err != nil {
		return err
	}
	// What is held only because of an order that is secret is none of the copies that may be told of.
	copies, err := r.c.api.cases.Copies(r.c.ctx(), r.s.Received.Controller, keys)
	if err != nil {
		return err
	}
	kept, err := r.c.periods(r.s.Received.Controller, keys, domain.Position(r.out.Position))
	if err != nil {
		return err
	}
	for _, item := range items {
		told := told(copies, item)
		if told == nil {
			continue
		}
		rules, until := kept.of(item)
		held := wire.ReportHeld{
			Category: string(item.Category), Name: cmp.Or(item.Category.Term(), "Data of no named category"), System: item.System, Location: string(item.Location), Since: item.Since,
			Purpose: r.under(told.Instruction, told.Version).Title, Retention: retentionWords(rules), Until: since(until),
		}
		r.out.Held = append(r.out.Held, held)
	}
	return nil
}

// told gives the copy that an item is, nil where it may not be told of.
func told(copies []disclosures.Place, i holdings.Item) *disclosures.Item {
	for _, p := range copies {
		here := p.Kind == request.System && p.Name == i.System || p.Kind == request.Service && i.System == "" && p.Name == string(i.Service)
		for n := range p.Items {
			if here && p.Items[n].Category == i.Category && p.Items[n].Subject == i.Subject {
				return &p.Items[n]
			}
		}
	}
	return nil
}

// under gives the terms of an instruction's version, and keeps that the person's data stand under it.
func (r *reporting) under(id domain.InstructionID, version int) domain.Terms {
	t, given := r.c.termsOf(r.s.Received.Controller, id, version)
	if given {
		r.terms[id] = t
	}
	return t
}

// entry takes in one action. What was done under an order that is secret leaves no trace at all.
func (r *reporting) entry(e trail.Entry) {
	if e.Fact != nil {
		return
	}
	order, compelled := r.c.api.cfg.Ledger.State().CourtOrders.Orders[e.Order]
	if compelled && order.Secret(r.c.api.cfg.Now()) {
		return
	}
	terms := r.under(e.Instruction, e.Version)
	if e.Recipient != "" {
		r.recipient(e, compelled)
	}
	switch {
	case e.Operation.Within(domain.Collect):
		for _, category := range e.Categories {
			r.source(e, category)
		}
	case e.Operation.Effect() == domain.Neither && e.Recipient == "":
		r.out.Used = append(r.out.Used, wire.ReportUse{
			At: e.Time, Operation: string(e.Operation), What: what(e), Purpose: cmp.Or(terms.Title, "under no instruction"), Position: uint64(e.Position),
			Categories: texts(e.Categories),
		})
	}
}

func (r *reporting) recipient(e trail.Entry, compelled bool) {
	i := slices.IndexFunc(r.out.Recipients, func(x wire.ReportRecipient) bool {
		return x.Recipient == string(e.Recipient) && x.Compelled == compelled
	})
	if i < 0 {
		declared := r.c.api.cfg.Ledger.State().Register.Recipients[e.Recipient]
		i = len(r.out.Recipients)
		r.out.Recipients = append(r.out.Recipients, wire.ReportRecipient{
			Recipient: string(e.Recipient), Name: cmp.Or(declared.Name, string(e.Recipient)), Kind: string(declared.Kind), Country: string(declared.Country),
			Safeguard: declared.Safeguard, Categories: []string{}, First: e.Time, Last: e.Time, Compelled: compelled,
		})
	}
	x := &r.out.Recipients[i]
	x.Times++
	if e.Time.Before(x.First) {
		x.First = e.Time
	}
	if e.Time.After(x.Last) {
		x.Last = e.Time
	}
	for _, category := range e.Categories {
		if !slices.Contains(x.Categories, string(category)) {
			x.Categories = append(x.Categories, string(category))
		}
	}
	slices.Sort(x.Categories)
}

// source takes in where a category came from; the newest come first, so that the last one to be seen is the first there was.
func (r *reporting) source(e trail.Entry, category domain.Category) {
	words := "collected by the service " + cmp.Or(r.c.serviceName(e.Controller, e.Service), string(e.Service))
	if e.From != "" {
		words += ", from " + e.From
	}
	i := slices.IndexFunc(r.out.Sources, func(x wire.ReportSource) bool { return x.Category == string(category) && x.Words == words })
	if i < 0 {
		i = len(r.out.Sources)
		r.out.Sources = append(r.out.Sources, wire.ReportSource{Name: category.Term(), Category: string(category), Words: words})
	}
	r.out.Sources[i].First = e.Time
}
