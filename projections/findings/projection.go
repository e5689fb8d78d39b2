// Package findings is the view of what was wrong: every recorded action with findings, by controller, service, instruction, code and
// day (Art. 5(2), 28(3)(h)), and the actions that a withdrawal of consent or an objection turned out to have met although the ledger
// learned of it only after they were recorded (Art. 7(3), 21).
//
// It deliberately judges nothing and names nobody in what it lists: the findings are those of the events. Subject keys stand only
// where the question is what happened to one person.
package findings

import (
	_ "embed"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/sorted"
)

// Name is the view's name.
const Name = "findings"

//go:embed schema.sql
var schema string

var (
	people = sorted.New("person", nil) // what bears on consents and objections
	names  = sorted.NewNames("name")   // shapes of actions, and the terms that they rested on
	starts = sorted.NewNames("origin") // controller, service, instruction, and the order of a court
)

// whole is the code under which an action with any finding is counted.
const whole = -1

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string { return Name }
func (projection) Version() int { return 1 }
func (projection) Schema() string {
	return schema + sorted.NamesSchema("name") + sorted.NamesSchema("origin") + sorted.Schema("person")
}
func (projection) Folder() projections.Folder {
	return &folder{
		people: people.Writer(), names: names.Writer(), origins: starts.Writer(), terms: map[terms]leaning{}, days: map[dayKey]int64{},
	}
}

type folder struct {
	people  *sorted.Writer
	names   *sorted.NameWriter
	origins *sorted.NameWriter

	courts map[string]bool // the orders of courts; nil before they were read
	terms  map[terms]leaning
	days   map[dayKey]int64 // since the last Flush
	text   []byte
	value  []byte
}

type dayKey struct {
	controller domain.ControllerID
	day, code  int64
	compelled  string
}

// maxTerms bounds the terms kept in memory. Others are looked up.
const maxTerms = 16_384

// Fold takes in the next event.
func (f *folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	if f.courts == nil {
		if err := f.load(conn); err != nil {
			return err
		}
	}
	if err := f.fold(conn, e); err != nil {
		return err
	}
	return f.people.Advance(conn, uint64(e.Position)+1)
}

func (f *folder) fold(conn *sqlite.Conn, e *domain.Recorded) error {
	switch fact := e.Fact.(type) {
	case dossier.ActionRecorded:
		if fact.Findings != 0 {
			if err := f.find(conn, e, &fact); err != nil {
				return err
			}
		}
		return f.lean(conn, e, &fact)
	case disclosure.Received:
		f.courts[fact.Order] = true
		until := int64(0)
		if !fact.ForbiddenUntil.IsZero() {
			until = fact.ForbiddenUntil.UnixMilli()
		}
		return write(conn, "INSERT OR REPLACE INTO court VALUES (?, ?)", fact.Order, until)
	case instruction.Given:
		if !fact.Terms.Marketing() {
			return nil
		}
		clear(f.terms)
		return write(conn, "INSERT OR REPLACE INTO marketing VALUES (?, ?, ?)", fact.Controller, fact.Instruction, fact.Version)
	default:
		return f.matter(conn, e)
	}
}

func (f *folder) load(conn *sqlite.Conn) error {
	f.courts = map[string]bool{}
	return rows(conn, "SELECT name FROM court", func(stmt *sqlite.Stmt) error {
		f.courts[stmt.ColumnText(0)] = true
		return nil
	})
}

// compelled gives the order of a court under which an action was taken. An order may be recorded after the action that names it, so
// whatever discloses under an order counts: what the law forbids telling must not show meanwhile.
func (f *folder) compelled(a *dossier.ActionRecorded) string {
	if a.Order != "" && (a.Operation.Discloses() || f.courts[a.Order]) {
		return a.Order
	}
	return ""
}

// find takes in an action with findings.
func (f *folder) find(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	compelled := f.compelled(a)
	f.text = appendShape(f.text[:0], a)
	shape, err := f.names.ID(conn, f.text)
	if err != nil {
		return err
	}
	f.text = appendTexts(f.text[:0], string(a.Controller), string(a.Service), string(a.Instruction), compelled)
	origin, err := f.origins.ID(conn, f.text)
	if err != nil {
		return err
	}
	if err := write(conn, "INSERT INTO found VALUES (?, ?, ?, ?, ?, ?)",
		int64(e.Position), e.Recorded.UnixMilli(), e.Time.UnixMilli(), int64(a.Findings), shape, a.Order); err != nil {
		return err
	}
	day := e.Recorded.Unix() / secondsOfDay
	for _, code := range codes(a.Findings) {
		if err := write(conn, "INSERT INTO place VALUES (?, ?, ?)", origin, code, int64(e.Position)); err != nil {
			return err
		}
		f.days[dayKey{a.Controller, day, code, compelled}]++
	}
	return nil
}

const secondsOfDay = 24 * 60 * 60

// codes gives the codes under which an action is counted.
func codes(set domain.FindingSet) []int64 {
	list := []int64{whole}
	for _, finding := range set.List() {
		list = append(list, int64(finding))
	}
	return list
}

// Flush writes what is in memory.
func (f *folder) Flush(conn *sqlite.Conn) error {
	for k, events := range f.days {
		if err := write(conn, `INSERT INTO day VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET events = events + excluded.events`, k.controller, k.day, k.code, k.compelled, events); err != nil {
			return err
		}
	}
	clear(f.days)
	return f.people.Flush(conn)
}

// write executes a statement that gives no rows.
func write(conn *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
}

// rows hands out the rows of a query.
func rows(conn *sqlite.Conn, query string, each func(*sqlite.Stmt) error, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: each})
}
