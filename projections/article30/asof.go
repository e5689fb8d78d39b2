package article30

import (
	"maps"
	"math"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/register"
)

// moment is as of when a record is given: the events before a position, recorded no later than a time.
type moment struct {
	position int64
	recorded int64 // milliseconds
	seen     int64 // milliseconds: what was seen was recorded no later than that
	day      time.Time
	on       time.Time
}

// limits gives as of when a query asks.
func limits(conn *sqlite.Conn, q Query) (moment, error) {
	m, err := known(conn, q)
	if m.seen = m.recorded; !q.On.IsZero() {
		m.on, m.day = q.On, q.On.UTC().Truncate(24*time.Hour)
		m.seen = min(m.seen, q.On.UnixMilli())
	}
	return m, err
}

// known gives as of when a query asks for what was known.
func known(conn *sqlite.Conn, q Query) (moment, error) {
	m := moment{position: math.MaxInt64, recorded: math.MaxInt64}
	switch {
	case !q.Time.IsZero():
		m.recorded = q.Time.UnixMilli()
		m.day = q.Time.UTC().Truncate(24 * time.Hour)
		return m, nil
	case q.At != nil:
		m.position = int64(*q.At)
	case !q.Now.IsZero():
		m.day = q.Now.UTC().Truncate(24 * time.Hour)
		return m, nil
	}
	return m, rows(conn, "SELECT day FROM day WHERE position < ? ORDER BY position DESC LIMIT 1", func(s *sqlite.Stmt) error {
		m.day = time.Unix(s.ColumnInt64(0)*secondsOfDay, 0).UTC()
		return nil
	}, m.position)
}

// snapshot is what had been declared and seen by then.
type snapshot struct {
	processor   *register.ProcessorDeclared
	controllers map[domain.ControllerID]register.ControllerDeclared
	contacts    map[domain.ControllerID]map[domain.ContactID]register.Contact
	recipients  map[domain.RecipientID]register.RecipientDeclared
	versions    map[instructionKey][]given // oldest first
	seen        map[observation]Seen
}

type instructionKey struct {
	controller  domain.ControllerID
	instruction domain.InstructionID
}

// declarations reads what had been declared: of the controller, or of all, and what belongs to none.
func declarations(conn *sqlite.Conn, c domain.ControllerID, m moment) (*snapshot, error) {
	s := &snapshot{
		controllers: map[domain.ControllerID]register.ControllerDeclared{},
		contacts:    map[domain.ControllerID]map[domain.ContactID]register.Contact{},
		recipients:  map[domain.RecipientID]register.RecipientDeclared{},
		versions:    map[instructionKey][]given{}, seen: map[observation]Seen{},
	}
	return s, rows(conn, `SELECT event FROM declared WHERE position < ?1 AND recorded <= ?2
		AND (?3 = '' OR controller IN ('', ?3, ?4)) ORDER BY position`, func(stmt *sqlite.Stmt) error {
		stored := make([]byte, stmt.ColumnLen(0))
		stmt.ColumnBytes(0, stored)
		event, err := catalog.Decode(stored)
		if err != nil {
			return errors.Wrap(err, "row of a declaration in the record")
		}
		s.take(event, m.on)
		return nil
	}, m.position, m.recorded, c, register.Itself)
}

// take takes in a declaration; of instructions, where on is a time, those that had been given by then, and their withdrawals by then.
func (s *snapshot) take(event domain.Event, on time.Time) {
	later := func(w domain.Warrant) bool { return !on.IsZero() && w.On.After(on) }
	switch e := event.Fact.(type) {
	case register.ProcessorDeclared:
		s.processor = &e
	case register.ControllerDeclared:
		s.controllers[e.Controller] = e
	case register.RecipientDeclared:
		s.recipients[e.Recipient] = e
	case register.ContactDeclared:
		if s.contacts[e.Controller] == nil {
			s.contacts[e.Controller] = map[domain.ContactID]register.Contact{}
		}
		s.contacts[e.Controller][e.Contact] = register.Contact{ContactDeclared: e, Event: event.ID}
	case instruction.Given:
		if later(e.Warrant) {
			return
		}
		since := event.Recorded
		if !on.IsZero() {
			since = e.Warrant.On
		}
		key := instructionKey{e.Controller, e.Instruction}
		s.versions[key] = append(s.versions[key], given{
			instruction.Version{Number: e.Version, Terms: e.Terms, Given: e.Warrant}, since,
		})
	case instruction.Withdrawn:
		versions := s.versions[instructionKey{e.Controller, e.Instruction}]
		if n := len(versions); n > 0 && !later(e.Warrant) {
			versions[n-1].Withdrawn = &e.Warrant
		}
	}
}

// observe reads what had been seen.
func (s *snapshot) observe(conn *sqlite.Conn, q Query, m moment) error {
	secret, err := secrets(conn, q.Sight)
	if err != nil {
		return err
	}
	return rows(conn, `SELECT name, text, first_position, last_position, first_recorded, last_recorded FROM observed JOIN name ON id = name
		WHERE first_position < ? AND first_recorded <= ?`, func(stmt *sqlite.Stmt) error {
		packed := make([]byte, stmt.ColumnLen(1))
		stmt.ColumnBytes(1, packed)
		var o observation
		if err := o.unpack(packed); err != nil {
			return err
		}
		if q.Controller != "" && o.controller != q.Controller || secret[o.compelled] {
			return nil
		}
		seen := Seen{FirstAt: domain.Position(stmt.ColumnInt64(2)), First: time.UnixMilli(stmt.ColumnInt64(4)).UTC()}
		if stmt.ColumnInt64(3) < m.position && stmt.ColumnInt64(5) <= m.seen {
			seen.Last = time.UnixMilli(stmt.ColumnInt64(5)).UTC()
		} else if seen.Last, err = lastSeen(conn, stmt.ColumnInt64(0), m.day); err != nil {
			return err
		}
		if seen.Last.Before(seen.First) {
			seen.Last = seen.First // of the day on which it began
		}
		s.seen[o] = seen
		return nil
	}, m.position, m.seen)
}

// lastSeen gives the newest day, up to one, on which something was seen.
func lastSeen(conn *sqlite.Conn, name int64, until time.Time) (last time.Time, err error) {
	month, bit := monthOf(until.Unix() / secondsOfDay)
	upTo := bit<<1 - 1 // of the days of that month
	err = rows(conn, `SELECT month, CASE month WHEN ?2 THEN days & ?3 ELSE days END AS these FROM seen
		WHERE name = ?1 AND month <= ?2 AND these <> 0 ORDER BY month DESC LIMIT 1`, func(stmt *sqlite.Stmt) error {
		last = newestDay(stmt.ColumnInt64(0), stmt.ColumnInt64(1))
		return nil
	}, name, month, upTo)
	return last, err
}

// secrets gives the orders of which the law forbids telling.
func secrets(conn *sqlite.Conn, sight Sight) (map[string]bool, error) {
	secret := map[string]bool{}
	if sight.Secret {
		return secret, nil
	}
	maps.Copy(secret, sight.Orders)
	return secret, rows(conn, "SELECT name, until FROM court WHERE until <> 0", func(stmt *sqlite.Stmt) error {
		if sight.Now.Before(time.UnixMilli(stmt.ColumnInt64(1))) {
			secret[stmt.ColumnText(0)] = true
		}
		return nil
	})
}
