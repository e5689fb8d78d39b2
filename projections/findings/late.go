package findings

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/packed"
)

// LateQuery asks which withdrawals of consent and which objections reached the ledger after actions that they had met already.
type LateQuery struct {
	Controller domain.ControllerID // empty for all
	// Before asks for what stands before a position: Next of the page before.
	Before *domain.Position
	// At asks for what was known when the log ended there, nil for now.
	At    *domain.Position
	Limit int // of withdrawals and objections, 0 for 100
}

// Late is one withdrawal or objection that took effect before the ledger knew, with the actions of that time.
type Late struct {
	// Position is that of the withdrawal or objection.
	Position   domain.Position
	Controller domain.ControllerID
	Subject    domain.SubjectKey
	// Instruction is empty where an objection meets more than one.
	Instruction domain.InstructionID
	// Objection is the objection's id, empty for a withdrawal of consent.
	Objection string
	Marketing bool
	// Effect is since when the actions lacked their basis; Known is when the ledger recorded it.
	Effect, Known time.Time
	// Actions are those whose time lies in between although they were recorded before it was known: at most 1,000, oldest first, of
	// Count.
	Actions []Met
	Count   int
}

// Met is one recorded action that a withdrawal or objection met.
type Met struct {
	Position    domain.Position
	Time        time.Time
	Instruction domain.InstructionID
	Version     int
	Basis       domain.Basis
}

// LatePage is one page of late withdrawals and objections, newest first.
type LatePage struct {
	Matters []Late
	// Next leads to the next page, nil where there is none. A page may be empty and still lead on: a call looks through at most
	// 1,000 withdrawals and objections.
	Next     *domain.Position
	Position domain.Position
}

const (
	maxMet    = 1000
	maxLooked = 1000
	maxLinked = 64 // dossiers of one person
)

// Late gives one page. It returns what List returns.
func (f *Findings) Late(ctx context.Context, q LateQuery) (LatePage, error) {
	var err error
	if q.Limit, err = limited(q.Limit); err != nil {
		return LatePage{}, err
	}
	page := LatePage{Matters: []Late{}}
	page.Position, err = f.view.Read(ctx, func(conn *sqlite.Conn, end domain.Position) error {
		_, hi, err := bounds(conn, end, q.At, q.Before, time.Time{}, time.Time{})
		if err != nil {
			return err
		}
		known := end
		if q.At != nil {
			known = *q.At
		}
		matters, err := matters(conn, q.Controller, hi)
		if err != nil {
			return err
		}
		for i := range matters {
			if i == maxLooked || len(page.Matters) == q.Limit {
				page.Next = &matters[i-1].Position
				return nil
			}
			h := history{conn: conn, end: uint64(end), known: uint64(known), names: map[int64]terms{}}
			if err := h.meet(&matters[i]); err != nil {
				return err
			}
			if matters[i].Count > 0 {
				page.Matters = append(page.Matters, matters[i])
			}
		}
		return nil
	})
	return page, err
}

func matters(conn *sqlite.Conn, c domain.ControllerID, below int64) ([]Late, error) {
	var list []Late
	return list, rows(conn, `SELECT position, controller, subject, instruction, objection, marketing, time, recorded FROM matter
		WHERE position < ?1 AND (?2 = '' OR controller = ?2) ORDER BY position DESC LIMIT ?3`, func(s *sqlite.Stmt) error {
		list = append(list, Late{
			Position: domain.Position(s.ColumnInt64(0)), Controller: domain.ControllerID(s.ColumnText(1)),
			Subject: domain.SubjectKey(s.ColumnInt64(2)), Instruction: domain.InstructionID(s.ColumnText(3)), Objection: s.ColumnText(4),
			Marketing: s.ColumnBool(5), Effect: time.UnixMicro(s.ColumnInt64(6) + epoch).UTC(), Known: moment(s.ColumnInt64(7)),
		})
		return nil
	}, below, c, maxLooked+1)
}

// history reads what bears on one person's consents and objections.
type history struct {
	conn       *sqlite.Conn
	end, known uint64
	names      map[int64]terms

	actions    []met
	consents   []said
	overridden []said
}

type met struct {
	position uint64
	time     int64
	name     int64
}

// said is a consent under an instruction, or the overriding of an objection.
type said struct {
	controller, about string
	time              int64
}

// meet finds the actions that a matter met.
func (h *history) meet(l *Late) error {
	if err := h.read(l.Subject); err != nil {
		return err
	}
	effect := micros(l.Effect)
	until := h.until(l, effect)
	for _, a := range h.actions {
		if a.position >= uint64(l.Position) || a.time < effect || a.time >= until {
			continue
		}
		t, err := h.terms(a.name)
		if err != nil {
			return err
		}
		meets, err := h.meets(l, t)
		if err != nil {
			return err
		}
		if !meets {
			continue
		}
		if l.Count++; len(l.Actions) < maxMet {
			l.Actions = append(l.Actions, Met{
				domain.Position(a.position), time.UnixMicro(a.time + epoch).UTC(), t.instruction, t.version, t.basis,
			})
		}
	}
	return nil
}

// until gives when the matter ceased to stand: when a new consent was given, or the objection was overridden.
func (h *history) until(l *Late, effect int64) int64 {
	list, about := h.consents, string(l.Instruction)
	if l.Objection != "" {
		list, about = h.overridden, l.Objection
	}
	until := int64(math.MaxInt64)
	for _, s := range list {
		if s.controller == string(l.Controller) && s.about == about && s.time > effect {
			until = min(until, s.time)
		}
	}
	return until
}

func (h *history) meets(l *Late, t terms) (bool, error) {
	switch {
	case t.controller != l.Controller:
		return false, nil
	case l.Objection == "":
		return t.basis == domain.Consent && t.instruction == l.Instruction, nil
	case l.Marketing:
		return serves(h.conn, t)
	case l.Instruction != "":
		return t.instruction == l.Instruction, nil
	default:
		return dossier.Objectionable(t.basis), nil
	}
}

// read walks all dossiers of the person.
func (h *history) read(subject domain.SubjectKey) error {
	keys := []uint64{uint64(subject)}
	for i := 0; i < len(keys) && i < maxLinked; i++ {
		var broken error
		if err := people.Ascend(h.conn, h.end, keys[i], 0, h.known, func(position uint64, value []byte) bool {
			linked, err := h.take(position, value)
			if linked != 0 && !slices.Contains(keys, linked) {
				keys = append(keys, linked)
			}
			broken = err
			return err == nil
		}); err != nil || broken != nil {
			return errors.CombineErrors(err, broken)
		}
	}
	slices.SortFunc(h.actions, func(a, b met) int { return cmp.Compare(a.position, b.position) })
	return nil
}

func (h *history) take(position uint64, value []byte) (linked uint64, err error) {
	if len(value) == 0 {
		return 0, done(&packed.Reading{Broken: true})
	}
	r := packed.Reading{Rest: value[1:]}
	switch value[0] {
	case isAction:
		name := int64(r.Number())
		h.actions = append(h.actions, met{position, r.Signed(), name})
	case isConsent:
		h.consents = append(h.consents, said{r.Text(), r.Text(), r.Signed()})
	case isOverridden:
		h.overridden = append(h.overridden, said{r.Text(), r.Text(), r.Signed()})
	case isLink:
		linked = r.Number()
	default:
		r.Broken = true
	}
	return linked, done(&r)
}

func (h *history) terms(name int64) (terms, error) {
	if t, known := h.names[name]; known {
		return t, nil
	}
	row, err := names.Text(h.conn, name)
	if err != nil {
		return terms{}, err
	}
	r := packed.Reading{Rest: row}
	t := terms{controller: domain.ControllerID(r.Text()), instruction: domain.InstructionID(r.Text()), basis: domain.Basis(r.Text())}
	t.version = int(r.Number())
	h.names[name] = t
	return t, done(&r)
}
