// Package holdings is the view of what is held of one person: which categories of data, in which system, since when, on which
// instruction and basis (Art. 15(1), 30(2)).
//
// It says what the records say. A removal that names no category takes everything of the system it names; what names no system is about
// what the service itself holds; a move takes data away from where it says it came from. What was not said to be gone is held.
//
// It deliberately does not know who the person is, and says nothing of how long data is kept: what is due is another view's.
package holdings

import (
	_ "embed"
	"encoding/binary"

	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/sorted"
)

// Name is the view's name.
const Name = "holdings"

//go:embed schema.sql
var schema string

var (
	people = sorted.New("person", merge)
	names  = sorted.NewNames("name") // of systems, of categories, and of terms
)

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string { return Name }
func (projection) Version() int { return 2 }
func (projection) Schema() string {
	return schema + sorted.NamesSchema("name") + sorted.Schema("person")
}
func (projection) Folder() projections.Folder {
	return &folder{people: people.Writer(), names: names.Writer(), tallies: map[tallyKey]*tally{}}
}

type folder struct {
	people  *sorted.Writer
	names   *sorted.NameWriter
	tallies map[tallyKey]*tally

	text    []byte
	records []record
	taken   []record
	packed  []byte
}

// Fold takes in the next event.
func (f *folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	if fact, is := e.Fact.(dossier.ActionRecorded); is {
		if err := f.act(conn, e, &fact); err != nil {
			return err
		}
	}
	return f.people.Advance(conn, uint64(e.Position)+1)
}

// act takes in one action.
func (f *folder) act(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	base := record{touched: max(e.Time.UnixMilli(), 1)}
	switch a.Operation.Effect() {
	case domain.Brings:
		terms, err := f.terms(conn, a)
		if err != nil {
			return err
		}
		at := e.Time.UnixMilli()
		base.held, base.terms = true, terms
		base.since, base.newest, base.sinceAt, base.newestAt = at, at, int64(e.Position), int64(e.Position)
	case domain.Removes:
		base = record{cut: true}
	case domain.Withdraws:
		base.away = true
	case domain.Neither:
	}
	here := a.System
	if here == "" {
		here = ownPlace + string(a.Service)
	}
	records, err := f.spread(conn, f.records[:0], base, here, a.Categories)
	if err != nil {
		return err
	}
	f.records = records
	if a.Operation == domain.Move && a.From != "" && a.From != a.System {
		// The original is gone. Where the action does not say what was moved, all of it was.
		if f.taken, err = f.spread(conn, f.taken[:0], record{cut: true}, a.From, a.Categories); err != nil {
			return err
		}
		records = append(records, f.taken...)
		f.records = records
		f.count(e, a, a.From, domain.Removes)
	}
	f.count(e, a, a.System, a.Operation.Effect())
	f.packed = appendRecords(f.packed[:0], normal(records))
	return f.people.Put(uint64(a.Subject), 0, f.packed)
}

// ownPlace begins the name of what a service holds itself, where it names no system. No system's name begins so.
const ownPlace = "@"

// spread gives the record for each category named; where there is none, for all of the system's, except that what is brought
// without a category is held without one.
func (f *folder) spread(conn *sqlite.Conn, dst []record, base record, system string, categories []domain.Category) ([]record, error) {
	var err error
	if base.system, err = f.name(conn, system); err != nil {
		return nil, err
	}
	if len(categories) == 0 {
		if base.held {
			if base.category, err = f.name(conn, ""); err != nil {
				return nil, err
			}
		}
		return append(dst, base), nil
	}
	for _, c := range categories {
		if base.category, err = f.name(conn, string(c)); err != nil {
			return nil, err
		}
		dst = append(dst, base)
	}
	return dst, nil
}

func (f *folder) name(conn *sqlite.Conn, s string) (int64, error) {
	f.text = append(f.text[:0], s...)
	return f.names.ID(conn, f.text)
}

// terms gives the number of what data is held under.
func (f *folder) terms(conn *sqlite.Conn, a *dossier.ActionRecorded) (int64, error) {
	b := append(f.text[:0], 0) // no name of a system or category begins so
	for _, s := range [...]string{
		string(a.Controller), string(a.Service), string(a.Instruction), string(a.Basis), string(a.Location),
	} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	f.text = binary.AppendUvarint(b, uint64(a.Version))
	return f.names.ID(conn, f.text)
}

// Flush writes what is in memory.
func (f *folder) Flush(conn *sqlite.Conn) error {
	if err := f.writeTallies(conn); err != nil {
		return err
	}
	return f.people.Flush(conn)
}
