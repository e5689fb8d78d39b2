package api

import (
	"context"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
)

func (a *API) peopleRoutes() {
	operation := func(verb, id, summary, description string) huma.Operation {
		return huma.Operation{
			Path: "/controllers/{controller}/people/" + verb, OperationID: id, Tags: []string{"people"}, Summary: summary,
			Description: description, Parameters: append(looker(), awaits()),
		}
	}
	const noURL = "The identifier travels in the body, so that no URL names a person."
	post(a, operation("trail", "personTrail", "What was done with a person's data, page by page", noURL), (*call).personTrail)
	post(a, operation("holdings", "personHoldings", "What is held of a person", noURL), (*call).personHoldings)
	post(a, operation("show", "showPerson", "A person's identifiers, masked, holdings and the first page of the trail", noURL), (*call).showPerson)
	post(a, operation("link", "linkPerson", "Say that a second identifier names a known person", noURL), (*call).linkPerson)
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

// find gives the person whom the identifier leads to.
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
	return person{controller, keys}, errors.Wrap(err, "find a person")
}

// reach waits for a view to have all events before a position as of which it is asked, nil for now.
func (c *call) reach(at *domain.Position, view *projections.View) error {
	if at == nil {
		return nil
	}
	if end := c.api.cfg.Ledger.State().End; *at > end {
		return errors.WithHint(errors.Wrapf(domain.ErrInvalid, "at %s, beyond the end %s of the ledger", *at, end),
			"Ask for a position that was recorded.")
	}
	if *at == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.ctx(), c.api.cfg.Patience)
	defer cancel()
	return view.Await(ctx, *at-1)
}

// showPerson gives all that is known of a person in one answer.
func (c *call) showPerson(in wire.TrailQuery) (wire.Person, domain.Position, error) {
	p, err := c.find(in.Person)
	if err != nil {
		return wire.Person{}, 0, err
	}
	if err := c.looked(glance{of: p, view: oversight.Whole, at: in.At, opens: in.Details}); err != nil {
		return wire.Person{}, 0, err
	}
	state := c.api.cfg.Ledger.State().Register
	out := wire.Person{Controller: string(p.controller), ControllerName: state.Controllers[p.controller].Name}
	if out.Trail, err = c.trail(p, in); err != nil {
		return wire.Person{}, 0, err
	}
	out.Position = out.Trail.Position
	if in.At == nil {
		held, err := c.holdings(p)
		if err != nil {
			return wire.Person{}, 0, err
		}
		out.Holdings, out.Position = held.Holdings, min(out.Position, held.Position)
		if out.Looks, err = c.newestLooks(p); err != nil {
			return wire.Person{}, 0, err
		}
	}
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
