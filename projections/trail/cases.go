package trail

import (
	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
)

// step takes in a step of a case for everybody whose case it is: only the first step says who that is.
func (f *folder) step(conn *sqlite.Conn, e *domain.Recorded, s request.Step) error {
	key := request.KeyOf(s)
	if received, opening := s.(request.Received); opening {
		for _, subject := range received.Subjects {
			if err := concern(conn, key, subject); err != nil {
				return err
			}
		}
	}
	subjects, err := concerned(conn, key)
	if err != nil {
		return err
	}
	if len(subjects) == 0 {
		return errors.AssertionFailedf("event %s is a step of a case that nobody opened", e.Position)
	}
	if err := f.whole(conn, e, key.Controller); err != nil {
		return err
	}
	for _, subject := range subjects {
		if err := f.people.Put(uint64(subject), uint64(e.Position), nil); err != nil {
			return err
		}
	}
	return nil
}

func concern(conn *sqlite.Conn, key request.Key, subject domain.SubjectKey) error {
	stmt, err := conn.Prepare("INSERT OR IGNORE INTO concerned VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	stmt.BindText(1, string(key.Controller))
	stmt.BindText(2, string(key.Case))
	stmt.BindInt64(3, int64(subject))
	return done(stmt)
}

// concerned gives the people of a case, of whom there are at most 64.
func concerned(conn *sqlite.Conn, key request.Key) ([]domain.SubjectKey, error) {
	stmt, err := conn.Prepare("SELECT subject FROM concerned WHERE controller = ? AND id = ? ORDER BY subject")
	if err != nil {
		return nil, err
	}
	stmt.BindText(1, string(key.Controller))
	stmt.BindText(2, string(key.Case))
	var list []domain.SubjectKey
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return list, errors.CombineErrors(err, stmt.Reset())
		}
		list = append(list, domain.SubjectKey(stmt.ColumnInt64(0)))
	}
}
