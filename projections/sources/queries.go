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
	FirstRecorded, LastRecorded time.Time
	// Earliest and Latest are the lowest and the highest time by the service's clock.
	Earliest, Latest time.Time
	// Sequence is the highest of the service's own count, 0 where it keeps none. Missing is how many of the count below it have not
	// come, and Gaps which: the 64 newest gaps.
	Sequence, Missing uint64
	Gaps              []Gap
}

// Hour is what came from a source in one hour.
type Hour struct {
	Start                         time.Time
	Events, Actions, WithFindings uint64
}

// Sources answers queries.
type Sources struct{ view Reader }

// Reader gives snapshots of the view's file.
type Reader interface {
	// Read runs do on a snapshot and gives the position at which it stands. It returns domain.ErrUnavailable.
	Read(ctx context.Context, do func(conn *sqlite.Conn, at domain.Position) error) (domain.Position, error)
}

var _ Reader = (*projections.View)(nil)

// New makes a Sources that reads from a view.
func New(view Reader) *Sources { return &Sources{view} }

// All lists the sources of a controller, or of all where it is empty, by controller and service, and gives the position at which
// the view stood. It returns domain.ErrUnavailable where the view does not answer.
func (s *Sources) All(ctx context.Context, c domain.ControllerID) ([]Source, domain.Position, error) {
	list := []Source{}
	at, err := s.view.Read(ctx, func(conn *sqlite.Conn, _ domain.Position) error {
		stmt, err := conn.Prepare(`SELECT controller, service, first_position, last_position, first_recorded, last_recorded, first_time,
			last_time, events, actions, with_findings, sequence, missing, gaps, findings FROM source
			WHERE ?1 = '' OR controller = ?1 ORDER BY controller, service`)
		if err != nil {
			return err
		}
		stmt.BindText(1, string(c))
		for {
			more, err := stmt.Step()
			if err != nil || !more {
				return errors.CombineErrors(err, stmt.Reset())
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
		FirstPosition: domain.Position(s.firstPosition), LastPosition: domain.Position(s.lastPosition),
		FirstRecorded: moment(s.firstRecorded), LastRecorded: moment(s.lastRecorded),
		Earliest: moment(s.firstTime), Latest: moment(s.lastTime), Sequence: s.sequence, Missing: s.missing, Gaps: s.gaps,
	}
	for f, n := range s.findings {
		if n > 0 {
			source.Findings = append(source.Findings, Count{domain.Finding(f), n})
		}
	}
	return source
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
