package sources

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/projections/sorted"
)

// What actions brought and removed is kept by controller, system and all categories that the action names together, with an entry for
// each person: one entry an action. A count of one category looks at all that name it, and at removals that name none.
var (
	names   = sorted.NewNames("name")
	present = sorted.New("present", mergeStays)
)

// stay is when the data of one person was brought to a place first and last, and last removed from it, by the services' clocks in
// milliseconds since epoch; 0 where it was not.
type stay struct{ first, last, removed int64 }

// epoch is the beginning of 2015 in milliseconds: what is kept for every action is kept short.
const epoch = 1_420_070_400_000

// and gives what two stays of one person are together.
func (s stay) and(o stay) stay {
	if s.first == 0 || o.first != 0 && o.first < s.first {
		s.first = o.first
	}
	return stay{s.first, max(s.last, o.last), max(s.removed, o.removed)}
}

// at says that the data was there at a time. Where it was removed before and brought both before and after the time, only the first
// and the last of what was brought are known: it counts as there if either of the two says so.
func (s stay) at(t int64) bool {
	if s.removed == 0 || s.removed > t {
		return s.first != 0 && s.first <= t
	}
	return s.first > s.removed && s.first <= t || s.last > s.removed && s.last <= t
}

func (s stay) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(s.first))
	// Most were brought once, and not removed.
	if s.last != s.first || s.removed != 0 {
		b = binary.AppendUvarint(b, uint64(s.last-s.first))
	}
	if s.removed != 0 {
		b = binary.AppendUvarint(b, uint64(s.removed))
	}
	return b
}

func readStay(b []byte) (s stay, ok bool) {
	var parts [3]uint64
	for i := range parts {
		if len(b) == 0 && i > 0 {
			break
		}
		n, size := binary.Uvarint(b)
		if size <= 0 {
			return s, false
		}
		parts[i], b = n, b[size:]
	}
	return stay{int64(parts[0]), int64(parts[0] + parts[1]), int64(parts[2])}, len(b) == 0
}

// mergeStays makes one value of two. What is damaged stays so, and shows when it is read.
func mergeStays(dst, older, newer []byte) []byte {
	a, ok := readStay(older)
	b, also := readStay(newer)
	if !ok || !also {
		return append(dst, 0xff)
	}
	return a.and(b).append(dst)
}

// keep takes in what an action brought to a system or removed from it. Data that can be had back is removed here: a service does not
// count it.
func (f *folder) keep(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	at := max(e.Time.UnixMilli()-epoch, 1)
	switch a.Operation.Effect() {
	case domain.Brings:
		if err := f.put(conn, a, a.System, stay{first: at, last: at}); err != nil {
			return err
		}
	case domain.Removes, domain.Withdraws:
		return f.put(conn, a, a.System, stay{removed: at})
	case domain.Neither:
	}
	if a.Operation == domain.Move && a.From != a.System {
		return f.put(conn, a, a.From, stay{removed: at})
	}
	return nil
}

func (f *folder) put(conn *sqlite.Conn, a *dossier.ActionRecorded, system string, s stay) error {
	if system == "" {
		return nil
	}
	f.text = append(append(append(append(f.text[:0], a.Controller...), ' '), system...), ' ')
	for _, c := range a.Categories {
		f.text = append(append(f.text, c...), ' ')
	}
	id, err := f.names.ID(conn, f.text)
	if err != nil {
		return err
	}
	f.value = s.append(f.value[:0])
	return f.present.Put(uint64(id), uint64(a.Subject), f.value)
}

// guest is a person with a stay.
type guest struct {
	subject uint64
	stay
}

// people counts those whose data of a category was in a system at a time.
func people(conn *sqlite.Conn, end domain.Position, c domain.ControllerID, system string, category domain.Category, at int64) (uint64, error) {
	// Without a category, what was brought cannot be said to be of this one, and what was removed can.
	var all []guest
	of := map[int64]bool{}
	prefix := string(c) + " " + system + " "
	if err := rows(conn, "SELECT id, CAST(text AS TEXT) FROM name WHERE substr(CAST(text AS TEXT), 1, ?1) = ?2", func(s *sqlite.Stmt) error {
		list := strings.TrimPrefix(s.ColumnText(1), prefix)
		if list == "" || slices.Contains(strings.Fields(list), string(category)) {
			of[s.ColumnInt64(0)] = list != ""
		}
		return nil
	}, len(prefix), prefix); err != nil {
		return 0, err
	}
	for id, named := range of {
		broken := false
		if err := present.Ascend(conn, uint64(end), uint64(id), 0, math.MaxInt64, func(subject uint64, value []byte) bool {
			s, ok := readStay(value)
			if broken = !ok; broken {
				return false
			}
			if !named {
				s.first, s.last = 0, 0
			}
			all = append(all, guest{subject, s})
			return true
		}); err != nil {
			return 0, err
		}
		if broken {
			return 0, errors.AssertionFailedf("an entry of what is where is damaged")
		}
	}
	return staying(conn, all, at-epoch)
}

// staying counts the people who are there at a time. Dossiers that were found to be one person's count once.
func staying(conn *sqlite.Conn, all []guest, at int64) (uint64, error) {
	slices.SortFunc(all, func(a, b guest) int { return cmp.Compare(a.subject, b.subject) })
	joined := map[uint64]bool{} // those of joined dossiers who are counted
	if err := rows(conn, "SELECT subject, first FROM same", func(s *sqlite.Stmt) error {
		joined[uint64(s.ColumnInt64(0))], joined[uint64(s.ColumnInt64(1))] = false, false
		return nil
	}); err != nil {
		return 0, err
	}
	n := uint64(0)
	for i := 0; i < len(all); {
		s, subject := stay{}, all[i].subject
		for ; i < len(all) && all[i].subject == subject; i++ {
			s = s.and(all[i].stay)
		}
		if !s.at(at) {
			continue
		}
		if _, is := joined[subject]; is {
			root, err := first(conn, domain.SubjectKey(subject))
			if err != nil {
				return 0, err
			}
			if joined[uint64(root)] {
				continue
			}
			joined[uint64(root)] = true
		}
		n++
	}
	return n, nil
}
