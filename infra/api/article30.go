package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/article30"
)

func (a *API) article30Routes() {
	for _, one := range []struct{ path, id, summary string }{
		{"/article30", "article30", "The processor's record of processing activities, Article 30(2): what is declared, what was seen, and where they part"},
		{"/controllers/{controller}/article30", "controllerArticle30", "The record of processing activities for one controller"},
	} {
		a.route(huma.Operation{
			Method: http.MethodGet, Path: one.path, OperationID: one.id, Tags: []string{"article 30"}, Summary: one.summary,
			Description: "format=html, or a request for text/html, gives a page to print. Contacts' names, addresses and numbers are opened only " +
				"where reveal=contacts asks for them.",
			Parameters: []*huma.Param{
				{Name: "format", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"json", "html"}}},
				asOf(),
				onDay("Instructions are those in force by the dates on which clients gave and withdrew them."),
				query("unused", "integer", "After how many days what is declared and not done is drift; 90."),
				query("reveal", "string", "contacts, or nothing."), secret(), awaits(),
			},
			Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
				wire.ContentJSON: {Schema: schemaOf[wire.Article30](a)}, "text/html": {Schema: &huma.Schema{Type: "string"}},
			}}},
		}, (*call).article30)
	}
}

func (c *call) article30() error {
	html, err := c.wantsPage()
	if err != nil {
		return err
	}
	q, err := c.article30Query()
	if err != nil {
		return err
	}
	view, err := c.view(article30.Name)
	if err != nil {
		return err
	}
	book, err := article30.New(view).Book(c.ctx(), q)
	if err != nil {
		return errors.Wrap(err, "record of Article 30 over HTTP")
	}
	out, err := c.record30(book, book.Position)
	if err != nil {
		return err
	}
	out.On = c.asked()
	c.w.Header().Set("Vary", "Accept")
	if html {
		return c.printed("article30", article30Page, out, out.Position)
	}
	return c.answer(out, domain.Position(out.Position))
}

// wantsPage says that a page to print is asked for rather than JSON.
func (c *call) wantsPage() (bool, error) {
	switch c.query("format") {
	case "":
		accept := c.r.Header.Get("Accept")
		page, data := strings.Index(accept, "text/html"), strings.Index(accept, wire.ContentJSON)
		return page >= 0 && (data < 0 || page < data), nil
	case "json":
		return false, nil
	case "html":
		return true, nil
	}
	return false, problem.New(wire.InvalidField, "the record has no such format", "Ask for format=json or format=html.")
}

func (c *call) article30Query() (q article30.Query, err error) {
	if c.r.PathValue("controller") != "" {
		if q.Controller, err = name[domain.ControllerID](c, "controller"); err != nil {
			return q, err
		}
	}
	if text := c.query("unused"); text != "" {
		if q.Unused, err = strconv.Atoi(text); err != nil || q.Unused < 1 {
			return q, problem.New(wire.InvalidField, "unused is no number of days", "Give the days as a number from 1 to 3,660.")
		}
	}
	q.Day = c.clock()
	q.Sight.Now, q.Sight.Orders = c.now(), c.secretOrders()
	q.Secret, err = c.sees()
	return q, err
}

// record30 writes the record in the contract's words.
func (c *call) record30(book article30.Book, at domain.Position) (wire.Article30, error) {
	reveal := c.query("reveal")
	if reveal != "" && reveal != "contacts" {
		return wire.Article30{}, problem.New(wire.InvalidField, "nothing of that name can be revealed", "Write reveal=contacts, or leave it out.")
	}
	if reveal != "" {
		if err := c.opened(domain.ControllerID(c.r.PathValue("controller")), oversight.Contacts); err != nil {
			return wire.Article30{}, err
		}
	}
	out := wire.Article30{
		AsOf: book.AsOf.Format("2006-01-02"), Position: uint64(at), Recipients: []wire.Recipient{}, Records: []wire.Article30Record{},
	}
	var err error
	if p := book.Processor; p != nil {
		out.Processor = &wire.Article30Processor{
			Name: p.Name, Registration: p.Registration, Regime: string(p.Regime), Territory: texts(p.Territory),
			Measures: append([]string{}, p.Measures...),
		}
		if out.Processor.Contacts, err = c.contacts30(book.Contacts, reveal != ""); err != nil {
			return wire.Article30{}, err
		}
	}
	for _, id := range sorted(book.Recipients, cmp.Compare[domain.RecipientID]) {
		r := book.Recipients[id]
		out.Recipients = append(out.Recipients, wire.Recipient{
			ID: string(id), Name: r.Name, Kind: string(r.Kind), Country: string(r.Country), Safeguard: r.Safeguard, Contract: r.Contract,
		})
	}
	for _, r := range book.Records {
		record, err := c.controller30(book, r, reveal != "")
		if err != nil {
			return wire.Article30{}, err
		}
		out.Records = append(out.Records, record)
	}
	return out, nil
}

func (c *call) contacts30(list []article30.Contact, reveal bool) ([]wire.Article30Contact, error) {
	out := []wire.Article30Contact{}
	for _, contact := range list {
		view, err := c.contact(contact.Contact, reveal)
		if err != nil {
			return nil, err
		}
		out = append(out, wire.Article30Contact{ContactView: view, Representative: contact.Representative, Officer: contact.Officer})
	}
	return out, nil
}

// contact writes a contact, and opens its details at the last moment where they are to be revealed.
func (c *call) contact(contact register.Contact, reveal bool) (wire.ContactView, error) {
	w := wire.ContactView{Contact: wire.Contact{ID: string(contact.Contact), Role: contact.Role}}
	if !reveal {
		return w, nil
	}
	plain, err := c.api.cfg.Vault.Open(c.ctx(), contact.Subject, domain.SealedFor(domain.LedgerSource, contact.Event), contact.Details)
	switch {
	case errors.Is(err, domain.ErrForgotten):
		w.Forgotten = true
	case err != nil:
		return w, errors.Wrapf(err, "open the details of contact %s", contact.Contact)
	default:
		var details contactDetails
		if err := json.Unmarshal([]byte(plain.Reveal()), &details); err != nil {
			return w, errors.AssertionFailedf("the details of a contact are not what was sealed")
		}
		w.Name, w.Email, w.Phone = details.Name, details.Email, details.Phone
	}
	return w, nil
}

func (c *call) controller30(book article30.Book, r article30.Record, reveal bool) (wire.Article30Record, error) {
	w := wire.Article30Record{
		Controller: string(r.Controller.Controller), Name: r.Controller.Name, Regime: string(r.Controller.Regime), Country: string(r.Controller.Country),
		Activities: make([]wire.Article30Activity, len(r.Activities)), Transfers: []wire.Article30Transfer{}, Drift: []wire.Article30Drift{},
	}
	var err error
	if w.Contacts, err = c.contacts30(r.Contacts, reveal); err != nil {
		return w, err
	}
	words := words30{book.Recipients, r.Controller.Name, c.seen30}
	for i, a := range r.Activities {
		w.Activities[i] = words.activity(a)
	}
	for _, t := range r.Transfers {
		w.Transfers = append(w.Transfers, wire.Article30Transfer{
			Instruction: string(t.Instruction), Country: string(t.Country), Recipient: string(t.Recipient),
			RecipientName: book.Recipients[t.Recipient].Name, Safeguard: t.Safeguard, Order: t.Order, Article30Seen: c.seen30(t.Seen),
		})
	}
	for _, d := range r.Drift {
		w.Drift = append(w.Drift, wire.Article30Drift{
			Kind: string(d.Kind), Instruction: string(d.Instruction), Version: d.Version, Dimension: string(d.Dimension), Value: d.Value,
			Article30Seen: c.seen30(d.Seen), Sentence: words.drift(d),
		})
	}
	return w, nil
}
