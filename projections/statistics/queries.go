package statistics

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
)

// Limits of a query.
const (
	// DefaultFew is below how many events a number is not shown, where a query does not say; MinFew is the least that it may say.
	DefaultFew = 10
	MinFew     = 5
	MaxDays    = 366
)

// Query asks what was done on the days from From to Until, both included, at most 366. Empty members ask for all.
type Query struct {
	Controller  domain.ControllerID
	Instruction domain.InstructionID
	Kind        string // of identifier: ip for visitors in a server's log
	From, Until time.Time
	Few         int // below how many events a number is not shown, 0 for 10
}

// Cell is how much of one operation was done on one day.
type Cell struct {
	Controller  domain.ControllerID
	Day         time.Time // UTC, by the services' clocks
	Instruction domain.InstructionID
	Kind        string
	Operation   domain.Operation
	// Events counts one for each person of an action. Where they are few it is 0, and Few is set.
	Events uint64
	Few    bool
}

// Page is an answer.
type Page struct {
	Cells []Cell // by controller, day, instruction, kind and operation
	// Events is the sum of what is shown: with the numbers that are not, one could be found from the others.
	Events uint64
	// Hidden is how many cells have too few events to be shown.
	Hidden   uint64
	Position domain.Position // where the view stood: it had all events before it
}

// Statistics answers queries.
type Statistics struct{ view projections.Reader }

// New makes a Statistics that reads from a view.
func New(view projections.Reader) *Statistics { return &Statistics{view} }

var errQuery = errors.Wrap(domain.ErrInvalid, "question for the statistics")

// Days gives how much was done on each day. It returns domain.ErrInvalid for a query outside the limits, and domain.ErrUnavailable
// where the view does not answer.
func (s *Statistics) Days(ctx context.Context, q Query) (Page, error) {
	if q.Few == 0 {
		q.Few = DefaultFew
	}
	first, last := days(q.From.Unix()), days(q.Until.Unix())
	if q.From.IsZero() || last < first || last-first >= MaxDays || q.Few < MinFew {
		return Page{}, errors.WithHint(errors.WithStack(errQuery),
			"Ask for the first and the last day, at most 366 days, and hide numbers below 5 or more.")
	}
	page := Page{Cells: []Cell{}}
	var err error
	page.Position, err = s.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		return rows(conn, `SELECT controller, day, instruction, kind, operation, events FROM daily
			WHERE (?1 = '' OR controller = ?1) AND day BETWEEN ?2 AND ?3 AND (?4 = '' OR instruction = ?4) AND (?5 = '' OR kind = ?5)
			ORDER BY controller, day, instruction, kind, operation`, func(stmt *sqlite.Stmt) error {
			c := Cell{
				Controller: domain.ControllerID(stmt.ColumnText(0)), Day: time.Unix(stmt.ColumnInt64(1)*secondsOfDay, 0).UTC(),
				Instruction: domain.InstructionID(stmt.ColumnText(2)), Kind: stmt.ColumnText(3), Operation: domain.Operation(stmt.ColumnText(4)),
			}
			if events := stmt.ColumnInt64(5); events < int64(q.Few) {
				c.Few = true
				page.Hidden++
			} else {
				c.Events = uint64(events)
				page.Events += c.Events
			}
			page.Cells = append(page.Cells, c)
			return nil
		}, q.Controller, first, last, q.Instruction, q.Kind)
	})
	return page, err
}
