package promises

import (
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
)

// The promises whose evidence takes more than one event.
const (
	enquiries = 6
	erasing   = 11
	keeping   = 18

	// atOnce is in what time the data of an answered enquiry is removed "at once".
	atOnce = 24 * time.Hour
)

// occasion takes in that an enquiry was answered or a quote declined: from then on the data is due.
func (f *folder) occasion(conn *sqlite.Conn, e *domain.Recorded, o *dossier.OccasionRecorded) error {
	if o.Occasion != domain.WhenEnquiryAnswered && o.Occasion != domain.WhenQuoteDeclined {
		return nil
	}
	if err := write(conn, "INSERT INTO enquiry VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", uint64(o.Subject), o.Controller, o.Instruction,
		int64(e.Position), e.Time.UnixMilli()); err != nil {
		return err
	}
	f.known.enquiries += int64(conn.Changes())
	return nil
}

// telling says that the action answers an order of the ledger to tell a recipient (Art. 19), and is no court's matter.
func telling(conn *sqlite.Conn, a *dossier.ActionRecorded) (is bool, err error) {
	if a.Order == "" || a.Recipient == "" {
		return false, nil
	}
	return is, rows(conn, "SELECT 1 FROM task WHERE name = ? AND controller = ? AND kind = 'tell'", func(*sqlite.Stmt) error {
		is = true
		return nil
	}, a.Order, a.Controller)
}

// follow holds an action against what waits for it: the data of answered enquiries for its removal, an order for its answer.
func (f *folder) follow(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	if a.Operation.Effect() == domain.Removes && f.known.enquiries > 0 {
		if err := f.removed(conn, e, a); err != nil {
			return err
		}
	}
	if a.Order == "" || a.Findings.Has(domain.RemovalNotErasure) {
		return nil
	}
	found, kind, reason := false, "", ""
	if err := rows(conn, "DELETE FROM task WHERE name = ? AND controller = ? AND kind <> 'tell' RETURNING kind, reason", func(s *sqlite.Stmt) error {
		found, kind, reason = true, s.ColumnText(0), s.ColumnText(1)
		return nil
	}, a.Order, a.Controller); err != nil || !found || kind != string(dossier.TaskErase) {
		return err
	}
	if reason == "retention" {
		return f.mark(conn, e, tallyKey{a.Controller, keeping, keeps, ""})
	}
	return f.mark(conn, e, tallyKey{a.Controller, erasing, keeps, ""})
}

// removed takes in a removal: of what the action names, or of all where it names no instruction.
func (f *folder) removed(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	var answered []int64
	if err := rows(conn, "DELETE FROM enquiry WHERE subject = ?1 AND controller = ?2 AND (?3 = '' OR instruction = ?3) RETURNING time",
		func(s *sqlite.Stmt) error { answered = append(answered, s.ColumnInt64(0)); return nil }, uint64(a.Subject), a.Controller, a.Instruction); err != nil {
		return err
	}
	for _, ms := range answered {
		f.known.enquiries--
		late := e.Time.Sub(time.UnixMilli(ms)) > atOnce
		if err := f.mark(conn, e, tallyKey{a.Controller, enquiries, against(late), ""}); err != nil {
			return err
		}
	}
	return nil
}

// escalated takes in that an order was not answered in time: an answer that still comes is no evidence for the promise.
func (f *folder) escalated(conn *sqlite.Conn, e *domain.Recorded, order string) error {
	var about []tallyKey
	if err := rows(conn, "DELETE FROM task WHERE name = ? RETURNING controller, kind, reason", func(s *sqlite.Stmt) error {
		k := tallyKey{domain.ControllerID(s.ColumnText(0)), erasing, breaks, ""}
		if s.ColumnText(2) == "retention" {
			k.promise = keeping
		}
		if s.ColumnText(1) == string(dossier.TaskErase) {
			about = append(about, k)
		}
		return nil
	}, order); err != nil {
		return err
	}
	for _, k := range about {
		if err := f.mark(conn, e, k); err != nil {
			return err
		}
	}
	return nil
}

// step takes in a step of a case. Cases are few and their steps too, so that each is folded again from the beginning.
func (f *folder) step(conn *sqlite.Conn, e *domain.Recorded, step request.Step) error {
	key := request.KeyOf(step)
	if err := write(conn, "INSERT INTO step VALUES (?, ?, ?, ?)", key.Controller, key.Case, int64(e.Position), e.Bytes); err != nil {
		return err
	}
	var s request.State
	if err := rows(conn, "SELECT event FROM step WHERE controller = ? AND id = ? ORDER BY position", func(stmt *sqlite.Stmt) error {
		event, err := catalog.Decode(blob(stmt, 0))
		s = s.Evolve(event)
		return errors.Wrap(err, "step of a case")
	}, key.Controller, key.Case); err != nil {
		return err
	}
	clock := s.Legal()
	// Where no number of days is set, something must still be done.
	unfinished := len(s.Unsettled()) > 0 || clock.Now == calendar.NoPeriod && clock.Ended.IsZero()
	due := int64(0)
	if !clock.Due.IsZero() {
		due = days(clock.Due.Time())
	}
	return write(conn, "INSERT OR REPLACE INTO request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", key.Controller, key.Case, s.Received.Kind, int64(e.Position),
		e.Recorded.UnixMilli(), clock.Now, due, unfinished, unread(s))
}

// unread says that a copy went out which nobody had gone through for other people's data (Art. 15(4), 20(4)).
func unread(s request.State) bool {
	kind := s.Received.Kind
	refused := s.Decided != nil && s.Decided.Outcome == request.Refused
	return (kind == request.Access || kind == request.Portability) && s.Answered != nil && s.Reviewed == nil && !refused
}

func days(t time.Time) int64 { return t.UTC().Unix() / (24 * 60 * 60) }
