package api

import (
	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
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
	sent, blocked, err := c.api.cases.Order(c.ctx(), of)
	if err != nil {
		return wire.CaseOrders{}, 0, err
	}
	out := wire.CaseOrders{Orders: []wire.CaseOrder{}}
	for i := range sent {
		o := &sent[i]
		out.Orders = append(out.Orders, wire.CaseOrder{
			Order: o.Order, Task: string(o.Kind), Place: shownPlace(o.Place), Service: string(o.Service), Instruction: string(o.Instruction),
			Categories: texts(o.Categories), Due: o.Due, New: o.New,
		})
	}
	for _, b := range blocked {
		out.Blocked = append(out.Blocked, wire.CaseBlocked{Place: shownPlace(b.Place), Hold: b.Hold, Why: b.Why})
	}
	taken, at, err := c.taken(key, commands.Settled{})
	out.Stage, out.Next, out.Position = taken.Stage, taken.Next, uint64(at)
	return out, at, err
}
