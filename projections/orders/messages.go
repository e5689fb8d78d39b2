package orders

import (
	"cmp"
	"context"
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
)

// Message is what a service is to hear of an order: that it is to be carried out, or that it was taken back.
type Message struct {
	Order
	// At is the position of the event, and TakenBack says which of the two it is.
	At        domain.Position
	TakenBack bool
}

// Messages lists what services are to hear after a position, nil for all, in the order of the ledger: orders that wait and recalls, at
// most limit. It gives the position at which the view stood, too. It returns domain.ErrUnavailable where the view does not answer.
func (o *Orders) Messages(ctx context.Context, after *domain.Position, limit int) ([]Message, domain.Position, error) {
	from := int64(-1)
	if after != nil {
		from = int64(*after)
	}
	var list []Message
	at, err := o.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		if err := rows(conn, "SELECT "+columns+" FROM sent WHERE answered IS NULL AND recalled IS NULL AND position > ? ORDER BY position LIMIT ?",
			[]any{from, int64(limit)}, func(found Order) { list = append(list, Message{found, found.Position, false}) }); err != nil {
			return err
		}
		return rows(conn, "SELECT "+columns+" FROM sent WHERE recalled > ? ORDER BY recalled LIMIT ?",
			[]any{from, int64(limit)}, func(found Order) { list = append(list, Message{found, found.Recall.Position, true}) })
	})
	slices.SortFunc(list, func(a, b Message) int { return cmp.Compare(a.At, b.At) })
	return list[:min(len(list), limit)], at, err
}
