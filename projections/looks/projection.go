// Package looks is the view of who looked into the ledger: at whose record, when and why, what was opened, what was exported and who
// checked the history (Art. 5(1)(f), 5(2), 32(4); what a person may ask about consultations of their record, CJEU C-579/21).
//
// It deliberately holds nobody's name: who looked is an id, and whose record it was a key.
package looks

import (
	_ "embed"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/projections"
)

// Name is the view's name.
const Name = "looks"

//go:embed schema.sql
var schema string

type projection struct{}

// Projection gives the projection of the view.
func Projection() projections.Projection { return projection{} }

func (projection) Name() string               { return Name }
func (projection) Version() int               { return 1 }
func (projection) Schema() string             { return schema }
func (projection) Folder() projections.Folder { return folder{} }

type folder struct{}

// Kind says what somebody did.
type Kind string

// The kinds.
const (
	Viewed   Kind = "viewed"
	Revealed Kind = "revealed"
	Exported Kind = "exported"
	Verified Kind = "verified"
)

// scope is what the events of all kinds have in common.
type scope struct {
	kind       Kind
	by         oversight.By
	controller domain.ControllerID
	subjects   []domain.SubjectKey
}

// scopeOf gives the scope of a look; false for any other event.
func scopeOf(fact domain.Fact) (scope, bool) {
	switch f := fact.(type) {
	case oversight.RecordViewed:
		return scope{Viewed, f.By, f.Controller, f.Subjects}, true
	case oversight.DetailsRevealed:
		return scope{Revealed, f.By, f.Controller, f.Subjects}, true
	case oversight.ExportMade:
		return scope{Exported, f.By, f.Controller, f.Subjects}, true
	case oversight.VerificationMade:
		return scope{Verified, f.By, "", nil}, true
	}
	return scope{}, false
}

// Fold takes in the next event.
func (folder) Fold(conn *sqlite.Conn, e *domain.Recorded) error {
	s, is := scopeOf(e.Fact)
	if !is {
		return nil
	}
	stmt, err := conn.Prepare("INSERT INTO look VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(e.Position))
	stmt.BindInt64(2, e.Time.UnixMilli())
	for i, text := range []string{string(s.kind), string(s.by.Actor), string(s.by.Reason), s.by.Case, string(s.controller)} {
		stmt.BindText(3+i, text)
	}
	stmt.BindBytes(8, e.Bytes)
	if err := step(stmt); err != nil {
		return err
	}
	for _, subject := range s.subjects {
		stmt, err := conn.Prepare("INSERT OR IGNORE INTO person VALUES (?, ?)")
		if err != nil {
			return err
		}
		stmt.BindInt64(1, int64(subject))
		stmt.BindInt64(2, int64(e.Position))
		if err := step(stmt); err != nil {
			return err
		}
	}
	return nil
}

// Flush writes nothing: Fold does.
func (folder) Flush(*sqlite.Conn) error { return nil }

func step(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return errors.CombineErrors(err, stmt.Reset())
	}
	return stmt.Reset()
}
