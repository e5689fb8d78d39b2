package findings

import (
	"context"
	"math"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
)

// MaxLimit bounds a page.
const MaxLimit = 1000

// Query asks for one page of actions with findings, newest first. Empty members ask for all.
type Query struct {
	Controller  domain.ControllerID
	Service     domain.ServiceID
	Instruction domain.InstructionID
	// Codes asks for actions with any of these findings.
	Codes []domain.Finding
	// From and Until bound when the ledger recorded it: from on, and before.
	From, Until time.Time
	// Before asks for what stands before a position: that of the last entry of the page before.
	Before *domain.Position
	// At asks for what was known when the log ended there, nil for now.
	At    *domain.Position
	Limit int // of entries, 0 for 100
	projections.Sight
}

// Entry is one recorded action with findings. Nobody stands in it: the event at the position says whose data it was.
type Entry struct {
	Position    domain.Position
	Recorded    time.Time
	Time        time.Time // by the service's clock
	Controller  domain.ControllerID
	Service     domain.ServiceID
	Instruction domain.InstructionID
	Version     int
	Operation   domain.Operation
	Basis       domain.Basis
	Stated      domain.Basis
	Categories  []domain.Category
	System      string
	From        string
	Location    domain.Location
	Recipient   domain.RecipientID
	Order       string
	Findings    domain.FindingSet
}

// Page is one page of actions with findings.
type Page struct {
	Entries []Entry
	// More says that further entries follow the last one.
	More bool
	// Position is where the view stood: it had all events before it.
	Position domain.Position
}

// Findings answers queries.
type Findings struct{ view projections.Reader }

// New makes a Findings that reads from a view.
func New(view projections.Reader) *Findings { return &Findings{view} }

var (
	errLimit  = errors.Wrap(domain.ErrInvalid, "limit of a page of findings")
	errBeyond = errors.Wrap(domain.ErrUnavailable, "the findings do not reach that position yet")
)

// List gives one page. It returns domain.ErrInvalid for a limit above 1,000, and domain.ErrUnavailable where the view does not
// answer or has not reached At.
func (f *Findings) List(ctx context.Context, q Query) (Page, error) {
	var err error
	if q.Limit, err = limited(q.Limit); err != nil {
		return Page{}, err
	}
	page := Page{Entries: []Entry{}}
	page.Position, err = f.view.Read(ctx, func(conn *sqlite.Conn, end domain.Position) error {
		lo, hi, err := bounds(conn, end, q.At, q.Before, q.From, q.Until)
		if err != nil {
			return err
		}
		found, err := origins(conn, q)
		if err != nil {
			return err
		}
		r := reader{conn: conn, shapes: map[int64][]byte{}}
		return merge(conn, found.places(q.Codes), lo, hi, func(position int64) (bool, error) {
			if page.More = len(page.Entries) == q.Limit; page.More {
				return false, nil
			}
			entry, err := r.entry(position)
			page.Entries = append(page.Entries, entry)
			return true, err
		})
	})
	return page, err
}

func limited(limit int) (int, error) {
	if limit == 0 {
		limit = 100
	}
	if limit < 0 || limit > MaxLimit {
		return 0, errors.WithHint(errors.WithStack(errLimit), "Ask for 1 to 1,000 entries.")
	}
	return limit, nil
}

// bounds gives the positions [lo, hi) that a query is about.
func bounds(conn *sqlite.Conn, end domain.Position, at, before *domain.Position, from, until time.Time) (lo, hi int64, err error) {
	hi = math.MaxInt64
	if at != nil {
		if *at > end {
			return 0, 0, errors.WithHint(errors.Wrapf(errBeyond, "%s", *at), "Ask again in a moment, or for a position that was recorded.")
		}
		hi = min(hi, int64(*at))
	}
	if before != nil {
		hi = min(hi, int64(*before))
	}
	if !from.IsZero() {
		if lo, err = since(conn, from.UnixMilli()); err != nil {
			return 0, 0, err
		}
	}
	if !until.IsZero() {
		last, err := since(conn, until.UnixMilli())
		if err != nil {
			return 0, 0, err
		}
		hi = min(hi, last)
	}
	return lo, hi, nil
}

// since gives the position of the first action with findings that was recorded at a time or later. Recorded times never go back,
// so that it is found by halving.
func since(conn *sqlite.Conn, ms int64) (int64, error) {
	lo, hi := int64(0), int64(0)
	if err := rows(conn, "SELECT max(position) + 1 FROM found", func(s *sqlite.Stmt) error { hi = s.ColumnInt64(0); return nil }); err != nil {
		return 0, err
	}
	for lo < hi {
		middle := lo + (hi-lo)/2
		position, recorded := hi, int64(math.MaxInt64)
		if err := rows(conn, "SELECT position, recorded FROM found WHERE position >= ? ORDER BY position LIMIT 1", func(s *sqlite.Stmt) error {
			position, recorded = s.ColumnInt64(0), s.ColumnInt64(1)
			return nil
		}, middle); err != nil {
			return 0, err
		}
		if recorded < ms {
			lo = position + 1
		} else {
			hi = middle
		}
	}
	return lo, nil
}

type reader struct {
	conn   *sqlite.Conn
	shapes map[int64][]byte
}

func (r *reader) entry(position int64) (Entry, error) {
	e, shape, found := Entry{Position: domain.Position(position)}, int64(0), false
	if err := rows(r.conn, "SELECT recorded, time, findings, shape, task FROM found WHERE position = ?", func(s *sqlite.Stmt) error {
		e.Recorded, e.Time, e.Findings = moment(s.ColumnInt64(0)), moment(s.ColumnInt64(1)), domain.FindingSet(s.ColumnInt64(2))
		shape, e.Order, found = s.ColumnInt64(3), s.ColumnText(4), true
		return nil
	}, position); err != nil {
		return e, err
	}
	if !found {
		return e, errors.AssertionFailedf("the findings lack the row of event %s", e.Position)
	}
	packed, known := r.shapes[shape]
	if !known {
		var err error
		if packed, err = names.Text(r.conn, shape); err != nil {
			return e, err
		}
		r.shapes[shape] = packed
	}
	return e, e.readShape(packed)
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
