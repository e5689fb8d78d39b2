package findings

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
)

// MaxDays bounds a question for each day.
const MaxDays = 366

// CountQuery asks how often what was found. Empty members ask for all.
type CountQuery struct {
	Controller domain.ControllerID
	// From and Until bound the days on which the ledger recorded it, in UTC, both included.
	From, Until time.Time
	// At asks for what was known when the log ended there, nil for now.
	At *domain.Position
	projections.Sight
}

// Count is how often a finding was made.
type Count struct {
	Finding domain.Finding
	Events  uint64
}

// Tally counts the findings of a controller.
type Tally struct {
	Controller domain.ControllerID
	Day        time.Time // zero where all days are counted together
	// Events counts recorded actions with any finding, one for each person of an action; Findings each finding of them.
	Events   uint64
	Findings []Count
}

var errDays = errors.Wrap(domain.ErrInvalid, "days of findings")

// Days counts the findings of each controller on each day that had any, by controller and day, and gives the position at which the
// view stood. It returns domain.ErrInvalid unless From and Until bound at most 366 days, and what List returns.
func (f *Findings) Days(ctx context.Context, q CountQuery) ([]Tally, domain.Position, error) {
	if q.From.IsZero() || q.Until.Before(q.From) || day(q.Until)-day(q.From) >= MaxDays {
		return nil, 0, errors.WithHint(errors.WithStack(errDays), "Ask for the first and the last day, at most 366 days.")
	}
	return f.tally(ctx, q, true)
}

// Totals counts the findings of each controller that has any, by controller, and gives the position at which the view stood. It
// returns what List returns.
func (f *Findings) Totals(ctx context.Context, q CountQuery) ([]Tally, domain.Position, error) {
	return f.tally(ctx, q, false)
}

func day(t time.Time) int64 { return t.UTC().Unix() / secondsOfDay }

type tallyKey struct {
	controller domain.ControllerID
	day        int64
}

type tallies struct {
	of    map[tallyKey]*Tally
	daily bool
}

func (t *tallies) add(c domain.ControllerID, day, code, events int64) {
	if !t.daily {
		day = 0
	}
	k := tallyKey{c, day}
	row := t.of[k]
	if row == nil {
		row = &Tally{Controller: c}
		if t.daily {
			row.Day = time.Unix(day*secondsOfDay, 0).UTC()
		}
		t.of[k] = row
	}
	if code == whole {
		row.Events += uint64(events)
		return
	}
	for i := range row.Findings {
		if row.Findings[i].Finding == domain.Finding(code) {
			row.Findings[i].Events += uint64(events)
			return
		}
	}
	row.Findings = append(row.Findings, Count{domain.Finding(code), uint64(events)})
}

func (t *tallies) list() []Tally {
	list := make([]Tally, 0, len(t.of))
	for _, row := range t.of {
		slices.SortFunc(row.Findings, func(a, b Count) int { return cmp.Compare(a.Finding, b.Finding) })
		list = append(list, *row)
	}
	slices.SortFunc(list, func(a, b Tally) int { return cmp.Or(cmp.Compare(a.Controller, b.Controller), a.Day.Compare(b.Day)) })
	return list
}

func (f *Findings) tally(ctx context.Context, q CountQuery, daily bool) ([]Tally, domain.Position, error) {
	counted := tallies{map[tallyKey]*Tally{}, daily}
	first, last := int64(0), int64(1)<<40
	if !q.From.IsZero() {
		first = day(q.From)
	}
	if !q.Until.IsZero() {
		last = day(q.Until)
	}
	at, err := f.view.Read(ctx, func(conn *sqlite.Conn, end domain.Position) error {
		secret, err := q.Sight.Hidden(conn)
		if err != nil {
			return err
		}
		if q.At != nil {
			if last, err = f.partly(conn, end, q, first, last, &counted); err != nil {
				return err
			}
		}
		return rows(conn, `SELECT controller, day, code, compelled, events FROM day
			WHERE (?1 = '' OR controller = ?1) AND day BETWEEN ?2 AND ?3`, func(s *sqlite.Stmt) error {
			if !secret[s.ColumnText(3)] {
				counted.add(domain.ControllerID(s.ColumnText(0)), s.ColumnInt64(1), s.ColumnInt64(2), s.ColumnInt64(4))
			}
			return nil
		}, q.Controller, first, last)
	})
	return counted.list(), at, err
}

// partly counts the last day of which something was known at a position, up to there, and gives the day before: the days until then
// were over.
func (f *Findings) partly(conn *sqlite.Conn, end domain.Position, q CountQuery, first, last int64, counted *tallies) (int64, error) {
	_, hi, err := bounds(conn, end, q.At, nil, time.Time{}, time.Time{})
	if err != nil {
		return 0, err
	}
	partial := int64(-1)
	if err := rows(conn, "SELECT recorded FROM found WHERE position < ? ORDER BY position DESC LIMIT 1", func(s *sqlite.Stmt) error {
		partial = day(moment(s.ColumnInt64(0)))
		return nil
	}, hi); err != nil || partial > last || partial < first {
		return min(last, partial), err
	}
	lo, err := since(conn, partial*secondsOfDay*1000)
	if err != nil {
		return 0, err
	}
	list, err := origins(conn, Query{Controller: q.Controller, Sight: q.Sight})
	if err != nil {
		return 0, err
	}
	for _, o := range list {
		for code := int64(whole); code < maxCodes; code++ {
			if err := rows(conn, "SELECT count(*) FROM place WHERE origin = ? AND code = ? AND position >= ? AND position < ?",
				func(s *sqlite.Stmt) error {
					if n := s.ColumnInt64(0); n > 0 {
						counted.add(o.controller, partial, code, n)
					}
					return nil
				}, o.id, code, lo, hi); err != nil {
				return 0, err
			}
		}
	}
	return partial - 1, nil
}

// maxCodes bounds the findings that there can be: a domain.FindingSet has 32 bits.
const maxCodes = 32
