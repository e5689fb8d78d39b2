package retention

import (
	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// hold takes in that a reason forbids removing data.
func (f *folder) hold(conn *sqlite.Conn, e *domain.Recorded, h *dossier.HoldPlaced) error {
	key, _, err := f.person(conn, h.Subject)
	if err != nil {
		return err
	}
	text, err := json.Marshal(h, json.Deterministic(true))
	if err != nil {
		return errors.Wrap(err, "hold of the retention view")
	}
	stmt, err := conn.Prepare("INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(e.Position))
	stmt.BindText(2, string(h.Controller))
	stmt.BindInt64(3, int64(key))
	stmt.BindText(4, h.Hold)
	stmt.BindInt64(5, e.Time.UnixMilli())
	stmt.BindText(6, string(text))
	return step(stmt)
}

// release takes in that a hold ended: what it kept can be ordered at once, whatever was ordered lately.
func (f *folder) release(conn *sqlite.Conn, h *dossier.HoldReleased) error {
	key, p, err := f.person(conn, h.Subject)
	if err != nil {
		return err
	}
	for n := range p.items {
		if i := &p.items[n]; !i.done && i.order == "" && i.sent != 0 && i.of.controller == h.Controller {
			i.sent = 0
			f.touch(key, p)
		}
	}
	stmt, err := conn.Prepare("DELETE FROM hold WHERE subject = ? AND id = ? AND controller = ?")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(key))
	stmt.BindText(2, h.Hold)
	stmt.BindText(3, string(h.Controller))
	return step(stmt)
}

// recalled takes in that an order was taken back. What it asked for can be ordered again at once.
func (f *folder) recalled(conn *sqlite.Conn, o *dossier.OrderRecalled) error {
	key, p, err := f.person(conn, o.Subject)
	if err != nil {
		return err
	}
	for n := range p.items {
		if i := &p.items[n]; i.order == o.Order && i.of.controller == o.Controller {
			i.order, i.sent = "", 0
			f.touch(key, p)
		}
	}
	return nil
}
