// Package retention is the view of how long data may still be kept: what was brought of whom by which service under which
// instruction into which system, from when its period runs, when it is due, and what stands in the way (Art. 5(1)(e), 17, 18(2)).
//
// The rules are those of the version in force when the data was last brought; what follows from them for each category is
// domain.Ends. A period runs from the newest time at which data was collected, recorded or stored; a copy, a move or a derivation
// has the time of what it was made from. An occasion such as a closed order starts the periods of what had been brought by then;
// what is collected after it waits for the next. An instruction that was withdrawn stands again once it is given again. A category that stands in the same system under another instruction whose period has not ended is not due before
// that one (Art. 17(1)(a)). Nothing moves a due date but newer data: neither a hold nor its release.
//
// Data is gone when a removal that its instruction counts as erasure names its system and its category, or no category at all, or
// when it was moved away. What names no system is about what the service itself holds, be it an action or an order.
//
// It deliberately sends no orders, looks at no clock, and does not know who the person is.
package retention

import (
	_ "embed"

	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/sorted"
)

// Name is the view's name.
const Name = "retention"

//go:embed schema.sql
var schema string

var names = sorted.NewNames("name") // of items, instructions, controllers, operations, and sets of categories

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string   { return Name }
func (projection) Version() int   { return 2 }
func (projection) Schema() string { return schema + sorted.NamesSchema("name") }

// Random says that the row of a person is read back for every event about them, and written again.
func (projection) Random() {}

var _ projections.Random = projection{}

func (projection) Folder() projections.Folder {
	return &folder{book: newBook(), names: names.Writer(), people: map[domain.SubjectKey]*person{}, tallies: map[tallyKey]int64{}}
}

// Bounds of what is kept in memory.
const (
	maxDirty  = 32_768 // people changed and not written
	maxPeople = 8_192  // people kept between transactions
)

type folder struct {
	book    *book
	names   *sorted.NameWriter
	people  map[domain.SubjectKey]*person
	dirty   []domain.SubjectKey
	tallies map[tallyKey]int64
	work    reckoning // of one person at a time

	text, packed []byte
}

// Fold takes in the next event.
func (f *folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	if len(f.dirty) >= maxDirty {
		if err := f.Flush(conn); err != nil {
			return err
		}
	}
	switch fact := e.Fact.(type) {
	case dossier.ActionRecorded:
		return f.act(conn, e, &fact)
	case dossier.OccasionRecorded:
		return f.occasion(conn, fact.Of, fact.Instruction, triggerKind(fact.Occasion), e)
	case dossier.ConsentGiven:
		return f.occasion(conn, fact.Of, fact.Instruction, consentGiven, e)
	case dossier.ConsentWithdrawn:
		return f.occasion(conn, fact.Of, fact.Instruction, consentWithdrawn, e)
	case dossier.OrderSent:
		return f.ordered(conn, e, &fact)
	case dossier.OrderRecalled:
		return f.recalled(conn, &fact)
	case dossier.HoldPlaced:
		return f.hold(conn, e, &fact)
	case dossier.HoldReleased:
		return f.release(conn, &fact)
	case dossier.IdentifierLinked:
		return f.join(conn, &fact)
	case instruction.Given:
		return f.give(conn, &fact)
	case instruction.Withdrawn:
		return f.withdraw(conn, &fact)
	}
	return nil
}

// name gives the number of a text of a kind.
func (f *folder) name(conn *sqlite.Conn, kind byte, parts ...string) (int64, error) {
	f.text = appendName(f.text[:0], kind, parts...)
	return f.names.ID(conn, f.text)
}
