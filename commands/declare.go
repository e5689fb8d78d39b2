package commands

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
)

// Declaration is the processor's register as somebody declares it to be: the whole or a part. What it does not mention stays.
type Declaration struct {
	Processor   *register.ProcessorDeclared
	Controllers []register.ControllerDeclared
	Contacts    []Contact
	Services    []register.ServiceDeclared
	Recipients  []register.RecipientDeclared
	// Authorisations are those of controllers that said how they authorise sub-processors.
	Authorisations []register.AuthorisationDeclared
	Instructions   []Instruction
}

// Contact is a person who acts for a controller, or for the processor under register.Itself.
type Contact struct {
	Controller domain.ControllerID
	Contact    domain.ContactID
	Role       string
	Details    domain.Personal // name, e-mail address, telephone number as compact JSON
}

// Instruction is an instruction as declared, and its withdrawal where there is one.
type Instruction struct {
	Controller  domain.ControllerID
	Instruction domain.InstructionID
	Terms       domain.Terms
	Given       domain.Warrant
	Withdrawn   *domain.Warrant
}

// Change is one difference between a declaration and what is recorded: the event that would record, or recorded, it.
type Change struct {
	Fact domain.Fact
	// New says that the thing was not in the register before.
	New bool
}

// Plan is what a declaration changes.
type Plan struct {
	Changes []Change
	// Position is that of the first change where they were recorded.
	Position domain.Position
	Recorded bool
}

// errPlanned ends a dry run inside the writer, so that it sees exactly what a declaration would.
var errPlanned = errors.New("only planned")

// Declare records the differences between a declaration and the register, all or none, in one frame. A dry run gives the plan
// and records nothing. It returns domain.ErrInvalid, domain.ErrConflict or domain.ErrNotFound with a hint that names what to
// change.
func (l *Ledger) Declare(ctx context.Context, d Declaration, dryRun bool) (Plan, error) {
	var plan Plan
	result, err := l.do(ctx, &command{decide: func(ctx context.Context, on deciding) (any, []domain.Event, error) {
		c := declaring{ledger: l, state: on.state.draft(), now: on.now, dryRun: dryRun}
		if err := c.all(ctx, d); err != nil {
			return nil, nil, err
		}
		plan = Plan{Changes: c.changes}
		if dryRun {
			return nil, nil, errPlanned
		}
		return nil, c.events, nil
	}})
	if errors.Is(err, errPlanned) {
		return plan, nil
	}
	if err != nil {
		return Plan{}, err
	}
	plan.Position, plan.Recorded = result.position, len(plan.Changes) > 0
	return plan, nil
}

// declaring gathers the events of one declaration, each decided against the state after the one before.
type declaring struct {
	ledger  *Ledger
	state   *draft
	now     time.Time
	dryRun  bool
	changes []Change
	events  []domain.Event
}

func (c *declaring) all(ctx context.Context, d Declaration) error {
	if d.Processor != nil {
		facts, err := d.Processor.Decide(c.state.Register)
		if err := c.add(facts, err, c.state.Register.Processor == nil); err != nil {
			return err
		}
	}
	for _, e := range d.Controllers {
		_, known := c.state.Register.Controllers[e.Controller]
		facts, err := e.Decide(c.state.Register)
		if err := c.add(facts, err, !known); err != nil {
			return err
		}
	}
	for _, e := range d.Recipients {
		_, known := c.state.Register.Recipients[e.Recipient]
		facts, err := e.Decide(c.state.Register)
		if err := c.add(facts, err, !known); err != nil {
			return err
		}
	}
	for _, e := range d.Authorisations {
		_, known := c.state.Register.Authorisations[e.Controller]
		facts, err := e.Decide(c.state.Register)
		if err := c.add(facts, err, !known); err != nil {
			return err
		}
	}
	for _, e := range d.Services {
		_, known := c.state.Register.Services[register.ServiceKey{Controller: e.Controller, Service: e.Service}]
		facts, err := e.Decide(c.state.Register)
		if err := c.add(facts, err, !known); err != nil {
			return err
		}
	}
	for _, e := range d.Contacts {
		if err := c.contact(ctx, e); err != nil {
			return errors.Wrapf(err, "contact %s of %s", e.Contact, e.Controller)
		}
	}
	for _, e := range d.Instructions {
		if err := c.instruction(e); err != nil {
			return err
		}
	}
	return nil
}

func (c *declaring) add(facts []domain.Fact, err error, isNew bool) error {
	for _, fact := range facts {
		c.addEvent(c.ledger.own(fact, c.now), isNew)
	}
	return err
}

func (c *declaring) addEvent(e domain.Event, isNew bool) {
	c.state.evolve(domain.Recorded{Position: c.state.End, Event: e})
	c.changes = append(c.changes, Change{e.Fact, isNew})
	c.events = append(c.events, e)
}

// instruction records what of an instruction is not recorded: its newest version, and its withdrawal.
func (c *declaring) instruction(e Instruction) error {
	if _, known := c.state.Register.Controllers[e.Controller]; !known {
		return errors.Wrapf(domain.ErrNotFound, "controller %s of an instruction", e.Controller)
	}
	for _, w := range []*domain.Warrant{&e.Given, e.Withdrawn} {
		if w == nil {
			continue
		}
		if _, known := c.state.Register.Contacts[register.ContactKey{Controller: e.Controller, Contact: w.By}]; !known {
			return errors.WithHint(errors.Wrapf(domain.ErrNotFound, "contact %s, who is to have given %s of %s", w.By, e.Instruction, e.Controller),
				"Article 28(3)(a): declare the contact among the controller's contacts.")
		}
	}
	for _, r := range e.Terms.Recipients {
		if _, known := c.state.Register.Recipients[r]; !known {
			return errors.WithHint(errors.Wrapf(domain.ErrNotFound, "recipient %s in %s of %s", r, e.Instruction, e.Controller),
				"Article 28(2), 30(1)(d): declare the recipient.")
		}
	}
	key := InstructionKey{e.Controller, e.Instruction}
	if state := c.state.Instructions[key]; e.Withdrawn != nil && withdrawnAs(state, e) {
		return nil
	}
	give := instruction.Give{
		Controller: e.Controller, Regime: c.state.Register.Controllers[e.Controller].Regime, Instruction: e.Instruction,
		Terms: e.Terms, Warrant: e.Given,
	}
	_, known := c.state.Instructions[key].Newest()
	facts, err := give.Decide(c.state.Instructions[key])
	if err := c.add(facts, err, !known); err != nil || e.Withdrawn == nil {
		return err
	}
	withdraw := instruction.Withdraw{Controller: e.Controller, Instruction: e.Instruction, Warrant: *e.Withdrawn}
	facts, err = withdraw.Decide(c.state.Instructions[key])
	return c.add(facts, err, false)
}

// withdrawnAs says that the instruction stands recorded as given and withdrawn exactly as declared.
func withdrawnAs(s instruction.State, e Instruction) bool {
	v, known := s.Newest()
	return known && v.Withdrawn != nil && v.Withdrawn.Equal(*e.Withdrawn) && v.Given.Equal(e.Given) && v.Terms.Equal(e.Terms)
}

// contact records a contact where role or details changed. Details are compared in the clear, here and nowhere else, because
// sealing the same twice gives different bytes.
func (c *declaring) contact(ctx context.Context, e Contact) error {
	if _, known := c.state.Register.Controllers[e.Controller]; !known && e.Controller != register.Itself {
		return errors.Wrap(domain.ErrNotFound, "controller of a contact")
	}
	old, known := c.state.Register.Contacts[register.ContactKey{Controller: e.Controller, Contact: e.Contact}]
	vault := c.ledger.cfg.Vault
	if known {
		plain, err := vault.Open(ctx, old.Subject, domain.SealedFor(domain.LedgerSource, old.Event), old.Details)
		if err != nil && !errors.Is(err, domain.ErrForgotten) {
			return errors.Wrap(err, "open details")
		}
		if err == nil && plain.Reveal() == e.Details.Reveal() && old.Role == e.Role {
			return nil
		}
	}
	fact := register.ContactDeclared{Controller: e.Controller, Contact: e.Contact, Role: e.Role}
	event := c.ledger.own(fact, c.now)
	if _, err := fact.Decide(register.State{}); err != nil {
		return err
	}
	if c.dryRun {
		c.addEvent(event, !known)
		return nil
	}
	keys, err := vault.Resolve(ctx, []Lookup{{
		Controller: e.Controller, Open: true,
		Identifier: domain.Identifier{Kind: "contact", Value: domain.NewPersonal(string(e.Contact))},
	}})
	if err != nil {
		return errors.Wrap(err, "open the contact's dossier")
	}
	fact.Subject = keys[0]
	if fact.Details, err = vault.Seal(ctx, keys[0], domain.SealedFor(event.Source, event.ID), e.Details); err != nil {
		return errors.Wrap(err, "seal details")
	}
	event.Fact = fact
	c.addEvent(event, !known)
	return nil
}
