package sources

import (
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/source"
)

// serviceOf gives the service that a CloudEvents source names, false where it names none.
func serviceOf(text string) (key, bool) {
	rest, rooted := strings.CutPrefix(text, "/")
	controller, service, whole := strings.Cut(rest, "/")
	return key{domain.ControllerID(controller), domain.ServiceID(service)}, rooted && whole && controller != "" && service != ""
}

// hear takes in a sign of life that is no action. A heartbeat says how far the service has counted: what has not come by then is
// missing until it does.
func (f *folder) hear(conn *sqlite.Conn, e *domain.Recorded, from key, sequence uint64) error {
	s, err := f.state(conn, from)
	if err != nil {
		return err
	}
	s.heard = e.Recorded.UnixMilli()
	if _, beat := e.Fact.(source.HeartbeatRecorded); beat {
		s.claim(sequence)
	} else {
		s.count(sequence)
	}
	return nil
}

// counted takes in a count. An older one that comes late changes nothing.
func counted(conn *sqlite.Conn, e *domain.Recorded, c *source.CountReported) error {
	return write(conn, `INSERT INTO counted VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
		position = excluded.position, time = excluded.time, people = excluded.people WHERE excluded.time >= time`,
		c.Controller, c.Service, c.System, c.Category, int64(e.Position), e.Time.UnixMilli(), int64(c.People))
}

// announce takes in that a service is about to act. The action may have come before.
func announce(conn *sqlite.Conn, e *domain.Recorded, from key, a *dossier.ActionAnnounced) error {
	id, _, _ := strings.Cut(e.ID, "/") // that of the announcement: those of its further people bear a number behind it
	return write(conn, `INSERT INTO announced VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET position = excluded.position,
		time = excluded.time, operation = excluded.operation, instruction = excluded.instruction, system = excluded.system WHERE position < 0`,
		from.controller, from.service, id, int64(a.Subject), int64(e.Position), e.Time.UnixMilli(), a.Operation, a.Instruction, a.System)
}

// confirm takes in an action that was announced.
func confirm(conn *sqlite.Conn, a *dossier.ActionRecorded) error {
	return write(conn, "INSERT INTO announced VALUES (?, ?, ?, ?, -1, 0, '', '', '', 1) ON CONFLICT DO UPDATE SET confirmed = 1",
		a.Controller, a.Service, a.Announced, int64(a.Subject))
}

// maxJoined bounds how many times one after the other a person's dossiers were found to be somebody's known before.
const maxJoined = 64

// join takes in that two dossiers are one person's.
func join(conn *sqlite.Conn, l *dossier.IdentifierLinked) error {
	if l.Joined == 0 {
		return nil
	}
	ours, err := first(conn, l.Subject)
	if err != nil {
		return err
	}
	theirs, err := first(conn, l.Joined)
	if err != nil || ours == theirs {
		return err
	}
	return write(conn, "INSERT INTO same VALUES (?, ?)", int64(theirs), int64(ours))
}

// first gives the dossier that stands for a person.
func first(conn *sqlite.Conn, key domain.SubjectKey) (domain.SubjectKey, error) {
	for range maxJoined {
		found := false
		if err := rows(conn, "SELECT first FROM same WHERE subject = ?", func(s *sqlite.Stmt) error {
			key, found = domain.SubjectKey(s.ColumnInt64(0)), true
			return nil
		}, int64(key)); err != nil || !found {
			return key, err
		}
	}
	return key, nil
}

// write executes a statement that gives no rows.
func write(conn *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
}

// rows hands out the rows of a query.
func rows(conn *sqlite.Conn, query string, each func(*sqlite.Stmt) error, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: each})
}
