package orders

import (
	"context"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections"
)

// MaxLimit bounds a page.
const MaxLimit = 1000

// State says how it stands with an order.
type State string

// The states.
const (
	Open      State = "open"
	Escalated State = "escalated" // not answered in time; a person was told
	Answered  State = "answered"
	Recalled  State = "recalled" // taken back, because a hold forbids it
)

// Order is one order to a service.
type Order struct {
	dossier.OrderSent
	Position domain.Position // of the event that sent it
	Sent     time.Time       // when that was recorded
	State    State
	// Recall says where and when it was taken back, nil where it was not, and Hold which hold forbids it.
	Recall *Entry
	Hold   string
	// Again says that the order was sent once more after it was taken back.
	Again bool
	// Escalation says where and when a person was told that it was not answered, nil where nobody was.
	Escalation *Entry
	// Answer is the action that answered it, nil where none did.
	Answer *Answer
}

// Entry is one entry of the ledger.
type Entry struct {
	Position domain.Position
	Recorded time.Time
}

// Answer is the action that answered an order.
type Answer struct {
	Entry
	Time      time.Time // by the service's clock
	Operation domain.Operation
	// Late says that it came after a person was told that there was none.
	Late bool
}

// Query asks for a page of orders. The zero value of a field asks for all.
type Query struct {
	Controller domain.ControllerID
	Service    domain.ServiceID // of the controller, which must be named too
	Case       string           // of the controller, which must be named too
	// Unanswered asks for the orders that wait, and Quiet for those of them that nobody was told of.
	Unanswered, Quiet bool
	// Waiting asks for those orders of cases that were taken back and not sent once more.
	Waiting bool
	// Erased asks for orders of no case to erase that were answered, in the order of the answers.
	Erased bool
	// AnsweredAfter and AnsweredSince leave out what was answered up to a position, nil for none, or before a time.
	AnsweredAfter *domain.Position
	AnsweredSince time.Time
	// State asks for the orders in one state.
	State State
	// SentBefore asks for the orders that were sent before a time.
	SentBefore time.Time
	// After leaves out the orders up to a position: the last one of the page before. nil leaves out none.
	After *domain.Position
	// Newest asks for the newest first; After then leaves out the orders from a position on.
	Newest bool
	// Limit is the most orders, 1 to 1,000; 0 means 100.
	Limit int
}

// Page is one page of orders.
type Page struct {
	Orders []Order
	More   bool
	// Position is where the view stood: it had all events before it.
	Position domain.Position
}

// Orders answers queries.
type Orders struct{ view projections.Reader }

// New makes an Orders that reads from a view.
func New(view projections.Reader) *Orders { return &Orders{view} }

var (
	errLimit = errors.Wrap(domain.ErrInvalid, "limit of orders")
	errScope = errors.Wrap(domain.ErrInvalid, "orders of a service or a case without a controller")
	errNone  = errors.Wrap(domain.ErrNotFound, "order to a service")
)

const columns = `position, id, controller, service, subject, kind, instruction, system, categories, reason, request, due, recorded, escalated,
	escalation, answered, answer, acted, operation, back, recipient, recalled, recall, hold, again, follows`

// where gives the condition of a query and what it compares with.
func (q *Query) where() (string, []any) {
	conditions, args := []string{"1"}, []any{}
	add := func(condition string, arg ...any) {
		conditions, args = append(conditions, condition), append(args, arg...)
	}
	if q.Controller != "" {
		add("controller = ?", string(q.Controller))
	}
	if q.Service != "" {
		add("service = ?", string(q.Service))
	}
	if q.Case != "" {
		add("request = ? AND request <> ''", q.Case)
	}
	if q.Unanswered || q.Quiet {
		add("answered IS NULL AND recalled IS NULL")
	}
	if q.Waiting {
		add("answered IS NULL AND recalled IS NOT NULL AND again IS NULL AND request <> ''")
	}
	if q.Erased {
		add("answered IS NOT NULL AND kind = 'erase' AND request = ''")
	}
	if q.AnsweredAfter != nil {
		add("answered > ?", int64(*q.AnsweredAfter))
	}
	if !q.AnsweredSince.IsZero() {
		add("answer >= ?", q.AnsweredSince.UnixMilli())
	}
	if q.Quiet {
		add("escalated IS NULL")
	}
	switch q.State {
	case Open:
		add("answered IS NULL AND escalated IS NULL AND recalled IS NULL")
	case Escalated:
		add("answered IS NULL AND escalated IS NOT NULL AND recalled IS NULL")
	case Recalled:
		add("answered IS NULL AND recalled IS NOT NULL")
	case Answered:
		add("answered IS NOT NULL")
	}
	if !q.SentBefore.IsZero() {
		add("recorded < ?", q.SentBefore.UnixMilli())
	}
	if q.After != nil {
		if q.Newest {
			add("position < ?", int64(*q.After))
		} else {
			add("position > ?", int64(*q.After))
		}
	}
	return strings.Join(conditions, " AND "), args
}

// List gives a page of orders in the order in which they were sent. It returns domain.ErrInvalid for a query outside the limits, and
// domain.ErrUnavailable where the view does not answer.
func (o *Orders) List(ctx context.Context, q Query) (Page, error) {
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Limit < 0 || q.Limit > MaxLimit {
		return Page{}, errors.WithHint(errors.WithStack(errLimit), "Ask for 1 to 1,000 orders.")
	}
	if q.Controller == "" && (q.Service != "" || q.Case != "") {
		return Page{}, errors.WithHint(errors.WithStack(errScope), "Name the controller whose service or case it is.")
	}
	condition, args := q.where()
	direction := " ORDER BY position LIMIT ?"
	switch {
	case q.Newest:
		direction = " ORDER BY position DESC LIMIT ?"
	case q.Erased:
		direction = " ORDER BY answered LIMIT ?"
	case q.Quiet && !q.SentBefore.IsZero():
		// The same order, since recorded times never go back, and one that ends where the time does.
		direction = " ORDER BY recorded, position LIMIT ?"
	}
	page := Page{Orders: []Order{}}
	var err error
	page.Position, err = o.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		return rows(conn, "SELECT "+columns+" FROM sent WHERE "+condition+direction, append(args, int64(q.Limit+1)), func(found Order) {
			if page.More = len(page.Orders) == q.Limit; !page.More {
				page.Orders = append(page.Orders, found)
			}
		})
	})
	return page, err
}

// ByID gives the newest order with an id under a controller. It returns domain.ErrNotFound where none was sent, and
// domain.ErrUnavailable where the view does not answer.
func (o *Orders) ByID(ctx context.Context, c domain.ControllerID, id string) (Order, domain.Position, error) {
	var list []Order
	at, err := o.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		return rows(conn, "SELECT "+columns+" FROM sent WHERE id = ? AND controller = ? ORDER BY position DESC LIMIT 1", []any{id, string(c)},
			func(found Order) { list = append(list, found) })
	})
	if err == nil && len(list) == 0 {
		err = errors.WithHint(errors.WithStack(errNone), "Name an order as the message to the service did.")
	}
	if err != nil {
		return Order{}, at, err
	}
	return list[0], at, nil
}

func rows(conn *sqlite.Conn, query string, args []any, yield func(Order)) error {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			stmt.BindText(1+i, arg)
		case int64:
			stmt.BindInt64(1+i, arg)
		}
	}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return errors.CombineErrors(err, stmt.Reset())
		}
		yield(scan(stmt))
	}
}

// scan reads a row of the columns.
func scan(stmt *sqlite.Stmt) Order {
	o := Order{Position: domain.Position(stmt.ColumnInt64(0)), Sent: moment(stmt.ColumnInt64(12)), State: Open}
	o.Order = stmt.ColumnText(1)
	o.Controller, o.Service = domain.ControllerID(stmt.ColumnText(2)), domain.ServiceID(stmt.ColumnText(3))
	o.Subject, o.Kind = domain.SubjectKey(stmt.ColumnInt64(4)), dossier.TaskKind(stmt.ColumnText(5))
	o.Instruction, o.System = domain.InstructionID(stmt.ColumnText(6)), stmt.ColumnText(7)
	for _, c := range strings.Fields(stmt.ColumnText(8)) {
		o.Categories = append(o.Categories, domain.Category(c))
	}
	o.Reason, o.Case, o.Due = stmt.ColumnText(9), stmt.ColumnText(10), moment(stmt.ColumnInt64(11))
	o.Return = stmt.ColumnInt64(19) == 1
	o.Recipient, o.After = domain.RecipientID(stmt.ColumnText(20)), stmt.ColumnText(25)
	if !stmt.ColumnIsNull(13) {
		o.State, o.Escalation = Escalated, &Entry{domain.Position(stmt.ColumnInt64(13)), moment(stmt.ColumnInt64(14))}
	}
	if !stmt.ColumnIsNull(21) {
		o.State, o.Recall = Recalled, &Entry{domain.Position(stmt.ColumnInt64(21)), moment(stmt.ColumnInt64(22))}
	}
	o.Hold, o.Again = stmt.ColumnText(23), !stmt.ColumnIsNull(24)
	if !stmt.ColumnIsNull(15) {
		o.State = Answered
		o.Answer = &Answer{
			Entry: Entry{domain.Position(stmt.ColumnInt64(15)), moment(stmt.ColumnInt64(16))}, Time: moment(stmt.ColumnInt64(17)),
			Operation: domain.Operation(stmt.ColumnText(18)), Late: o.Escalation != nil,
		}
	}
	return o
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
