package holdings

import (
	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

type tallyKey struct {
	controller domain.ControllerID
	system     string
	category   domain.Category
}

// tally counts the events since the last Flush.
type tally struct {
	by          [4]int64 // domain.Effect
	first, last int64
}

var noCategory = []domain.Category{""}

func (f *folder) count(e *domain.Recorded, a *dossier.ActionRecorded, system string, effect domain.Effect) {
	categories := a.Categories
	if len(categories) == 0 {
		categories = noCategory
	}
	at := e.Recorded.UnixMilli()
	for _, category := range categories {
		key := tallyKey{a.Controller, system, category}
		t := f.tallies[key]
		if t == nil {
			t = &tally{first: at}
			f.tallies[key] = t
		}
		t.by[effect]++
		t.last = at // Recorded times never go back.
	}
}

func (f *folder) writeTallies(conn *sqlite.Conn) error {
	stmt, err := conn.Prepare(`INSERT INTO tally VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET brought = brought + excluded.brought, used = used + excluded.used,
			withdrawn = withdrawn + excluded.withdrawn, removed = removed + excluded.removed, last = excluded.last`)
	if err != nil {
		return err
	}
	for key, t := range f.tallies {
		stmt.BindText(1, string(key.controller))
		stmt.BindText(2, key.system)
		stmt.BindText(3, string(key.category))
		stmt.BindInt64(4, t.by[domain.Brings])
		stmt.BindInt64(5, t.by[domain.Neither])
		stmt.BindInt64(6, t.by[domain.Withdraws])
		stmt.BindInt64(7, t.by[domain.Removes])
		stmt.BindInt64(8, t.first)
		stmt.BindInt64(9, t.last)
		if err := step(stmt); err != nil {
			return err
		}
	}
	clear(f.tallies)
	return nil
}

func step(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return errors.CombineErrors(err, stmt.Reset())
	}
	return stmt.Reset()
}
