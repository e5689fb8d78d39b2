package api

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/disclosures"
)

// orderForCase sends orders for every open place of a case. It can be asked again: an order that was sent is not sent twice.
func (c *call) orderForCase(in wire.CaseAction) (wire.CaseOrders, domain.Position, error) {
	key, err := c.caseKey()
	if err != nil {
		return wire.CaseOrders{}, 0, err
	}
	s, err := c.api.cfg.Ledger.Case(key)
	if err != nil {
		return wire.CaseOrders{}, 0, err
	}
	of, err := c.of(s, in.On, in.By)
	if err != nil {
		return wire.CaseOrders{}, 0, err
	}
	keys, err := c.api.cases.Keys(c.ctx(), s.Received)
	if err != nil {
		return wire.CaseOrders{}, 0, err
	}
	copies, err := c.api.cases.Copies(c.ctx(), key.Controller, keys)
	if err != nil {
		return wire.CaseOrders{}, 0, err
	}
	out := wire.CaseOrders{Orders: []wire.CaseOrder{}}
	for _, p := range s.Unsettled() {
		orders, blocked := c.planned(s, p, copies)
		out.Blocked = append(out.Blocked, blocked...)
		for _, o := range orders {
			if err := c.sendOrder(s, of, o, &out); err != nil {
				return wire.CaseOrders{}, 0, err
			}
		}
	}
	taken, at, err := c.taken(key, commands.Settled{})
	out.Stage, out.Next, out.Position = taken.Stage, taken.Next, uint64(at)
	return out, at, err
}

// plan is an order that is to be sent.
type plan struct {
	place request.Place
	dossier.OrderSent
}

// sendOrder records one order and that its case sent it, both or neither.
func (c *call) sendOrder(s request.State, of request.Of, p plan, out *wire.CaseOrders) error {
	step := request.Ordered{Of: of, Order: p.Order, Place: p.place, Task: request.Task(p.Kind)}
	settled, err := c.api.cfg.Ledger.TakeStep(c.ctx(), commands.Stepped{
		Step: step, Today: c.zoned(s.Received.Calendar), With: []commands.OfPerson{{Subject: p.Subject, What: p.OrderSent}},
	})
	if errors.Is(err, dossier.ErrHeld) {
		out.Blocked = append(out.Blocked, wire.CaseBlocked{Place: shownPlace(p.place), Why: "A hold keeps the data."})
		return nil
	}
	if err != nil {
		return err
	}
	out.Orders = append(out.Orders, wire.CaseOrder{
		Order: p.Order, Task: string(step.Task), Place: shownPlace(p.place), Service: string(p.Service), Instruction: string(p.Instruction),
		Categories: texts(p.Categories), Due: p.Due, New: settled.Events > 0,
	})
	return nil
}

// planned gives the orders for a place, one for each instruction under which data is held there, and what stands in the way.
func (c *call) planned(s request.State, p request.Place, copies []disclosures.Place) ([]plan, []wire.CaseBlocked) {
	blocked := func(hold, why string) []wire.CaseBlocked {
		return []wire.CaseBlocked{{Place: shownPlace(p), Hold: hold, Why: why}}
	}
	service := p.Service
	switch {
	case p.Kind == request.Recipient && service == "":
		return nil, blocked("", "Article 19: tell the recipient, record that, and settle the place by it; or cite why that is impossible.")
	case p.Kind == request.Recipient:
		return []plan{c.notice(s, p, copies)}, nil
	case service == "" && p.Kind == request.Service:
		service = domain.ServiceID(p.Name)
	case service == "":
		return nil, blocked("", "No service carries orders out there; settle the place by its evidence.")
	}
	var orders []plan
	var held []wire.CaseBlocked
	base := dossier.OrderSent{
		Kind: dossier.TaskKind(s.Received.Kind.Task()), Service: service, Reason: "case", Case: string(s.Received.Case), Due: c.dueOf(s),
	}
	if p.Kind == request.System {
		base.System = p.Name
	}
	for _, group := range grouped(p, copies) {
		order := base
		order.Subject, order.Instruction = group.subject, group.instruction
		standing := c.api.cfg.Ledger.Standing(group.subject)
		for _, category := range group.categories {
			if h := c.holds(standing, order, category); h != nil {
				held = append(held, blocked(h.Hold, "A hold keeps "+category.Term()+" ("+h.Ground+", "+h.Reference+").")...)
				continue
			}
			order.Categories = append(order.Categories, category)
		}
		if len(order.Categories) > 0 {
			orders = append(orders, plan{p, numbered(s, p, order)})
		}
	}
	if orders == nil && held == nil {
		base.Subject = s.Received.Subjects[0]
		orders = append(orders, plan{p, numbered(s, p, base)})
	}
	return orders, held
}

// notice gives the order to tell a recipient what becomes of the data it was given (Art. 19), which goes to the service that gave it.
func (c *call) notice(s request.State, p request.Place, copies []disclosures.Place) plan {
	order := dossier.OrderSent{
		Kind: dossier.TaskTell, Service: p.Service, Reason: "case", Case: string(s.Received.Case),
		Due: c.dueOf(s), Recipient: domain.RecipientID(p.Name),
	}
	order.Subject = s.Received.Subjects[0]
	if given := grouped(p, copies); len(given) > 0 {
		order.Subject, order.Instruction = given[0].subject, given[0].instruction
	}
	return plan{p, numbered(s, p, order)}
}

// holds gives the hold that keeps data of a category, where the order would remove it.
func (c *call) holds(s dossier.Standing, o dossier.OrderSent, category domain.Category) *dossier.HoldPlaced {
	if o.Kind != dossier.TaskErase {
		return nil
	}
	return s.Held(dossier.Action{
		Time: c.api.cfg.Now(), Operation: domain.Erase, Instruction: o.Instruction, System: o.System, Categories: []domain.Category{category},
	})
}

// group is what is held of one dossier at one place under one instruction.
type group struct {
	subject     domain.SubjectKey
	instruction domain.InstructionID
	categories  []domain.Category
}

func grouped(p request.Place, copies []disclosures.Place) []group {
	var list []group
	for _, item := range openAt(p, copies) {
		i := slices.IndexFunc(list, func(g group) bool { return g.subject == item.Subject && g.instruction == item.Instruction })
		if i < 0 {
			i = len(list)
			list = append(list, group{subject: item.Subject, instruction: item.Instruction})
		}
		list[i].categories = append(list[i].categories, item.Category)
	}
	slices.SortFunc(list, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.subject, b.subject), strings.Compare(string(a.instruction), string(b.instruction)))
	})
	return list
}

// openAt gives what is at the place and was not removed by what counts as erasure.
func openAt(p request.Place, copies []disclosures.Place) []disclosures.Item {
	var list []disclosures.Item
	for _, found := range copies {
		for _, item := range found.Items {
			if found.Kind == p.Kind && found.Name == p.Name && item.Closed == nil {
				list = append(list, item)
			}
		}
	}
	return list
}

// numbered gives the order an id that follows from what it asks, so that asking again sends nothing twice.
func numbered(s request.State, p request.Place, o dossier.OrderSent) dossier.OrderSent {
	parts := []string{
		string(s.Received.Controller), string(s.Received.Case), string(p.Kind), p.Name, string(p.Service), strconv.FormatUint(uint64(o.Subject), 10), string(o.Instruction),
	}
	sum := sha256.Sum256([]byte(strings.Join(append(parts, texts(o.Categories)...), "\x00")))
	o.Order = "case-" + hex.EncodeToString(sum[:16])
	return o
}

// dueOf gives the day by which a case's orders are to be carried out: the sooner of its limits that can be kept still, else today.
func (c *call) dueOf(s request.State) time.Time {
	due, today := calendar.Date{}, c.zoned(s.Received.Calendar)
	for _, w := range []calendar.Working{s.Legal(), s.Promised()} {
		if w.Now == calendar.Running && !w.Due.Before(today) && (due.IsZero() || w.Due.Before(due)) {
			due = w.Due
		}
	}
	if due.IsZero() {
		due = today
	}
	return due.Time()
}
