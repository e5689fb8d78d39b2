package retention

import (
	"slices"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// maxJoined bounds how many times one after the other a person's dossiers were found to be somebody's known before.
const maxJoined = 64

// person gives the row of a person and the key that it stands under.
func (f *folder) person(conn *sqlite.Conn, key domain.SubjectKey) (domain.SubjectKey, *person, error) {
	for range maxJoined {
		p := f.people[key]
		if p == nil {
			e, err := f.book.endings(conn)
			if err != nil {
				return 0, nil, err
			}
			if p, err = load(conn, f.book, key); err != nil {
				return 0, nil, err
			}
			p.before = f.work.placings(p, e, nil)
			f.people[key] = p
		}
		if p.same == 0 {
			return key, p, nil
		}
		key = p.same
	}
	return 0, nil, errors.AssertionFailedf("a person's dossiers lead to each other")
}

// load reads the row of one dossier, which is empty where there is none.
func load(conn *sqlite.Conn, b *book, key domain.SubjectKey) (*person, error) {
	stmt, err := conn.Prepare("SELECT packed FROM person WHERE subject = ?")
	if err != nil {
		return nil, err
	}
	stmt.BindInt64(1, int64(key))
	found, err := stmt.Step()
	var packed []byte
	if found {
		packed = make([]byte, stmt.ColumnLen(0))
		stmt.ColumnBytes(0, packed)
	}
	if err := errors.CombineErrors(err, stmt.Reset()); err != nil || !found {
		return &person{}, err
	}
	return unpack(conn, b, packed)
}

// touch marks a person as changed.
func (f *folder) touch(key domain.SubjectKey, p *person) {
	if !p.dirty {
		p.dirty = true
		f.dirty = append(f.dirty, key)
	}
}

// join takes in that two dossiers are one person's.
func (f *folder) join(conn *sqlite.Conn, l *dossier.IdentifierLinked) error {
	if l.Joined == 0 {
		return nil
	}
	first, p, err := f.person(conn, l.Subject)
	if err != nil {
		return err
	}
	second, q, err := f.person(conn, l.Joined)
	if err != nil || first == second {
		return err
	}
	for _, o := range q.occasions {
		p.note(o)
	}
	for _, i := range q.items {
		if err := f.mix(conn, p, i); err != nil {
			return err
		}
	}
	q.same, q.occasions, q.items = first, nil, nil
	f.touch(first, p)
	f.touch(second, q)
	stmt, err := conn.Prepare("UPDATE hold SET subject = ? WHERE subject = ?")
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(first))
	stmt.BindInt64(2, int64(second))
	return step(stmt)
}

// mix puts an item of another dossier to those of the person.
func (f *folder) mix(conn *sqlite.Conn, p *person, o item) error {
	n, found := slices.BinarySearchFunc(p.items, o.tuple, func(i item, id int64) int { return int(i.tuple - id) })
	if !found {
		p.items = slices.Insert(p.items, n, o)
		return nil
	}
	i := &p.items[n]
	older, newer := *i, o
	if older.newest > newer.newest {
		older, newer = newer, older
	}
	switch {
	case older.done && !newer.done, older.done && newer.done:
		*i = newer
	case newer.done:
		*i = older
	default:
		*i = newer
		i.first, i.firstAt = min(older.first, newer.first), min(older.firstAt, newer.firstAt)
		if i.order == "" {
			i.order = older.order
		}
		if err := f.describe(conn, i, union(older.categories, newer.categories)); err != nil {
			return err
		}
	}
	i.clock = max(older.clock, newer.clock)
	i.sent, i.tries = max(older.sent, newer.sent), older.tries+newer.tries
	return nil
}

type tallyKey struct {
	controller domain.ControllerID
	day        int64
}

// row is one due date as the file holds it.
type row struct {
	placing
	subject domain.SubjectKey
}

// Flush writes what is in memory.
func (f *folder) Flush(conn *sqlite.Conn) error {
	slices.Sort(f.dirty)
	e, err := f.book.endings(conn)
	if err != nil {
		return err
	}
	var gone, come []row
	var now []placing
	for _, key := range f.dirty {
		p := f.people[key]
		now = f.work.placings(p, e, now[:0])
		gone = append(gone, lacking(now, p.before, key)...)
		come = append(come, lacking(p.before, now, key)...)
		p.before = append(p.before[:0], now...)
		p.dirty = false
		if err := f.write(conn, key, p); err != nil {
			return err
		}
	}
	f.dirty = f.dirty[:0]
	if len(f.people) > maxPeople {
		clear(f.people)
	}
	return f.writeDue(conn, gone, come)
}

// lacking gives the placings of a person that a list lacks. Both are in the order of items, so that most are found at their place.
func lacking(list, of []placing, key domain.SubjectKey) (rows []row) {
	var set map[placing]bool
	for n, l := range of {
		if n < len(list) && list[n] == l {
			continue
		}
		if len(list) <= few {
			if !slices.Contains(list, l) {
				rows = append(rows, row{l, key})
			}
			continue
		}
		if set == nil {
			set = make(map[placing]bool, len(list))
			for _, other := range list {
				set[other] = true
			}
		}
		if !set[l] {
			rows = append(rows, row{l, key})
		}
	}
	return rows
}

func (f *folder) write(conn *sqlite.Conn, key domain.SubjectKey, p *person) error {
	stmt, err := conn.Prepare("INSERT OR REPLACE INTO person VALUES (?, ?)")
	if err != nil {
		return err
	}
	f.packed = p.pack(f.packed[:0])
	stmt.BindInt64(1, int64(key))
	stmt.BindBytes(2, f.packed)
	return step(stmt)
}

// writeDue writes due dates: first what is gone, because what comes may stand in the same place.
func (f *folder) writeDue(conn *sqlite.Conn, gone, come []row) error {
	remove, err := conn.Prepare("DELETE FROM due WHERE controller = ? AND ordered = ? AND due = ? AND position = ?")
	if err != nil {
		return err
	}
	for i := range gone {
		if err := f.put(conn, remove, &gone[i], -1); err != nil {
			return err
		}
	}
	insert, err := conn.Prepare("INSERT INTO due VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	for i := range come {
		insert.BindInt64(5, int64(come[i].subject))
		if err := f.put(conn, insert, &come[i], 1); err != nil {
			return err
		}
	}
	return f.writeTallies(conn)
}

func (f *folder) put(conn *sqlite.Conn, stmt *sqlite.Stmt, r *row, count int64) error {
	f.tallies[tallyKey{r.controller, r.day}] += count
	if r.due == never {
		return nil
	}
	controller, err := f.name(conn, ofController, string(r.controller))
	if err != nil {
		return err
	}
	stmt.BindInt64(1, controller)
	stmt.BindInt64(2, int64(flag(r.ordered, 1)))
	stmt.BindInt64(3, r.due)
	stmt.BindInt64(4, r.position)
	return step(stmt)
}

func (f *folder) writeTallies(conn *sqlite.Conn) error {
	add, err := conn.Prepare("INSERT INTO tally VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET items = items + excluded.items")
	if err != nil {
		return err
	}
	drop, err := conn.Prepare("DELETE FROM tally WHERE controller = ? AND day = ? AND items = 0")
	if err != nil {
		return err
	}
	for key, n := range f.tallies {
		if n == 0 {
			continue
		}
		controller, err := f.name(conn, ofController, string(key.controller))
		if err != nil {
			return err
		}
		add.BindInt64(1, controller)
		add.BindInt64(2, key.day)
		add.BindInt64(3, n)
		if err := step(add); err != nil {
			return err
		}
		drop.BindInt64(1, controller)
		drop.BindInt64(2, key.day)
		if err := step(drop); err != nil {
			return err
		}
	}
	clear(f.tallies)
	return nil
}
