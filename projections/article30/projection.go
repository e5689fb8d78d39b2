// Package article30 is the view that makes the processor's record of Article 30(2): who the processor and its controllers are, what is
// done for each, what goes to third countries, and by which measures it is protected. It is made of what was declared and of what was
// seen to be done, and says where the two drift apart: done though not declared, declared and not done. When something was seen is when it happened, by
// its publisher's clock, and not when that was reported.
//
// Purposes, categories of data, recipients and retention are shown beside what the article asks for.
//
// It deliberately opens nothing, so that contacts stay sealed, and judges no action: its findings are the events'.
package article30

import (
	_ "embed"
	"encoding/binary"
	"math"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/sorted"
)

// Name is the view's name.
const Name = "article30"

//go:embed schema.sql
var schema string

var names = sorted.NewNames("name") // of what can be observed

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string   { return Name }
func (projection) Version() int   { return 2 }
func (projection) Schema() string { return schema + sorted.NamesSchema("name") }
func (projection) Folder() projections.Folder {
	return &folder{names: names.Writer(), values: map[string]*value{}, shapes: map[string][]*value{}}
}

type folder struct {
	names  *sorted.NameWriter
	courts map[string]bool // the orders of courts; nil before they were read

	values map[string]*value   // what was seen, by its name
	shapes map[string][]*value // what actions show, by all of an action that repeats
	dirty  []*value            // those seen since the last Flush, in the order of their first sight in it
	key    []byte
}

// value is one thing that was seen, and when.
type value struct {
	packed               []byte
	name                 int64 // 0 before it was looked up
	firstAt, first, last int64 // of those that this folder saw; the file may have others
	dirty                bool
}

// maxShapes bounds the shapes kept in memory between transactions.
const maxShapes = 16_384

// Fold takes in the next event.
func (f *folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	if f.courts == nil {
		if err := f.load(conn); err != nil {
			return err
		}
	}
	switch fact := e.Fact.(type) {
	case dossier.ActionRecorded:
		f.act(e, &fact)
	case disclosure.Received:
		f.courts[fact.Order] = true
		until := int64(0)
		if !fact.ForbiddenUntil.IsZero() {
			until = fact.ForbiddenUntil.UnixMilli()
		}
		return write(conn, "INSERT OR REPLACE INTO court VALUES (?, ?)", fact.Order, until)
	default:
		if controller, ok := of(fact); ok {
			return write(conn, "INSERT INTO declared VALUES (?, ?, ?)", int64(e.Position), controller, e.Bytes)
		}
	}
	return nil
}

// of says to which controller a declaration belongs; ok is false for an event that is none.
func of(fact domain.Fact) (c domain.ControllerID, ok bool) {
	switch e := fact.(type) {
	case register.ProcessorDeclared, register.RecipientDeclared:
		return "", true
	case register.ControllerDeclared:
		return e.Controller, true
	case register.ContactDeclared:
		return e.Controller, true
	case instruction.Given:
		return e.Controller, true
	case instruction.Withdrawn:
		return e.Controller, true
	default:
		return "", false
	}
}

func (f *folder) load(conn *sqlite.Conn) error {
	f.courts = map[string]bool{}
	return rows(conn, "SELECT name FROM court", func(s *sqlite.Stmt) error { f.courts[s.ColumnText(0)] = true; return nil })
}

// act takes in one action.
func (f *folder) act(e *domain.Recorded, a *dossier.ActionRecorded) {
	compelled := ""
	// An order may be recorded after the action that names it, so whatever discloses under an order counts as compelled: what the law
	// forbids telling must not show meanwhile.
	if a.Order != "" && (a.Operation.Discloses() || f.courts[a.Order]) {
		compelled = a.Order
	}
	f.key = appendTexts(f.key[:0], string(a.Controller), string(a.Instruction), compelled, string(a.Operation), string(a.Location), string(a.Recipient))
	f.key = binary.AppendUvarint(f.key, uint64(a.Version))
	for _, c := range a.Categories {
		f.key = append(append(f.key, c...), ',')
	}
	shown, known := f.shapes[string(f.key)]
	if !known {
		for _, packed := range observations(a, compelled) {
			shown = append(shown, f.value(packed))
		}
		f.shapes[string(f.key)] = shown
	}
	at, happened := int64(e.Position), e.Time.UnixMilli()
	for _, v := range shown {
		if happened < v.first {
			v.firstAt, v.first = at, happened
		}
		v.last = max(v.last, happened)
		if !v.dirty {
			v.dirty = true
			f.dirty = append(f.dirty, v)
		}
	}
}

func (f *folder) value(packed []byte) *value {
	v := f.values[string(packed)]
	if v == nil {
		v = &value{packed: packed, first: math.MaxInt64, last: math.MinInt64}
		f.values[string(packed)] = v
	}
	return v
}

// Flush writes what is in memory.
func (f *folder) Flush(conn *sqlite.Conn) error {
	for _, v := range f.dirty {
		if err := f.write(conn, v); err != nil {
			return err
		}
		v.dirty = false
	}
	f.dirty = f.dirty[:0]
	if len(f.shapes) > maxShapes {
		clear(f.shapes)
		clear(f.values)
	}
	return nil
}

func (f *folder) write(conn *sqlite.Conn, v *value) (err error) {
	if v.name == 0 {
		if v.name, err = f.names.ID(conn, v.packed); err != nil {
			return err
		}
	}
	return write(conn, `INSERT INTO observed VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last),
		first_position = iif(excluded.first < first, excluded.first_position, first_position), first = min(first, excluded.first)`,
		v.name, v.firstAt, v.first, v.last)
}

// write executes a statement that gives no rows.
func write(conn *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
}

// rows hands out the rows of a query.
func rows(conn *sqlite.Conn, query string, each func(*sqlite.Stmt) error, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: each})
}
