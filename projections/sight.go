package projections

import (
	"maps"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Sight says whom an answer is for. While the law forbids telling of a court's order, what was done under it is left out of every
// answer that does not ask for it.
type Sight struct {
	// Now is the time at which it is asked, by which things are overdue, too; the zero time leaves out everything that was ever secret.
	Now time.Time
	// Secret asks for what must not be told, too. Only an answer for the supervisory authority may.
	Secret bool
	// Orders are left out, too: those that must not be told of and that a view of the past does not know yet.
	Orders map[string]bool
}

// Hidden gives the orders of which the law forbids telling, from a view that keeps them in a table court (name, until): until when in
// milliseconds, and 0 where it never was forbidden. It returns the error
// of SQLite as it is.
func (s Sight) Hidden(conn *sqlite.Conn) (map[string]bool, error) {
	secret := map[string]bool{}
	if s.Secret {
		return secret, nil
	}
	maps.Copy(secret, s.Orders)
	return secret, sqlitex.Execute(conn, "SELECT name, until FROM court WHERE until <> 0", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		if s.Now.Before(time.UnixMilli(stmt.ColumnInt64(1))) {
			secret[stmt.ColumnText(0)] = true
		}
		return nil
	}})
}
