package api

import (
	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

func (a *API) peopleRoutes() {
	operation := func(verb, id, summary, description string) huma.Operation {
		return huma.Operation{
			Path: "/controllers/{controller}/people/" + verb, OperationID: id, Tags: []string{"people"}, Summary: summary,
			Description: description, Parameters: append(looker(), asOf(), onDate(), awaits()),
		}
	}
	const noURL = "The identifier travels in the body, so that no URL names a person."
	post(a, operation("trail", "personTrail", "What was done with a person's data, page by page", noURL), (*call).personTrail)
	post(a, operation("holdings", "personHoldings", "What is held of a person", noURL), (*call).personHoldings)
	post(a, operation("show", "showPerson", "A person's identifiers, masked, holdings and the first page of the trail", noURL), (*call).showPerson)
	link := operation("link", "linkPerson", "Say that a second identifier names a known person", noURL)
	link.Parameters = []*huma.Param{awaits()}
	post(a, link, (*call).linkPerson)
	forget := operation("forget", "forgetPerson", "Forget a person: destroy their keys and what leads to them", noURL+
		" Nothing brings back what is destroyed. A copy of the keys in a backup brings the person back until that copy is deleted.")
	forget.Parameters = []*huma.Param{awaits()}
	post(a, forget, (*call).forgetPerson)
}

// person is whom a request is about: found through the vault, by the keys that stand in the log.
type person struct {
	controller domain.ControllerID
	keys       []domain.SubjectKey
}

// identifier reads an identifier of a body. Its refusal names the member.
func identifier(member string, text wire.Text) (domain.Identifier, error) {
	if text == "" {
		return domain.Identifier{}, problem.Fields([]wire.FieldError{{
			Pointer: "/" + member, Detail: "Name the person as kind:value, for example email:ada@example.org or customer:4711.",
		}}, "")
	}
	id, err := domain.ParseIdentifier(string(text))
	return id, errors.Wrapf(err, "%s", errors.Safe(member))
}

// find gives the person whom the identifier leads to, of whom the call asks how it was on a date where it does.
func (c *call) find(text wire.Text) (person, error) {
	controller, err := name[domain.ControllerID](c, "controller")
	if err != nil {
		return person{}, err
	}
	id, err := identifier("person", text)
	if err != nil {
		return person{}, err
	}
	keys, err := c.api.cfg.Vault.Keys(c.ctx(), controller, id)
	if errors.Is(err, domain.ErrNotFound) {
		return person{}, problem.New(wire.NotFound, "no such person",
			"No record of that identifier under this controller. This means no service has told the ledger about it, not that "+
				"the controller holds nothing.")
	}
	p := person{controller, keys}
	if c.on != nil {
		c.on.of = p
	}
	return p, errors.Wrap(err, "find a person")
}

// showPerson gives all that is known of a person in one answer.
func (c *call) showPerson(in wire.TrailQuery) (wire.Person, domain.Position, error) {
	if err := c.mayShow(in.Secret); err != nil {
		return wire.Person{}, 0, err
	}
	if err := c.back(in.At); err != nil {
		return wire.Person{}, 0, err
	}
	p, err := c.find(in.Person)
	if err != nil {
		return wire.Person{}, 0, err
	}
	if err := c.looked(glance{of: p, view: oversight.Whole, opens: in.Details}); err != nil {
		return wire.Person{}, 0, err
	}
	out := wire.Person{Controller: string(p.controller), ControllerName: c.known().Controllers[p.controller].Name}
	if out.Trail, err = c.trail(p, in); err != nil {
		return wire.Person{}, 0, err
	}
	out.Position, out.On = out.Trail.Position, c.asked()
	held, err := c.holdings(p)
	if err != nil {
		return wire.Person{}, 0, err
	}
	if c.as == nil && c.on == nil {
		if out.Looks, err = c.newestLooks(p); err != nil {
			return wire.Person{}, 0, err
		}
	}
	out.Holdings, out.Position = held.Holdings, min(out.Position, held.Position)
	out.Identifiers, out.Forgotten, err = c.masked(p.keys...)
	return out, domain.Position(out.Position), err
}

// linkPerson links a second identifier to a known person.
func (c *call) linkPerson(in wire.LinkRequest) (wire.Linked, domain.Position, error) {
	link := commands.Link{}
	var err error
	if link.Controller, err = name[domain.ControllerID](c, "controller"); err != nil {
		return wire.Linked{}, 0, err
	}
	if link.Known, err = identifier("known", in.Known); err != nil {
		return wire.Linked{}, 0, err
	}
	if link.Also, err = identifier("also", in.Also); err != nil {
		return wire.Linked{}, 0, err
	}
	if in.By != "" {
		if link.By, err = domain.ParseName[domain.ContactID](in.By); err != nil {
			return wire.Linked{}, 0, errors.Wrap(err, "by")
		}
	}
	linked, err := c.api.cfg.Ledger.Link(c.ctx(), link)
	if err != nil {
		return wire.Linked{}, 0, err
	}
	return wire.Linked{Position: uint64(linked.Position), Joined: linked.Joined}, c.api.cfg.Ledger.State().End, nil
}

// forgetPerson forgets a known person.
func (c *call) forgetPerson(in wire.ForgetRequest) (wire.Settled, domain.Position, error) {
	var f commands.Forget
	var err error
	if f.Controller, err = name[domain.ControllerID](c, "controller"); err != nil {
		return wire.Settled{}, 0, err
	}
	if f.Person, err = identifier("person", in.Person); err != nil {
		return wire.Settled{}, 0, err
	}
	if in.By != "" {
		if f.By, err = domain.ParseName[domain.ContactID](in.By); err != nil {
			return wire.Settled{}, 0, errors.Wrap(err, "who wants a person forgotten")
		}
	}
	if f.Case = in.Case; f.Case != "" {
		if _, err = domain.ParseID(f.Case); err != nil {
			return wire.Settled{}, 0, errors.Wrap(err, "case of a person to forget")
		}
	}
	settled, err := c.api.cfg.Ledger.Forget(c.ctx(), f)
	if err != nil {
		return wire.Settled{}, 0, err
	}
	return wire.Settled{Position: uint64(settled.Position), Events: settled.Events}, c.api.cfg.Ledger.State().End, nil
}
