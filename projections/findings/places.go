package findings

import (
	"container/heap"
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections/packed"
)

// origin is where actions with findings come from.
type origin struct {
	id          int64
	controller  domain.ControllerID
	service     domain.ServiceID
	instruction domain.InstructionID
	compelled   string
}

type originList []origin

// origins lists those that a query asks for and that may be told of.
func origins(conn *sqlite.Conn, q Query) (originList, error) {
	secret, err := q.Sight.Hidden(conn)
	if err != nil {
		return nil, err
	}
	var list originList
	err = rows(conn, "SELECT id, text FROM origin", func(stmt *sqlite.Stmt) error {
		b := make([]byte, stmt.ColumnLen(1))
		stmt.ColumnBytes(1, b)
		r := packed.Reading{Rest: b}
		o := origin{
			stmt.ColumnInt64(0), domain.ControllerID(r.Text()), domain.ServiceID(r.Text()), domain.InstructionID(r.Text()), r.Text(),
		}
		if (q.Controller == "" || q.Controller == o.controller) && (q.Service == "" || q.Service == o.service) &&
			(q.Instruction == "" || q.Instruction == o.instruction) && !secret[o.compelled] {
			list = append(list, o)
		}
		return done(&r)
	})
	return list, err
}

// places gives the lists of positions that hold what has any of the codes.
func (l originList) places(wanted []domain.Finding) []*place {
	var list []*place
	for _, o := range l {
		if len(wanted) == 0 {
			list = append(list, &place{origin: o.id, code: whole})
		}
		for _, code := range wanted {
			list = append(list, &place{origin: o.id, code: int64(code)})
		}
	}
	return list
}

// place is one list of positions, walked from its end.
type place struct{ origin, code, position int64 }

// next moves to the newest position in [lo, below); it answers false where there is none.
func (p *place) next(conn *sqlite.Conn, lo, below int64) (found bool, err error) {
	err = rows(conn, `SELECT position FROM place WHERE origin = ? AND code = ? AND position >= ? AND position < ?
		ORDER BY position DESC LIMIT 1`, func(stmt *sqlite.Stmt) error {
		p.position, found = stmt.ColumnInt64(0), true
		return nil
	}, p.origin, p.code, lo, below)
	return found, err
}

type newest []*place

func (n newest) Len() int           { return len(n) }
func (n newest) Less(i, j int) bool { return n[i].position > n[j].position }
func (n newest) Swap(i, j int)      { n[i], n[j] = n[j], n[i] }
func (n *newest) Push(x any)        { *n = append(*n, x.(*place)) }
func (n *newest) Pop() any {
	last := (*n)[len(*n)-1]
	*n = (*n)[:len(*n)-1]
	return last
}

// merge hands out the positions of several lists in [lo, hi), newest first and each once, until yield returns false.
func merge(conn *sqlite.Conn, places []*place, lo, hi int64, yield func(int64) (bool, error)) error {
	var err error
	front := newest(slices.DeleteFunc(places, func(p *place) bool {
		found, failed := p.next(conn, lo, hi)
		if failed != nil {
			err = failed
		}
		return !found
	}))
	if err != nil {
		return err
	}
	heap.Init(&front)
	for last := hi; len(front) > 0; {
		p := front[0]
		if p.position != last {
			if more, err := yield(p.position); err != nil || !more {
				return err
			}
			last = p.position
		}
		found, err := p.next(conn, lo, p.position)
		if err != nil {
			return err
		}
		if found {
			heap.Fix(&front, 0)
		} else {
			heap.Pop(&front)
		}
	}
	return nil
}
