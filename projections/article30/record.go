package article30

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/projections"
)

// DefaultUnused is after how many days what is declared and not done is drift, where a query does not say.
const DefaultUnused = 90

// maxUnused bounds the days that a query may say: ten years.
const maxUnused = 3660

// Query asks for the record.
type Query struct {
	Controller domain.ControllerID // empty for all
	// Day is the day as of which it is the record, by which what is declared and not done is drift; zero for that of Now.
	Day time.Time
	// Unused is after how many days what is declared and not done is drift, 0 for 90.
	Unused int
	projections.Sight
}

// Book is the record of the processor (Art. 30(2)).
type Book struct {
	// Processor is nil where it was not declared. It names the registration and the measures of Article 32(1).
	Processor *register.ProcessorDeclared
	// Contacts are those of the processor, by id; representatives and data protection officers are marked.
	Contacts []Contact
	// Recipients are those declared, which the records name.
	Recipients map[domain.RecipientID]register.RecipientDeclared
	Records    []Record // by controller
	// AsOf is the day as of which it is the record.
	AsOf time.Time
	// Position is where the view stood: it had all events before it.
	Position domain.Position
}

// Contact is a person who acts for a controller or the processor. Who that is rests sealed.
type Contact struct {
	register.Contact
	Representative, Officer bool // Art. 27, Art. 37
}

// Record is the record for one controller.
type Record struct {
	Controller register.ControllerDeclared
	Contacts   []Contact // by id
	// Activities are the categories of processing: one for each instruction, by its id.
	Activities []Activity
	// Transfers are those to countries outside the processor's territory that were seen, by country, recipient and instruction.
	Transfers []Transfer
	Drift     []Drift
}

// Activity is what is done under one instruction.
type Activity struct {
	Instruction domain.InstructionID
	// Version is the newest that was given, 0 where there was none: actions named an instruction that never was, or none at all.
	Version   int
	Terms     domain.Terms
	Given     domain.Warrant
	Withdrawn *domain.Warrant // nil where it was not withdrawn
	// Lines are what is declared in the newest version and what was seen under any, by dimension and value.
	Lines []Line
}

// Line is one operation, category, recipient or territory of an activity.
type Line struct {
	Dimension Dimension
	Value     string
	// Declared says that the newest version permits it.
	Declared bool
	Seen     Seen // zero where it was not seen
}

// Seen is when something was seen to be done.
type Seen struct {
	FirstAt domain.Position
	// First and Last are when it happened first and last.
	First, Last time.Time
}

// IsZero says that it was never seen.
func (s Seen) IsZero() bool { return s.First.IsZero() }

// Transfer is data that went outside the processor's territory.
type Transfer struct {
	Instruction domain.InstructionID
	Country     domain.Location
	Recipient   domain.RecipientID // empty where it stayed with us
	// Safeguard is the one of Articles 45 to 49 that the instruction or the recipient names, empty where neither does.
	Safeguard string
	// Order is the order of a court under which it was done, mostly none.
	Order string
	Seen  Seen
}

// Kind is a kind of drift.
type Kind string

// The kinds.
const (
	// Undeclared was done though the version of the instruction then in force does not permit it.
	Undeclared Kind = "undeclared"
	// Unused is declared, and was not done for a while.
	Unused Kind = "unused"
)

// Drift is where what is declared and what is done part.
type Drift struct {
	Kind        Kind
	Instruction domain.InstructionID
	Version     int // 0 where none was in force
	Dimension   Dimension
	Value       string
	Seen        Seen // zero where it was never seen
}

// Article30 answers queries.
type Article30 struct{ view projections.Reader }

// New makes an Article30 that reads from a view.
func New(view projections.Reader) *Article30 { return &Article30{view} }

var (
	errQuery  = errors.Wrap(domain.ErrInvalid, "question for the record of processing")
	errNobody = errors.Wrap(domain.ErrNotFound, "controller of a record of processing")
)

// Book gives the record: of one controller, or the processor's whole. It returns domain.ErrInvalid for a number of days
// that cannot be, domain.ErrNotFound for a controller that was not declared, and domain.ErrUnavailable where the view does not answer.
func (a *Article30) Book(ctx context.Context, q Query) (Book, error) {
	if q.Unused < 0 || q.Unused > maxUnused {
		return Book{}, errors.WithHint(errors.WithStack(errQuery), "Ask for 1 to 3,660 days without use.")
	}
	if q.Unused == 0 {
		q.Unused = DefaultUnused
	}
	var book Book
	if q.Day.IsZero() {
		q.Day = q.Now
	}
	q.Day = q.Day.UTC().Truncate(24 * time.Hour)
	position, err := a.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		s, err := declarations(conn, q.Controller)
		if err != nil {
			return err
		}
		if _, known := s.controllers[q.Controller]; q.Controller != "" && !known {
			return errors.WithHint(errors.Wrapf(errNobody, "%s", q.Controller), "Name a controller that the register lists.")
		}
		if err := s.observe(conn, q); err != nil {
			return err
		}
		book = s.book(q)
		return nil
	})
	book.Position = position
	return book, err
}

// given is one version of an instruction with the time since when it counts as declared: that of its record.
type given struct {
	instruction.Version
	since time.Time
}
