// Package sources is the view of where events come from: for each service of each controller how many, since when, until when,
// with which findings, and what is missing (Art. 5(2), 24(1), 28(3)(h)): numbers of its own count that have not come, actions that it
// announced and did not confirm, and people whose data it counted and the ledger does not know of. What comes late closes its gap.
//
// It deliberately tells nobody: who must hear of a silent service is not its matter.
package sources

import (
	_ "embed"
	"math/bits"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/source"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/sorted"
)

// Name is the view's name.
const Name = "sources"

//go:embed schema.sql
var schema string

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string { return Name }
func (projection) Version() int { return 2 }
func (projection) Schema() string {
	return schema + sorted.NamesSchema("name") + sorted.Schema("present")
}
func (projection) Folder() projections.Folder {
	return &folder{states: map[key]*state{}, names: names.Writer(), present: present.Writer()}
}

const (
	// keptHours bounds the hours of a source, counted back from its newest event.
	keptHours = 72
	// maxStates bounds the sources kept in memory between transactions.
	maxStates = 4096

	hourOf = int64(time.Hour / time.Millisecond)
)

type folder struct {
	states map[key]*state
	dirty  []key // those that changed since the last Flush
	last   key   // whose state newest is: most events come from the source that the one before came from
	newest *state

	names   *sorted.NameWriter
	present *sorted.Writer
	text    []byte
	value   []byte
}

// Fold takes in the next event.
func (f *folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	if err := f.fold(conn, e); err != nil {
		return err
	}
	return f.present.Advance(conn, uint64(e.Position)+1)
}

func (f *folder) fold(conn *sqlite.Conn, e *domain.Recorded) error {
	switch fact := e.Fact.(type) {
	case dossier.ActionRecorded:
		if err := f.act(conn, e, &fact); err != nil {
			return err
		}
		if fact.Announced != "" {
			if err := confirm(conn, &fact); err != nil {
				return err
			}
		}
		return f.keep(conn, e, &fact)
	case source.HeartbeatRecorded:
		return f.hear(conn, e, key{fact.Controller, fact.Service}, fact.Sequence)
	case source.CountReported:
		if err := counted(conn, e, &fact); err != nil {
			return err
		}
		return f.hear(conn, e, key{fact.Controller, fact.Service}, e.Sequence)
	case dossier.IdentifierLinked:
		return join(conn, &fact)
	case dossier.Statement:
		from, ours := serviceOf(e.Source)
		if !ours {
			return nil // The ledger's own, or a person's.
		}
		if a, is := fact.(dossier.ActionAnnounced); is {
			if err := announce(conn, e, from, &a); err != nil {
				return err
			}
		}
		return f.hear(conn, e, from, e.Sequence)
	}
	return nil
}

// act takes in one action.
func (f *folder) act(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	s, err := f.state(conn, key{a.Controller, a.Service})
	if err != nil {
		return err
	}
	recorded, happened := e.Recorded.UnixMilli(), e.Time.UnixMilli()
	if s.events == 0 {
		s.firstPosition, s.firstRecorded, s.firstTime, s.lastTime = int64(e.Position), recorded, happened, happened
	}
	s.lastPosition, s.lastRecorded = int64(e.Position), recorded
	s.firstTime, s.lastTime = min(s.firstTime, happened), max(s.lastTime, happened)
	h := s.hours[recorded/hourOf]
	if h == nil {
		h = &hour{}
		s.hours[recorded/hourOf] = h
	}
	s.events++
	h.events++
	// An action on several people is one event for each; all but the first bear the action's id beside their own.
	if a.Action == "" {
		s.actions++
		h.actions++
	}
	if set := uint32(a.Findings); set != 0 {
		s.found++
		h.found++
		for ; set != 0; set &= set - 1 {
			s.findings[bits.TrailingZeros32(set)]++
		}
	}
	s.count(e.Sequence)
	return nil
}

// state gives the state of a source, which is read where it is not in memory, and marks it as changed.
func (f *folder) state(conn *sqlite.Conn, k key) (*state, error) {
	if f.newest != nil && f.last == k {
		return f.newest, nil
	}
	s := f.states[k]
	if s == nil {
		var err error
		if s, err = load(conn, k); err != nil {
			return nil, err
		}
		f.states[k] = s
	}
	if s.hours == nil {
		s.hours = map[int64]*hour{}
		f.dirty = append(f.dirty, k)
	}
	f.last, f.newest = k, s
	return s, nil
}

func load(conn *sqlite.Conn, k key) (*state, error) {
	s := &state{}
	stmt, err := conn.Prepare(`SELECT first_position, last_position, first_recorded, last_recorded, first_time, last_time, events,
		actions, with_findings, heard, sequence, missing, gaps, findings FROM source WHERE controller = ? AND service = ?`)
	if err != nil {
		return nil, err
	}
	stmt.BindText(1, string(k.controller))
	stmt.BindText(2, string(k.service))
	found, err := stmt.Step()
	if found {
		err = s.scan(stmt, 0)
	}
	return s, errors.CombineErrors(err, stmt.Reset())
}

// scan reads the columns of a source from the first on.
func (s *state) scan(stmt *sqlite.Stmt, first int) error {
	for i, into := range []*int64{
		&s.firstPosition, &s.lastPosition, &s.firstRecorded, &s.lastRecorded, &s.firstTime, &s.lastTime, &s.events, &s.actions, &s.found,
		&s.heard,
	} {
		*into = stmt.ColumnInt64(first + i)
	}
	s.sequence, s.missing = uint64(stmt.ColumnInt64(first+10)), uint64(stmt.ColumnInt64(first+11))
	var err error
	if s.gaps, err = unpackGaps(blob(stmt, first+12)); err != nil {
		return err
	}
	counts, err := unpack(blob(stmt, first+13))
	copy(s.findings[:], counts)
	return err
}

func blob(stmt *sqlite.Stmt, col int) []byte {
	b := make([]byte, stmt.ColumnLen(col))
	stmt.ColumnBytes(col, b)
	return b
}

// Flush writes what is in memory.
func (f *folder) Flush(conn *sqlite.Conn) error {
	for _, k := range f.dirty {
		s := f.states[k]
		if err := s.write(conn, k); err != nil {
			return err
		}
		if err := s.writeHours(conn, k); err != nil {
			return err
		}
		s.hours = nil
	}
	f.dirty, f.newest = f.dirty[:0], nil
	if len(f.states) > maxStates {
		clear(f.states)
	}
	return f.present.Flush(conn)
}

func (s *state) write(conn *sqlite.Conn, k key) error {
	stmt, err := conn.Prepare("INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	stmt.BindText(1, string(k.controller))
	stmt.BindText(2, string(k.service))
	for i, n := range []int64{
		s.firstPosition, s.lastPosition, s.firstRecorded, s.lastRecorded, s.firstTime, s.lastTime, s.events, s.actions, s.found,
		s.heard, int64(s.sequence), int64(s.missing),
	} {
		stmt.BindInt64(3+i, n)
	}
	bindBlob(stmt, 15, packGaps(s.gaps))
	bindBlob(stmt, 16, packFindings(&s.findings))
	return step(stmt)
}

func (s *state) writeHours(conn *sqlite.Conn, k key) error {
	insert, err := conn.Prepare(`INSERT INTO hour VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
		events = events + excluded.events, actions = actions + excluded.actions, with_findings = with_findings + excluded.with_findings`)
	if err != nil {
		return err
	}
	oldest := s.lastRecorded/hourOf - keptHours + 1
	for at, h := range s.hours {
		if at < oldest {
			continue
		}
		insert.BindText(1, string(k.controller))
		insert.BindText(2, string(k.service))
		for i, n := range []int64{at, h.events, h.actions, h.found} {
			insert.BindInt64(3+i, n)
		}
		if err := step(insert); err != nil {
			return err
		}
	}
	forget, err := conn.Prepare("DELETE FROM hour WHERE controller = ? AND service = ? AND hour < ?")
	if err != nil {
		return err
	}
	forget.BindText(1, string(k.controller))
	forget.BindText(2, string(k.service))
	forget.BindInt64(3, oldest)
	return step(forget)
}

func bindBlob(stmt *sqlite.Stmt, param int, b []byte) {
	if len(b) == 0 {
		stmt.BindZeroBlob(param, 0)
		return
	}
	stmt.BindBytes(param, b)
}

func step(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return errors.CombineErrors(err, stmt.Reset())
	}
	return stmt.Reset()
}
