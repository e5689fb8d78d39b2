package api

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/retention"
)

func (a *API) matterRoutes() {
	const path = "/controllers/{controller}/people/"
	post(a, huma.Operation{
		Path: path + "matters", OperationID: "recordMatter", Tags: []string{"people"},
		Summary: "Record a consent, an objection, a restriction, a hold, or the end of one",
	}, (*call).recordMatter)
	post(a, huma.Operation{
		Path: path + "standing", OperationID: "personStanding", Tags: []string{"people"},
		Summary: "What stands about a person: consents, objections, restrictions, holds, open orders", Parameters: append(looker(), asOf(), onDate(), awaits()),
	}, (*call).personStanding)
}

func (c *call) recordMatter(in wire.Matter) (wire.Settled, domain.Position, error) {
	m := commands.Matter{At: at(in.At)}
	var err error
	if m.Controller, err = name[domain.ControllerID](c, "controller"); err != nil {
		return wire.Settled{}, 0, err
	}
	if m.Person, err = identifier("person", in.Person); err != nil {
		return wire.Settled{}, 0, err
	}
	if m.By, err = named[domain.ContactID]("by", in.By); err != nil {
		return wire.Settled{}, 0, err
	}
	if in.ID == "" {
		// An end names what it ends, so that an id that was made up finds nothing.
		in.ID = uuid.Must(uuid.NewV7()).String()
	}
	if m.What, err = matter(in); err != nil {
		return wire.Settled{}, 0, err
	}
	if r, is := m.What.(dossier.RestrictionPlaced); is {
		m.With = c.restrictionNotices(r)
	}
	settled, err := c.api.cfg.Ledger.About(c.ctx(), m)
	if err != nil {
		return wire.Settled{}, 0, err
	}
	out := wire.Settled{Position: uint64(settled.Position), Events: settled.Events, Notes: report.Notes(settled.Note)}
	switch m.What.(type) {
	case dossier.ObjectionRaised, dossier.RestrictionPlaced, dossier.HoldPlaced:
		out.ID = in.ID
	case dossier.ConsentWithdrawn:
		if out.Left, err = c.leftBehind(settled, domain.InstructionID(in.Instruction)); err != nil {
			return wire.Settled{}, 0, err
		}
	}
	return out, c.api.cfg.Ledger.State().End, nil
}

// leftBehind gives what is kept of a person under an instruction whose consent is gone (Art. 17(1)(b)). The withdrawal is recorded
// whether or not the view has it yet: a view that takes too long leaves the list out.
func (c *call) leftBehind(s commands.Settled, instruction domain.InstructionID) ([]wire.RetentionItem, error) {
	before := s.Position + domain.Position(s.Events)
	if c.reach(c.api.cfg.Views.View(retention.Name), before) != nil {
		return nil, nil
	}
	kept, err := c.periods(s.Of.Controller, []domain.SubjectKey{s.Of.Subject}, before)
	if err != nil {
		return nil, err
	}
	var left []wire.RetentionItem
	for i := range kept {
		if kept[i].Instruction != instruction || kept[i].State == retention.Done || kept[i].State == retention.Kept {
			continue
		}
		one, err := c.kept(&kept[i])
		if err != nil {
			return nil, err
		}
		left = append(left, one)
	}
	return left, nil
}

// restrictionNotices gives the orders to tell those who were given the person's data that it is restricted (Art. 19).
func (c *call) restrictionNotices(r dossier.RestrictionPlaced) func(context.Context, dossier.Of) ([]dossier.Matter, error) {
	return func(ctx context.Context, of dossier.Of) ([]dossier.Matter, error) {
		notices, err := c.api.cases.Notices(ctx, dossier.OrderSent{
			Of: of, Order: r.Restriction, Instruction: r.Instruction, Reason: "restriction", Due: c.api.cfg.Now().UTC(),
		})
		matters := make([]dossier.Matter, len(notices))
		for i, n := range notices {
			matters[i] = n
		}
		return matters, err
	}
}

// matter reads what is said about a person.
func matter(in wire.Matter) (dossier.Matter, error) {
	instruction, err := named[domain.InstructionID]("instruction", in.Instruction)
	if err != nil {
		return nil, err
	}
	switch in.Kind {
	case wire.MatterConsentGiven:
		return dossier.ConsentGiven{Instruction: instruction, How: in.How, Explicit: in.Explicit}, nil
	case wire.MatterConsentWithdrawn:
		return dossier.ConsentWithdrawn{Instruction: instruction, How: in.How}, nil
	case wire.MatterObjection:
		return dossier.ObjectionRaised{Objection: in.ID, Instruction: instruction, Marketing: in.Marketing}, nil
	case wire.MatterObjectionResolved:
		return dossier.ObjectionResolved{Objection: in.ID, Overridden: in.Overridden, Ground: in.Ground, Void: in.Void}, nil
	case wire.MatterRestriction:
		return restriction(in, instruction)
	case wire.MatterRestrictionLifted:
		return dossier.RestrictionLifted{Restriction: in.ID, Told: at(in.Told)}, nil
	case wire.MatterHold:
		return hold(in, instruction)
	case wire.MatterHoldReleased:
		return dossier.HoldReleased{Hold: in.ID}, nil
	case wire.MatterOccasion:
		return dossier.OccasionRecorded{Instruction: instruction, Occasion: domain.Trigger(in.Occasion)}, nil
	}
	return nil, problem.Fields([]wire.FieldError{{Pointer: "/kind", Detail: "the kind is not known"}},
		"Say consent-given, consent-withdrawn, objection, objection-resolved, restriction, restriction-lifted, hold, hold-released or occasion.")
}

func restriction(in wire.Matter, instruction domain.InstructionID) (dossier.Matter, error) {
	r := dossier.RestrictionPlaced{Restriction: in.ID, Ground: in.Ground, Instruction: instruction}
	var err error
	if r.Allowed, err = each("allowed", in.Allowed, domain.ParseOperation); err != nil {
		return nil, err
	}
	r.Prohibited, err = each("prohibited", in.Prohibited, domain.ParseOperation)
	return r, err
}

func hold(in wire.Matter, instruction domain.InstructionID) (dossier.Matter, error) {
	h := dossier.HoldPlaced{Hold: in.ID, Ground: in.Ground, Reference: in.Reference, Instruction: instruction, Until: at(in.Until)}
	for i, system := range in.Systems {
		if !wire.ValidToken(system) {
			return nil, errors.WithHint(errors.Wrapf(domain.ErrInvalid, "systems[%d]", errors.Safe(i)), "Name a system in 1 to 64 letters, digits and . _ : / -.")
		}
	}
	var err error
	h.Systems = in.Systems
	h.Categories, err = each("categories", in.Categories, domain.ParseCategory)
	return h, err
}

// each reads a list of a body. Its refusal names the member.
func each[T any](member string, list []string, parse func(string) (T, error)) ([]T, error) {
	if len(list) > domain.MaxListed {
		return nil, errors.WithHint(errors.Wrapf(domain.ErrInvalid, "%s", errors.Safe(member)), "List at most 64.")
	}
	var out []T
	for i, text := range list {
		one, err := parse(text)
		if err != nil {
			return nil, errors.Wrapf(err, "%s[%d]", errors.Safe(member), errors.Safe(i))
		}
		out = append(out, one)
	}
	return out, nil
}

// named reads an optional name of a body. Its refusal names the member.
func named[T ~string](member, text string) (T, error) {
	if text == "" {
		return "", nil
	}
	n, err := domain.ParseName[T](text)
	return n, errors.Wrapf(err, "%s", errors.Safe(member))
}

func at(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func since(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (c *call) personStanding(in wire.StandingQuery) (wire.Standing, domain.Position, error) {
	p, err := c.find(in.Person)
	if err != nil {
		return wire.Standing{}, 0, err
	}
	if err := c.looked(glance{of: p, view: oversight.Standing}); err != nil {
		return wire.Standing{}, 0, err
	}
	s, err := c.stands(p)
	if err != nil {
		return wire.Standing{}, 0, err
	}
	out := wire.Standing{
		Controller: string(p.controller), On: c.asked(), Consents: []wire.StandingConsent{}, Objections: []wire.StandingObjection{}, Restrictions: []wire.StandingRestriction{},
		Holds: []wire.StandingHold{}, Orders: []wire.OpenOrder{},
	}
	for _, x := range s.Consents {
		out.Consents = append(out.Consents, wire.StandingConsent{Instruction: string(x.Instruction), Given: x.Given, Withdrawn: since(x.Withdrawn)})
	}
	for _, x := range s.Objections {
		out.Objections = append(out.Objections, wire.StandingObjection{
			ID: x.Objection, Instruction: string(x.Instruction), Marketing: x.Marketing, Raised: x.Raised, Resolved: since(x.Resolved),
			Overridden: x.Overridden, Void: x.Void,
		})
	}
	for _, x := range s.Restrictions {
		out.Restrictions = append(out.Restrictions, wire.StandingRestriction{
			ID: x.Restriction, Ground: x.Ground, Instruction: string(x.Instruction), Allowed: texts(x.Allowed), Prohibited: texts(x.Prohibited),
			Placed: x.Placed, Lifted: since(x.Lifted),
		})
	}
	for _, x := range s.Holds {
		out.Holds = append(out.Holds, wire.StandingHold{
			ID: x.Hold, Ground: x.Ground, Reference: x.Reference, Instruction: string(x.Instruction), Categories: texts(x.Categories),
			Systems: x.Systems, Until: since(x.Until),
		})
	}
	for _, x := range s.Orders {
		out.Orders = append(out.Orders, wire.OpenOrder{
			Order: x.Order, Kind: string(x.Kind), Service: string(x.Service), Instruction: string(x.Instruction), System: x.System,
			Reason: x.Reason, Due: x.Due,
		})
	}
	return out, c.end(), nil
}
