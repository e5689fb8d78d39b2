package sources

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/projections"
)

// Gap is a run of a service's own count that has not come, both ends included.
type Gap struct{ From, To uint64 }

// Count is how often a finding was made.
type Count struct {
	Finding domain.Finding
	Events  uint64
}

// Source is what one service has recorded for one controller.
type Source struct {
	Controller domain.ControllerID
	Service    domain.ServiceID
	// Events counts one for each person of an action.
	Events, Actions uint64
	// WithFindings counts events, Findings each finding of them.
	WithFindings uint64
	Findings     []Count
	// FirstPosition and LastPosition are those of the first and the newest event.
	FirstPosition, LastPosition domain.Position
	FirstRecorded, LastRecorded time.Time // zero where it has recorded none
	// Heard is when the newest heartbeat, count or statement was recorded, zero where none was.
	Heard time.Time
	// Earliest and Latest are the lowest and the highest time by the service's clock.
	Earliest, Latest time.Time
	// Sequence is the highest of the service's own count that came or that a heartbeat named, 0 where it keeps none. Missing is how many of the count below it have not
	// come, and Gaps which: the 64 newest gaps.
	Sequence, Missing uint64
	Gaps              []Gap
	// Unconfirmed counts what it announced and no action has confirmed, one for each person, and Announced lists the oldest 64.
	Unconfirmed uint64
	Announced   []Announced
	// Counted lists its newest counts, by system and category.
	Counted []Counted
}

// Announced is an action that a service announced and did not confirm.
type Announced struct {
	ID          string // of the announcement
	Position    domain.Position
	Time        time.Time // by the service's clock
	Operation   domain.Operation
	Instruction domain.InstructionID
	System      string
}

// Counted is a service's count of the people whose data it holds, beside how many the ledger knows of.
type Counted struct {
	System   string
	Category domain.Category
	// Time is when it was counted, and Position that of the event that says so.
	Time     time.Time
	Position domain.Position
	People   uint64
	// Known is how many people's data of the category was in the system at that time, as is known now, under the controller.
	Known uint64
}

// LastHeard is when the ledger recorded anything from the source, zero where it never did.
func (s *Source) LastHeard() time.Time {
	if s.LastRecorded.After(s.Heard) {
		return s.LastRecorded
	}
	return s.Heard
}

// maxAnnounced bounds the announcements that are listed of one source.
const maxAnnounced = 64

// Hour is what came from a source in one hour.
type Hour struct {
	Start                         time.Time
	Events, Actions, WithFindings uint64
}

// Sources answers queries.
type Sources struct{ view projections.Reader }

// New makes a Sources that reads from a view.
func New(view projections.Reader) *Sources { return &Sources{view} }

// All lists the sources of a controller, or of all where it is empty, by controller and service, and gives the position at which
// the view stood. What was counted is held against what is known, which takes time with the number of people: a fifth of a second for
// a million. It returns domain.ErrUnavailable where the view does not answer.
func (s *Sources) All(ctx context.Context, c domain.ControllerID) ([]Source, domain.Position, error) {
	list := []Source{}
	at, err := s.view.Read(ctx, func(conn *sqlite.Conn, end domain.Position) error {
		stmt, err := conn.Prepare(`SELECT controller, service, first_position, last_position, first_recorded, last_recorded, first_time,
			last_time, events, actions, with_findings, heard, sequence, missing, gaps, findings FROM source
			WHERE ?1 = '' OR controller = ?1 ORDER BY controller, service`)
		if err != nil {
			return err
		}
		stmt.BindText(1, string(c))
		for {
			more, err := stmt.Step()
			if err != nil || !more {
				return errors.CombineErrors(errors.CombineErrors(err, stmt.Reset()), complete(conn, end, list))
			}
			var row state
			if err := row.scan(stmt, 2); err != nil {
				return errors.CombineErrors(err, stmt.Reset())
			}
			list = append(list, row.show(domain.ControllerID(stmt.ColumnText(0)), domain.ServiceID(stmt.ColumnText(1))))
		}
	})
	return list, at, err
}

func (s *state) show(c domain.ControllerID, service domain.ServiceID) Source {
	source := Source{
		Controller: c, Service: service, Events: uint64(s.events), Actions: uint64(s.actions), WithFindings: uint64(s.found),
		Sequence: s.sequence, Missing: s.missing, Gaps: s.gaps,
	}
	if s.events > 0 {
		source.FirstPosition, source.LastPosition = domain.Position(s.firstPosition), domain.Position(s.lastPosition)
		source.FirstRecorded, source.LastRecorded = moment(s.firstRecorded), moment(s.lastRecorded)
		source.Earliest, source.Latest = moment(s.firstTime), moment(s.lastTime)
	}
	if s.heard > 0 {
		source.Heard = moment(s.heard)
	}
	for f, n := range s.findings {
		if n > 0 {
			source.Findings = append(source.Findings, Count{domain.Finding(f), n})
		}
	}
	return source
}

// complete adds what was announced and counted.
func complete(conn *sqlite.Conn, end domain.Position, list []Source) error {
	for i := range list {
		s := &list[i]
		if err := rows(conn, `SELECT count(*) FROM announced WHERE controller = ? AND service = ? AND confirmed = 0`, func(stmt *sqlite.Stmt) error {
			s.Unconfirmed = uint64(stmt.ColumnInt64(0))
			return nil
		}, s.Controller, s.Service); err != nil {
			return err
		}
		if err := rows(conn, `SELECT id, position, time, operation, instruction, system FROM announced
			WHERE controller = ? AND service = ? AND confirmed = 0 ORDER BY position LIMIT ?`, func(stmt *sqlite.Stmt) error {
			s.Announced = append(s.Announced, Announced{
				stmt.ColumnText(0), domain.Position(stmt.ColumnInt64(1)), moment(stmt.ColumnInt64(2)), domain.Operation(stmt.ColumnText(3)),
				domain.InstructionID(stmt.ColumnText(4)), stmt.ColumnText(5),
			})
			return nil
		}, s.Controller, s.Service, maxAnnounced); err != nil {
			return err
		}
		if err := s.counted(conn, end); err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) counted(conn *sqlite.Conn, end domain.Position) error {
	if err := rows(conn, `SELECT system, category, position, time, people FROM counted WHERE controller = ? AND service = ?
		ORDER BY system, category`, func(stmt *sqlite.Stmt) error {
		s.Counted = append(s.Counted, Counted{
			System: stmt.ColumnText(0), Category: domain.Category(stmt.ColumnText(1)), Position: domain.Position(stmt.ColumnInt64(2)),
			Time: moment(stmt.ColumnInt64(3)), People: uint64(stmt.ColumnInt64(4)),
		})
		return nil
	}, s.Controller, s.Service); err != nil {
		return err
	}
	for i := range s.Counted {
		c := &s.Counted[i]
		var err error
		if c.Known, err = people(conn, end, s.Controller, c.System, c.Category, c.Time.UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

// Hours lists what came from a source in each of the last hours in which anything did, counted back 72 hours from its newest event,
// oldest first. It returns domain.ErrUnavailable where the view does not answer.
func (s *Sources) Hours(ctx context.Context, c domain.ControllerID, service domain.ServiceID) ([]Hour, domain.Position, error) {
	list := []Hour{}
	at, err := s.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		stmt, err := conn.Prepare("SELECT hour, events, actions, with_findings FROM hour WHERE controller = ? AND service = ? ORDER BY hour")
		if err != nil {
			return err
		}
		stmt.BindText(1, string(c))
		stmt.BindText(2, string(service))
		for {
			more, err := stmt.Step()
			if err != nil || !more {
				return errors.CombineErrors(err, stmt.Reset())
			}
			list = append(list, Hour{
				Start: moment(stmt.ColumnInt64(0) * hourOf), Events: uint64(stmt.ColumnInt64(1)),
				Actions: uint64(stmt.ColumnInt64(2)), WithFindings: uint64(stmt.ColumnInt64(3)),
			})
		}
	})
	return list, at, err
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
