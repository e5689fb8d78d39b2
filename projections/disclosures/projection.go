// Package disclosures is the view of where data went: to which recipients and countries, with which safeguards, under which orders of
// courts, and, for one person, in which places copies are and who was given them (Art. 15(1)(c), 19, 28(2), 30(2)(c), 44-49).
//
// What the register says of a recipient or a territory is taken as it stood when the action was recorded. While the law forbids
// telling of an order, what was done under it is left out of every answer that does not ask for it.
//
// Telling a recipient what became of the data it was given, as an order of the ledger asks (Art. 19), gives it nothing and is no
// disclosure.
//
// It deliberately tells nobody: who is to be told is for others to read here.
package disclosures

import (
	_ "embed"
	"encoding/binary"
	"slices"
	"strings"
	"time"

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
const Name = "disclosures"

//go:embed schema.sql
var schema string

var (
	people = sorted.New("person", nil)      // what bears on where a person's data is
	given  = sorted.New("given", keepOlder) // to which recipients a person's data went, once each
	names  = sorted.NewNames("name")        // of shapes, and of recipients of a controller
)

func keepOlder(dst, older, _ []byte) []byte { return append(dst, older...) }

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string { return Name }
func (projection) Version() int { return 3 }
func (projection) Schema() string {
	return schema + sorted.NamesSchema("name") + sorted.Schema("person") + sorted.Schema("given")
}
func (projection) Folder() projections.Folder {
	return &folder{people: people.Writer(), given: given.Writer(), names: names.Writer(), flows: map[int64]*flow{}}
}

type folder struct {
	people *sorted.Writer
	given  *sorted.Writer
	names  *sorted.NameWriter
	known  *known // nil before it was read
	flows  map[int64]*flow

	text, value []byte
}

// flow counts since the last Flush.
type flow struct{ events, firstAt, lastAt, first, last int64 }

// Fold takes in the next event.
func (f *folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	if f.known == nil {
		k, err := load(conn)
		if err != nil {
			return err
		}
		f.known = k
	}
	if err := f.fold(conn, e); err != nil {
		return err
	}
	next := uint64(e.Position) + 1
	if err := f.people.Advance(conn, next); err != nil {
		return err
	}
	return f.given.Advance(conn, next)
}

func (f *folder) fold(conn *sqlite.Conn, e *domain.Recorded) error {
	switch fact := e.Fact.(type) {
	case dossier.ActionRecorded:
		return f.act(conn, e, &fact)
	case register.ProcessorDeclared:
		f.known.territory = fact.Territory
		return write(conn, "INSERT OR REPLACE INTO declared VALUES ('', ?)", e.Bytes)
	case register.RecipientDeclared:
		f.known.recipients[fact.Recipient] = fact
		return write(conn, "INSERT OR REPLACE INTO declared VALUES (?, ?)", fact.Recipient, e.Bytes)
	case instruction.Given:
		if fact.Terms.Safeguard != "" {
			f.known.safeguards[version{fact.Controller, fact.Instruction, fact.Version}] = fact.Terms.Safeguard
		}
		return write(conn, "INSERT OR REPLACE INTO terms VALUES (?, ?, ?, ?, ?)", fact.Controller, fact.Instruction, fact.Version,
			fact.Terms.Safeguard, joined(fact.Terms.Erasure))
	case dossier.OrderSent:
		if fact.Kind != dossier.TaskTell {
			return nil
		}
		return write(conn, "INSERT OR IGNORE INTO notice VALUES (?, ?)", fact.Controller, fact.Order)
	case disclosure.Received:
		f.known.courts[fact.Order] = true
		return write(conn, "INSERT OR REPLACE INTO court VALUES (?, ?, ?, ?, ?, 0, -1)", fact.Order, fact.Controller, int64(e.Position), e.Bytes,
			millis(fact.ForbiddenUntil))
	case disclosure.Informed:
		return write(conn, "UPDATE court SET informed = ?, informed_at = ? WHERE name = ?", millis(fact.On), int64(e.Position), fact.Order)
	}
	return nil
}

// millis gives 0 for no time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func joined[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i] = string(one)
	}
	return strings.Join(texts, ",")
}

// noticed says that the order which an action names is to tell a recipient.
func noticed(conn *sqlite.Conn, a *dossier.ActionRecorded) (is bool, err error) {
	err = rows(conn, "SELECT 1 FROM notice WHERE controller = ? AND name = ?", func(*sqlite.Stmt) error { is = true; return nil },
		a.Controller, a.Order)
	return is, err
}

// act takes in one action.
func (f *folder) act(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	s := shapeOf(a)
	if a.Order != "" && s.discloses() {
		notice, err := noticed(conn, a)
		if err != nil {
			return err
		}
		s.notice = notice
	}
	if !s.notice {
		s.abroad, s.safeguard = f.known.abroad(a)
	}
	if !s.matters() {
		return nil
	}
	// An order may be recorded after the action that names it, so whatever discloses under an order counts as compelled: what the law
	// forbids telling must not show meanwhile.
	if a.Order != "" && !s.notice && (a.Operation.Discloses() || f.known.courts[a.Order]) {
		s.compelled = a.Order
	}
	f.text = appendShape(f.text[:0], &s, a.Categories)
	id, err := f.names.ID(conn, f.text)
	if err != nil {
		return err
	}
	if s.flows() {
		f.count(id, e)
	}
	if s.discloses() {
		if err := f.give(conn, &s, a.Subject); err != nil {
			return err
		}
	}
	if s.compelled != "" {
		if err := write(conn, "INSERT INTO compelled VALUES (?, ?, ?, ?, ?)", s.compelled, int64(e.Position), id, uint64(a.Subject),
			e.Time.UnixMilli()); err != nil {
			return err
		}
	}
	f.value = binary.AppendVarint(binary.AppendUvarint(f.value[:0], uint64(id)), e.Time.UnixMilli()-epoch)
	if a.Operation.Removal() || a.Operation == domain.Move || s.notice {
		// What ended a copy is cited by its id.
		f.value = append(binary.AppendUvarint(f.value, uint64(len(e.ID))), e.ID...)
		f.value = append(f.value, a.Order...)
	}
	return f.people.Put(uint64(a.Subject), uint64(e.Position), f.value)
}

// epoch is the beginning of 2020 in milliseconds: what is kept for every action is kept short.
const epoch = 1_577_836_800_000

func (f *folder) count(id int64, e *domain.Recorded) {
	at, happened := int64(e.Position), e.Time.UnixMilli()
	c := f.flows[id]
	if c == nil {
		c = &flow{firstAt: at, first: happened, lastAt: at, last: happened}
		f.flows[id] = c
	}
	c.events++
	if happened < c.first {
		c.firstAt, c.first = at, happened
	}
	if happened >= c.last {
		c.lastAt, c.last = at, happened
	}
}

// give keeps that data of a person went to a recipient.
func (f *folder) give(conn *sqlite.Conn, s *shape, subject domain.SubjectKey) error {
	f.text = appendGiven(f.text[:0], s)
	id, err := f.names.ID(conn, f.text)
	if err != nil {
		return err
	}
	return f.given.Put(uint64(id), uint64(subject), nil)
}

// appendGiven names a recipient under a controller and an order. No shape begins so: a controller has a name.
func appendGiven(b []byte, s *shape) []byte {
	b = append(b, 0)
	for _, text := range [...]string{string(s.controller), string(s.recipient), s.compelled} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return b
}

// Flush writes what is in memory.
func (f *folder) Flush(conn *sqlite.Conn) error {
	ids := make([]int64, 0, len(f.flows))
	for id := range f.flows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		c := f.flows[id]
		if err := write(conn, `INSERT INTO flow VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET events = events + excluded.events,
			first_position = iif(excluded.first < first, excluded.first_position, first_position), first = min(first, excluded.first),
			last_position = iif(excluded.last >= last, excluded.last_position, last_position), last = max(last, excluded.last)`, id, c.events, c.firstAt, c.lastAt, c.first, c.last); err != nil {
			return err
		}
	}
	clear(f.flows)
	if err := f.people.Flush(conn); err != nil {
		return err
	}
	return f.given.Flush(conn)
}

// write executes a statement that gives no rows.
func write(conn *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
}

// rows hands out the rows of a query.
func rows(conn *sqlite.Conn, query string, each func(*sqlite.Stmt) error, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: each})
}
