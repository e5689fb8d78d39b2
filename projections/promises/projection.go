// Package promises is the view of the privacy notice: each of its promises with the evidence for it and against it, counted from the
// events, under one controller and in all (Art. 5(2), 24(1), 28(3)(h)). The table in table.go says which promise rests on which data.
//
// It deliberately judges nothing anew: what is wrong with an action are its findings, and what is due of a case its clock says.
package promises

import (
	_ "embed"
	"encoding/binary"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
)

// Name is the view's name.
const Name = "promises"

//go:embed schema.sql
var schema string

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string   { return Name }
func (projection) Version() int   { return 2 }
func (projection) Schema() string { return schema }
func (projection) Folder() projections.Folder {
	return &folder{tallies: map[tallyKey]*tally{}, marks: map[string][]*tally{}}
}

const (
	// maxTallies and maxMarks bound what is kept in memory between transactions.
	maxTallies = 16_384
	maxMarks   = 16_384
)

type folder struct {
	known   *known // nil before it was read
	tallies map[tallyKey]*tally
	dirty   []*tally
	// marks are the tallies that actions of one shape count in.
	marks map[string][]*tally
	key   []byte
}

// Fold takes in the next event.
func (f *folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	if f.known == nil {
		k, err := load(conn)
		if err != nil {
			return err
		}
		f.known = k
	}
	switch fact := e.Fact.(type) {
	case dossier.ActionRecorded:
		return f.act(conn, e, &fact)
	case dossier.OccasionRecorded:
		return f.occasion(conn, e, &fact)
	case dossier.OrderSent:
		return write(conn, "INSERT OR REPLACE INTO task VALUES (?, ?, ?, ?, ?)", fact.Order, fact.Controller, fact.Kind, fact.Reason, int64(e.Position))
	case dossier.OrderEscalated:
		return f.escalated(conn, e, fact.Order)
	case dossier.Statement:
		return f.statement(conn, e, fact)
	case request.Step:
		return f.step(conn, e, fact)
	default:
		return f.declare(conn, e)
	}
}

// declare takes in what the register says.
func (f *folder) declare(conn *sqlite.Conn, e *domain.Recorded) error {
	id := ""
	switch fact := e.Fact.(type) {
	case register.ProcessorDeclared:
		f.known.territory = fact.Territory
	case register.RecipientDeclared:
		id = string(fact.Recipient)
		f.known.recipients[fact.Recipient] = fact
	case register.ContactDeclared:
		if fact.Controller != register.Itself {
			return nil
		}
		id = "contact " + string(fact.Contact) // no recipient's name has a space
	case instruction.Given:
		clear(f.marks)
		t := terms{len(fact.Terms.Retention) > 0, fact.Terms.Safeguard != ""}
		f.known.terms[version{fact.Controller, fact.Instruction, fact.Version}] = t
		return write(conn, "INSERT OR REPLACE INTO terms VALUES (?, ?, ?, ?, ?)", fact.Controller, fact.Instruction, fact.Version, t.retained, t.safeguarded)
	case disclosure.Received:
		f.known.courts[fact.Order] = true
		until := int64(0)
		if !fact.ForbiddenUntil.IsZero() {
			until = fact.ForbiddenUntil.UnixMilli()
		}
		return write(conn, "INSERT OR REPLACE INTO court VALUES (?, ?)", fact.Order, until)
	default:
		return nil
	}
	clear(f.marks)
	return write(conn, "INSERT OR REPLACE INTO declared VALUES (?, ?, ?, ?)", id, int64(e.Position), e.Recorded.UnixMilli(), e.Bytes)
}

// act takes in one action.
func (f *folder) act(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	under := ""
	// An order may be recorded after the action that names it, so whatever discloses under an order counts as compelled: what the law
	// forbids telling must not show meanwhile.
	told, err := telling(conn, a)
	if err != nil {
		return err
	}
	if !told && a.Order != "" && (a.Operation.Discloses() || f.known.courts[a.Order]) {
		under = a.Order
	}
	f.key = appendShape(f.key[:0], a, under)
	marks, known := f.marks[string(f.key)]
	if !known {
		if marks, err = f.marked(conn, a, under); err != nil {
			return err
		}
		if len(f.marks) >= maxMarks {
			clear(f.marks)
		}
		f.marks[string(f.key)] = marks
	}
	for _, t := range marks {
		f.count(t, e)
	}
	return f.follow(conn, e, a)
}

// marked gives the tallies in which an action counts.
func (f *folder) marked(conn *sqlite.Conn, a *dossier.ActionRecorded, under string) ([]*tally, error) {
	action := *a // what is seen keeps it, and the one that was given may stay on the stack
	seen := f.known.see(&action, under != "")
	var marks []*tally
	for _, p := range table {
		if p.action == nil {
			continue
		}
		for _, says := range sides(&p, &seen) {
			t, err := f.tally(conn, tallyKey{a.Controller, p.number, says, under})
			if err != nil {
				return nil, err
			}
			marks = append(marks, t)
		}
	}
	return marks, nil
}

// sides gives what an action says about a promise, and what is counted beside.
func sides(p *promise, a *act) []side {
	says := p.action(a)
	switch {
	case says == silent:
		return nil
	case says == breaks && p.beside != "" && a.safeguarded:
		return []side{breaks, beside}
	}
	return []side{says}
}

// appendShape packs all of an action that promises rest on.
func appendShape(b []byte, a *dossier.ActionRecorded, under string) []byte {
	for _, s := range [...]string{
		string(a.Controller), string(a.Instruction), a.Identifier, string(a.Operation), string(a.Basis), string(a.Location), string(a.Recipient), under,
	} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(a.Version)), uint64(a.Findings))
	for _, c := range a.Categories {
		b = append(append(b, c...), ',')
	}
	return b
}

// statement takes in an event about a person that is no action.
func (f *folder) statement(conn *sqlite.Conn, e *domain.Recorded, s dossier.Statement) error {
	for _, p := range table {
		if p.statement == nil {
			continue
		}
		if says := p.statement(s); says != silent {
			if err := f.mark(conn, e, tallyKey{s.Person().Controller, p.number, says, ""}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Flush writes what is in memory.
func (f *folder) Flush(conn *sqlite.Conn) error {
	for _, t := range f.dirty {
		if err := write(conn, "INSERT OR REPLACE INTO tally VALUES (?, ?, ?, ?, ?, ?, ?)", t.key.controller, t.key.promise, int(t.key.side),
			t.key.compelled, t.events, t.last, t.pack()); err != nil {
			return err
		}
		t.dirty = false
	}
	f.dirty = f.dirty[:0]
	if len(f.tallies) > maxTallies {
		clear(f.tallies)
		clear(f.marks)
	}
	return nil
}

// write executes a statement that gives no rows.
func write(conn *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
}

// rows hands out the rows of a query.
func rows(conn *sqlite.Conn, query string, each func(*sqlite.Stmt) error, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: each})
}

func blob(stmt *sqlite.Stmt, col int) []byte {
	b := make([]byte, stmt.ColumnLen(col))
	stmt.ColumnBytes(col, b)
	return b
}

func outside(territory []domain.Territory, l domain.Location) bool {
	return l != "" && len(territory) > 0 && !slices.ContainsFunc(territory, func(t domain.Territory) bool { return t.Holds(l) })
}
