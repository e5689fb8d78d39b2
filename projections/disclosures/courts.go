package disclosures

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/projections"
)

// MaxActions bounds the actions listed of one order.
const MaxActions = 1000

// Order is an order of a court or an authority with what was done under it.
type Order struct {
	disclosure.Order
	// ReceivedAt is the position of the event that it was received, InformedAt of the one that the controller was told, nil where it
	// was not.
	ReceivedAt domain.Position
	InformedAt *domain.Position
	// Secret says that the law forbids telling of it at the time of the question.
	Secret bool
	// Actions are the first 1,000, in the order of the log, of Count.
	Actions []Disclosure
	Count   uint64
}

// Orders lists the orders to disclose under a controller, or under all where it is empty, by position, and gives the position at which
// the view stood. It returns domain.ErrUnavailable where the view does not answer.
func (d *Disclosures) Orders(ctx context.Context, c domain.ControllerID, sight projections.Sight) ([]Order, domain.Position, error) {
	list := []Order{}
	at, err := d.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		if err := rows(conn, `SELECT position, event, informed, informed_at FROM court WHERE ?1 = '' OR controller = ?1 ORDER BY position`,
			func(s *sqlite.Stmt) error {
				o, err := order(s)
				if err != nil {
					return err
				}
				o.Secret = o.Order.Secret(sight.Now)
				if !o.Secret || sight.Secret {
					list = append(list, o)
				}
				return nil
			}, c); err != nil {
			return err
		}
		shapes := shapeCache{conn, map[int64]*shape{}}
		for i := range list {
			if err := list[i].actions(conn, &shapes); err != nil {
				return err
			}
		}
		return nil
	})
	return list, at, err
}

func order(s *sqlite.Stmt) (Order, error) {
	event, err := catalog.Decode(blob(s, 1))
	if err != nil {
		return Order{}, errors.Wrap(err, "row of a court's order")
	}
	o := Order{ReceivedAt: domain.Position(s.ColumnInt64(0))}
	o.Received, _ = event.Fact.(disclosure.Received)
	if ms := s.ColumnInt64(2); ms != 0 {
		o.Informed = moment(ms)
	}
	if at := s.ColumnInt64(3); at >= 0 {
		position := domain.Position(at)
		o.InformedAt = &position
	}
	return o, nil
}

// actions reads what was done under the order.
func (o *Order) actions(conn *sqlite.Conn, shapes *shapeCache) error {
	if err := rows(conn, "SELECT count(*) FROM compelled WHERE name = ?", func(s *sqlite.Stmt) error {
		o.Count = uint64(s.ColumnInt64(0))
		return nil
	}, o.Received.Order); err != nil {
		return err
	}
	return rows(conn, "SELECT position, shape, subject, time FROM compelled WHERE name = ? ORDER BY position LIMIT ?", func(s *sqlite.Stmt) error {
		e := entry{position: uint64(s.ColumnInt64(0)), subject: domain.SubjectKey(s.ColumnInt64(2)), time: moment(s.ColumnInt64(3))}
		var err error
		if e.shape, err = shapes.get(s.ColumnInt64(1)); err == nil {
			o.Actions = append(o.Actions, e.disclosure())
		}
		return err
	}, o.Received.Order, MaxActions)
}

// Withheld counts what must not be told under one controller.
type Withheld struct {
	Controller domain.ControllerID
	Orders     uint64
	Events     uint64 // recorded actions under the orders, one for each person of an action
}

// Withheld counts, for the supervisory authority, the orders that must not be told of at a time and what was done under them, by
// controller, and gives the position at which the view stood. It returns domain.ErrUnavailable where the view does not answer.
func (d *Disclosures) Withheld(ctx context.Context, now time.Time) ([]Withheld, domain.Position, error) {
	found := map[domain.ControllerID]*Withheld{}
	at, err := d.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		return rows(conn, `SELECT controller, until, (SELECT count(*) FROM compelled WHERE compelled.name = court.name) FROM court
			WHERE until <> 0`, func(s *sqlite.Stmt) error {
			if !now.Before(moment(s.ColumnInt64(1))) {
				return nil
			}
			c := domain.ControllerID(s.ColumnText(0))
			if found[c] == nil {
				found[c] = &Withheld{Controller: c}
			}
			found[c].Orders++
			found[c].Events += uint64(s.ColumnInt64(2))
			return nil
		})
	})
	list := make([]Withheld, 0, len(found))
	for _, w := range found {
		list = append(list, *w)
	}
	slices.SortFunc(list, func(a, b Withheld) int { return cmp.Compare(a.Controller, b.Controller) })
	return list, at, err
}

// Secrets gives the names of the orders that must not be told of at a time, so that whoever shows what other views have of a person or
// a controller leaves out the actions that name them. It returns domain.ErrUnavailable where the view does not answer.
func (d *Disclosures) Secrets(ctx context.Context, now time.Time) (names map[string]bool, at domain.Position, err error) {
	at, err = d.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		names, err = projections.Sight{Now: now}.Hidden(conn)
		return err
	})
	return names, at, err
}
