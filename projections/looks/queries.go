package looks

import (
	"context"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/projections"
)

// MaxLimit bounds a page.
const MaxLimit = 1000

// Look is one look into the ledger.
type Look struct {
	Position   domain.Position
	Time       time.Time // when it was
	Kind       Kind
	By         oversight.By
	Controller domain.ControllerID // empty for all
	Subjects   []domain.SubjectKey // of the person whose record it was
	Fact       domain.Fact         // one of those in domain/oversight
}

// Query asks for a page of looks, the newest first. The zero value of a field asks for all.
type Query struct {
	Controller domain.ControllerID
	// Subjects asks for the looks at the record of the person with these keys.
	Subjects []domain.SubjectKey
	Actor    domain.ContactID
	// Unnamed asks for the looks of those who did not say who they are.
	Unnamed bool
	Kind    Kind
	Reason  oversight.Reason
	Case    string
	// From and To ask for the looks from a time on and before another.
	From, To time.Time
	// Before leaves out the looks from a position on: that of the last one of the page before. nil leaves out none.
	Before *domain.Position
	// Limit is the most looks, 1 to 1,000; 0 means 100.
	Limit int
}

// Page is one page of looks.
type Page struct {
	Looks []Look
	More  bool
	// Position is where the view stood: it had all events before it.
	Position domain.Position
}

// Looks answers queries.
type Looks struct{ view projections.Reader }

// New makes a Looks that reads from a view.
func New(view projections.Reader) *Looks { return &Looks{view} }

var errLimit = errors.Wrap(domain.ErrInvalid, "limit of looks")

// where gives the condition of a query and what it compares with.
func (q *Query) where() (string, []any) {
	conditions, args := []string{"1"}, []any{}
	add := func(set bool, condition string, arg ...any) {
		if set {
			conditions, args = append(conditions, condition), append(args, arg...)
		}
	}
	add(q.Controller != "", "controller = ?", string(q.Controller))
	add(q.Actor != "", "actor = ?", string(q.Actor))
	add(q.Unnamed, "actor = ''")
	add(q.Kind != "", "kind = ?", string(q.Kind))
	add(q.Reason != "", "reason = ?", string(q.Reason))
	add(q.Case != "", "request = ? AND request <> ''", q.Case)
	add(!q.From.IsZero(), "looked >= ?", q.From.UnixMilli())
	add(!q.To.IsZero(), "looked < ?", q.To.UnixMilli())
	if q.Before != nil {
		add(true, "position < ?", int64(*q.Before))
	}
	if len(q.Subjects) > 0 {
		keys := make([]any, len(q.Subjects))
		for i, key := range q.Subjects {
			keys[i] = int64(key)
		}
		add(true, "position IN (SELECT position FROM person WHERE subject IN (?"+strings.Repeat(", ?", len(keys)-1)+"))", keys...)
	}
	return strings.Join(conditions, " AND "), args
}

// List gives a page of looks. It returns domain.ErrInvalid for a limit that cannot be, and domain.ErrUnavailable where the view does
// not answer.
func (l *Looks) List(ctx context.Context, q Query) (Page, error) {
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Limit < 0 || q.Limit > MaxLimit {
		return Page{}, errors.WithHint(errors.WithStack(errLimit), "Ask for 1 to 1,000 looks.")
	}
	condition, args := q.where()
	page := Page{Looks: []Look{}}
	var err error
	page.Position, err = l.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		return sqlitex.Execute(conn, "SELECT position, event FROM look WHERE "+condition+" ORDER BY position DESC LIMIT ?", &sqlitex.ExecOptions{
			Args: append(args, int64(q.Limit+1)),
			ResultFunc: func(stmt *sqlite.Stmt) error {
				if page.More = len(page.Looks) == q.Limit; page.More {
					return nil
				}
				look, err := scan(stmt)
				page.Looks = append(page.Looks, look)
				return err
			},
		})
	})
	return page, err
}

func scan(stmt *sqlite.Stmt) (Look, error) {
	at := domain.Position(stmt.ColumnInt64(0))
	stored := make([]byte, stmt.ColumnLen(1))
	stmt.ColumnBytes(1, stored)
	event, err := catalog.Decode(stored)
	if err != nil {
		return Look{}, errors.Wrapf(err, "row of look %s", at)
	}
	s, is := scopeOf(event.Fact)
	if !is {
		return Look{}, errors.AssertionFailedf("event %s among the looks is none", at)
	}
	return Look{Position: at, Time: event.Time, Kind: s.kind, By: s.by, Controller: s.controller, Subjects: s.subjects, Fact: event.Fact}, nil
}
