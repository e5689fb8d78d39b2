package api

import (
	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/disclosures"
)

func (a *API) disclosureRoutes() {
	tags := []string{"disclosures"}
	get(a, huma.Operation{
		Path: "/disclosures", OperationID: "disclosures", Tags: tags,
		Summary:    "The register of disclosures and transfers: to whom, to which countries, and under which orders of courts",
		Parameters: append(scoped("controller"), countedSecret(), asOf(), onDay("Orders of courts are those that had been issued."), awaits()),
	}, (*call).disclosures)
	get(a, huma.Operation{
		Path: "/recipients/seen", OperationID: "recipientsSeen", Tags: tags,
		Summary:    "To whom data went, when first and last, and whether the register names them",
		Parameters: append(scoped("controller"), secret(), asOf(), onDay(""), awaits()),
	}, (*call).recipientsSeen)
	get(a, huma.Operation{
		Path: "/transfers", OperationID: "transfers", Tags: tags, Summary: "What left the processor's territory, and with which safeguard",
		Parameters: append(scoped("controller"), secret(), asOf(), onDay(""), awaits()),
	}, (*call).transfers)
	post(a, huma.Operation{
		Path: "/controllers/{controller}/people/places", OperationID: "personPlaces", Tags: []string{"people"},
		Summary:     "Where copies of a person's data are or were, and to whom they were given",
		Description: "The identifier travels in the body, so that no URL names a person.", Parameters: append(looker(), asOf(), onDate(), awaits()),
	}, (*call).personPlaces)
}

func (c *call) disclosed() (*disclosures.Disclosures, error) {
	view, err := c.view(disclosures.Name)
	if err != nil {
		return nil, err
	}
	return disclosures.New(view), nil
}

// disclosureScope reads whose disclosures are asked for and what is shown of them.
func (c *call) disclosureScope() (controller domain.ControllerID, sight projections.Sight, view *disclosures.Disclosures, err error) {
	if controller, err = parameter[domain.ControllerID](c, "controller"); err != nil {
		return "", sight, nil, err
	}
	sight.Now, sight.Orders = c.now(), c.secretOrders()
	if sight.Secret, err = c.sees(); err != nil {
		return "", sight, nil, err
	}
	view, err = c.disclosed()
	return controller, sight, view, err
}

func (c *call) disclosures() (wire.Disclosures, domain.Position, error) {
	var out wire.Disclosures
	controller, err := parameter[domain.ControllerID](c, "controller")
	if err != nil {
		return out, 0, err
	}
	asked, err := c.asksForSecret()
	if err != nil {
		return out, 0, err
	}
	view, err := c.disclosed()
	if err != nil {
		return out, 0, err
	}
	sight := projections.Sight{Now: c.now(), Secret: asked == "show", Orders: c.secretOrders()}
	recipients, at, err := c.seen(view, controller, sight)
	if err != nil {
		return out, 0, err
	}
	transfers, end, err := view.Transfers(c.ctx(), controller, sight)
	if err != nil {
		return out, 0, errors.Wrap(err, "transfers of the register of disclosures")
	}
	at = min(at, end)
	compelled, end, err := view.Orders(c.ctx(), controller, sight)
	if err != nil {
		return out, 0, errors.Wrap(err, "orders of the register of disclosures")
	}
	at = min(at, end)
	out = wire.Disclosures{Recipients: recipients, Transfers: c.transferred(transfers), Compelled: []wire.CompelledDisclosure{}}
	for i := range compelled {
		if c.on == nil || !compelled[i].Issued.After(c.on.time) {
			out.Compelled = append(out.Compelled, c.compelled(&compelled[i]))
		}
	}
	if asked == "count" {
		withheld, end, err := view.Withheld(c.ctx(), sight.Now)
		if err != nil {
			return out, 0, errors.Wrap(err, "what the register of disclosures withholds")
		}
		at = min(at, end)
		for _, w := range withheld {
			if controller == "" || w.Controller == controller {
				out.Withheld = append(out.Withheld, wire.WithheldDisclosures{Controller: string(w.Controller), Orders: w.Orders, Entries: w.Events})
			}
		}
	}
	out.Position = uint64(at)
	return out, at, nil
}

func (c *call) recipientsSeen() (wire.RecipientsSeen, domain.Position, error) {
	controller, sight, view, err := c.disclosureScope()
	if err != nil {
		return wire.RecipientsSeen{}, 0, err
	}
	list, at, err := c.seen(view, controller, sight)
	return wire.RecipientsSeen{Recipients: list, Position: uint64(at)}, at, err
}

func (c *call) seen(view *disclosures.Disclosures, controller domain.ControllerID, sight projections.Sight) ([]wire.RecipientSeen, domain.Position, error) {
	list, at, err := view.Recipients(c.ctx(), controller, sight)
	if err != nil {
		return nil, 0, errors.Wrap(err, "recipients over HTTP")
	}
	out := make([]wire.RecipientSeen, len(list))
	for i, r := range list {
		w := wire.RecipientSeen{
			Controller: string(r.Controller), Recipient: string(r.Recipient), First: r.First, FirstPosition: c.placed(r.FirstAt),
			Last: r.Last, LastPosition: c.placed(r.LastAt), Entries: r.Events, People: r.People, Services: texts(r.Services),
			Instructions: texts(r.Instructions), Operations: texts(r.Operations), Categories: texts(r.Categories), Countries: texts(r.Countries),
			Safeguards: r.Safeguards, Orders: r.Orders,
		}
		if r.Declared != nil {
			w.Listed, w.Name, w.Kind, w.Country = true, r.Declared.Name, string(r.Declared.Kind), string(r.Declared.Country)
		}
		for _, f := range r.Findings {
			w.Findings = append(w.Findings, wire.FindingCount{Code: f.Finding.Code(), Article: f.Finding.Article(), Message: f.Finding.Message(), Entries: f.Events})
		}
		out[i] = w
	}
	return out, at, nil
}

func (c *call) transfers() (wire.Transfers, domain.Position, error) {
	controller, sight, view, err := c.disclosureScope()
	if err != nil {
		return wire.Transfers{}, 0, err
	}
	list, at, err := view.Transfers(c.ctx(), controller, sight)
	if err != nil {
		return wire.Transfers{}, 0, errors.Wrap(err, "transfers over HTTP")
	}
	out := wire.Transfers{Territory: []string{}, Transfers: c.transferred(list), Position: uint64(at)}
	if p := c.known().Processor; p != nil {
		out.Territory = texts(p.Territory)
	}
	return out, at, nil
}

func (c *call) transferred(list []disclosures.Transfer) []wire.Transferred {
	out := make([]wire.Transferred, len(list))
	for i, t := range list {
		out[i] = wire.Transferred{
			Controller: string(t.Controller), Instruction: string(t.Instruction), Recipient: string(t.Recipient), Country: string(t.Country),
			Safeguard: t.Safeguard, First: t.First, FirstPosition: c.placed(t.FirstAt), Last: t.Last, LastPosition: c.placed(t.LastAt),
			Entries: t.Events, Operations: texts(t.Operations), Categories: texts(t.Categories),
		}
	}
	return out
}

// compelled writes an order with what was disclosed under it.
func (c *call) compelled(o *disclosures.Order) wire.CompelledDisclosure {
	w := wire.CompelledDisclosure{
		Controller: string(o.Controller), CourtOrder: courtOrder(o.Order), ReceivedPosition: c.placed(o.ReceivedAt), Secret: o.Secret,
		Given: []string{}, Entries: o.Count, Actions: make([]wire.CompelledEntry, len(o.Actions)),
	}
	if o.InformedAt != nil {
		at := c.placed(*o.InformedAt)
		w.InformedPosition = &at
	}
	var given []domain.Category
	for i, d := range o.Actions {
		e := wire.CompelledEntry{
			Position: c.placed(d.Position), Time: d.Time, Service: string(d.Service), Recipient: string(d.Recipient), Categories: texts(d.Categories),
			Location: string(d.Location),
		}
		for _, f := range d.Findings.List() {
			e.Findings = append(e.Findings, wire.Finding{Code: f.Code(), Article: f.Article(), Message: f.Message()})
		}
		w.Actions[i] = e
		given = append(given, d.Categories...)
	}
	given = distinct(given)
	w.Given = append(w.Given, texts(given)...)
	w.Sentence = compelledSentence(o, given, c.names(o.Controller))
	return w
}

func compelledSentence(o *disclosures.Order, given []domain.Category, names sentence.Names) string {
	authority := names.Recipient(o.Authority)
	if authority == "" {
		authority = string(o.Authority)
	}
	s := authority + " (" + string(o.Jurisdiction) + ") asked on " + sentence.Day(o.Issued) + " for " + sentence.Categories(o.Categories) + "; "
	if o.Count == 0 {
		s += "nothing was disclosed"
	} else {
		s += sentence.Categories(given) + " went out in " + entries(o.Count)
	}
	switch {
	case !o.Informed.IsZero():
		return s + "; the controller was told on " + sentence.Day(o.Informed)
	case o.Secret:
		return s + "; the law forbids telling the controller until " + sentence.Day(o.ForbiddenUntil)
	}
	return s + "; the controller was not told"
}

// courtOrder writes an order to disclose in the contract's words.
func courtOrder(o disclosure.Order) wire.CourtOrder {
	return wire.CourtOrder{
		Order: o.Order, Authority: string(o.Authority), Jurisdiction: string(o.Jurisdiction), Reference: o.Reference, Issued: o.Issued,
		Categories: texts(o.Categories), Document: o.Document, Agreement: o.Agreement, ForbiddenUntil: since(o.ForbiddenUntil), Basis: string(o.RestsOn()),
		Informed: since(o.Informed),
	}
}
