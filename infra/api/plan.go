package api

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
)

func (a *API) declareRoutes() {
	declare := func(dryRun bool) func(*call, wire.Register) (wire.Plan, domain.Position, error) {
		return func(c *call, doc wire.Register) (wire.Plan, domain.Position, error) {
			declaration, err := Declaration(doc, a.cfg.Ledger.State())
			if err != nil {
				return wire.Plan{}, 0, err
			}
			plan, err := a.cfg.Ledger.Declare(c.ctx(), declaration, dryRun)
			if err != nil {
				return wire.Plan{}, 0, err
			}
			return Plan(plan), a.cfg.Ledger.State().End, nil
		}
	}
	post(a, huma.Operation{
		Path: "/register/plan", OperationID: "planRegister", Tags: []string{"register"},
		Summary: "Show what declaring the register would change", Description: "Records nothing.",
	}, declare(true))
	post(a, huma.Operation{
		Path: "/register", OperationID: "declareRegister", Tags: []string{"register"},
		Summary:     "Declare the register",
		Description: "Records the differences, all or none. What the document does not mention stays as it is.",
	}, declare(false))
}

// Plan writes a plan in the contract's words.
func Plan(p commands.Plan) wire.Plan {
	out := wire.Plan{Changes: []wire.Change{}, Recorded: p.Recorded}
	if p.Recorded {
		at := uint64(p.Position)
		out.Position = &at
	}
	for _, c := range p.Changes {
		change := wire.Change{Change: wire.ChangeChanged}
		if c.New {
			change.Change = wire.ChangeNew
		}
		nameChange(&change, c.Fact)
		change.Summary = sentence.Change(c.Fact, c.New)
		out.Changes = append(out.Changes, change)
	}
	return out
}

// nameChange says what a change is about.
func nameChange(change *wire.Change, fact domain.Fact) {
	switch f := fact.(type) {
	case register.ProcessorDeclared:
		change.Kind, change.Name = "processor", f.Name
	case register.ControllerDeclared:
		change.Kind, change.Controller, change.Name = "controller", string(f.Controller), string(f.Controller)
	case register.ServiceDeclared:
		change.Kind, change.Controller, change.Name = "service", string(f.Controller), string(f.Service)
	case register.RecipientDeclared:
		change.Kind, change.Name = "recipient", string(f.Recipient)
	case register.AuthorisationDeclared:
		change.Kind, change.Controller, change.Name = "authorisation", string(f.Controller), string(f.Controller)
	case register.ContactDeclared:
		change.Kind, change.Name = "contact", string(f.Contact)
		if f.Controller != register.Itself {
			change.Controller = string(f.Controller)
		}
	case instruction.Given:
		change.Kind, change.Controller, change.Name, change.Version = "instruction", string(f.Controller), string(f.Instruction), f.Version
	case instruction.Withdrawn:
		change.Kind, change.Controller, change.Name, change.Version = "instruction", string(f.Controller), string(f.Instruction), f.Version
		change.Change = wire.ChangeWithdrawn
	}
}
