package retention

import (
	"maps"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
)

// ended holds how the instructions ended that controllers withdrew and have not given again. It is never changed in place. The register
// bounds it.
type ended map[scope]end

// end is how an instruction ended.
type end struct {
	at   int64 // milliseconds
	back bool  // the data is to be returned first (Art. 28(3)(g))
}

// endings gives all of them.
func (b *book) endings(conn *sqlite.Conn) (ended, error) {
	if b.ended != nil {
		return b.ended, nil
	}
	stmt, err := conn.Prepare("SELECT controller, instruction, at, back FROM ended")
	if err != nil {
		return nil, err
	}
	e := ended{}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			b.ended = e
			return e, errors.CombineErrors(err, stmt.Reset())
		}
		e[scope{domain.ControllerID(stmt.ColumnText(0)), domain.InstructionID(stmt.ColumnText(1))}] = end{stmt.ColumnInt64(2), stmt.ColumnInt64(3) == 1}
	}
}

// withdraw takes in that an instruction was withdrawn.
func (f *folder) withdraw(conn *sqlite.Conn, w *instruction.Withdrawn) error {
	of, how := scope{w.Controller, w.Instruction}, end{w.Warrant.On.UnixMilli(), w.Warrant.Then == domain.ThenReturn}
	before, err := f.book.endings(conn)
	if err != nil {
		return err
	}
	after := maps.Clone(before)
	after[of] = how
	if err := f.restate(conn, of, after); err != nil {
		return err
	}
	stmt, err := conn.Prepare("INSERT OR REPLACE INTO ended VALUES (?, ?, ?, ?)")
	if err != nil {
		return err
	}
	stmt.BindText(1, string(of.controller))
	stmt.BindText(2, string(of.instruction))
	stmt.BindInt64(3, how.at)
	stmt.BindInt64(4, int64(flag(how.back, 1)))
	return step(stmt)
}

// give takes in that an instruction was given: it stands again where it had been withdrawn.
func (f *folder) give(conn *sqlite.Conn, g *instruction.Given) error {
	if err := f.book.rule(conn, g); err != nil {
		return err
	}
	of := scope{g.Controller, g.Instruction}
	before, err := f.book.endings(conn)
	if err != nil {
		return err
	}
	if _, withdrawn := before[of]; !withdrawn {
		return nil
	}
	after := maps.Clone(before)
	delete(after, of)
	if err := f.restate(conn, of, after); err != nil {
		return err
	}
	stmt, err := conn.Prepare("DELETE FROM ended WHERE controller = ? AND instruction = ?")
	if err != nil {
		return err
	}
	stmt.BindText(1, string(of.controller))
	stmt.BindText(2, string(of.instruction))
	return step(stmt)
}

// restate gives everybody of whom something is kept under an instruction new due dates, as it is after instructions ended. It goes
// through all people, once for each end of an instruction.
func (f *folder) restate(conn *sqlite.Conn, of scope, after ended) error {
	if err := f.Flush(conn); err != nil {
		return err
	}
	before := f.book.ended
	clear(f.people)
	for last := int64(-1); ; {
		keys, err := subjects(conn, last)
		if err != nil || len(keys) == 0 {
			f.book.ended = after
			return err
		}
		last = int64(keys[len(keys)-1])
		for _, key := range keys {
			p, err := load(conn, f.book, key)
			if err != nil {
				return err
			}
			if p.keeps(of) {
				p.before = f.work.placings(p, before, nil)
				f.people[key] = p
				f.touch(key, p)
			}
		}
		f.book.ended = after
		if err := f.Flush(conn); err != nil {
			return err
		}
		f.book.ended = before
		clear(f.people)
	}
}

// keeps says that anything is kept of the person under an instruction.
func (p *person) keeps(of scope) bool {
	for n := range p.items {
		if i := &p.items[n]; !i.done && i.of.scope() == of {
			return true
		}
	}
	return false
}

// subjects gives the keys of people after one, in their order, so many as are kept in memory at once.
func subjects(conn *sqlite.Conn, after int64) ([]domain.SubjectKey, error) {
	stmt, err := conn.Prepare("SELECT subject FROM person WHERE subject > ? ORDER BY subject LIMIT ?")
	if err != nil {
		return nil, err
	}
	stmt.BindInt64(1, after)
	stmt.BindInt64(2, maxPeople)
	var keys []domain.SubjectKey
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return keys, errors.CombineErrors(err, stmt.Reset())
		}
		keys = append(keys, domain.SubjectKey(stmt.ColumnInt64(0)))
	}
}
