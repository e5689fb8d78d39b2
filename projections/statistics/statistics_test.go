package statistics_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/projections/projectiontest"
	"github.com/jigowatt/daybook/projections/statistics"
)

const (
	cycles domain.ControllerID = "fenland-cycles"
	hotel  domain.ControllerID = "harbour-hotel"
)

func visit(c domain.ControllerID, op domain.Operation, subject domain.SubjectKey) dossier.ActionRecorded {
	return dossier.ActionRecorded{
		Controller: c, Service: "web", Subject: subject, Identifier: "ip", Operation: op, Instruction: "logs", Version: 1, Basis: domain.LegitimateInterests,
	}
}

// person gives a key as the vault makes them.
func person(n int) domain.SubjectKey {
	return domain.SubjectKey(rand.New(rand.NewPCG(11, uint64(n))).Uint64()>>1 | 1<<61)
}

func repeat(n int, fact func(i int) domain.Fact) []domain.Fact {
	list := make([]domain.Fact, n)
	for i := range list {
		list[i] = fact(i)
	}
	return list
}

// history is a day of visits, and one day more.
func history() []domain.Event {
	facts := repeat(12, func(i int) domain.Fact { return visit(cycles, domain.Collect, person(i)) })
	facts = append(facts, repeat(4, func(i int) domain.Fact { return visit(cycles, domain.Use, person(i)) })...)
	facts = append(facts, repeat(10, func(i int) domain.Fact { return visit(hotel, domain.Collect, person(100+i)) })...)
	facts = append(facts, disclosure.Received{Controller: cycles, Order: "court-1"})
	facts = append(facts, repeat(20, func(i int) domain.Fact {
		a := visit(cycles, []domain.Operation{domain.Disclose, domain.Copy}[i%2], person(i))
		a.Order = "court-1"
		return a
	})...)
	orders := visit(cycles, domain.Collect, person(7))
	orders.Instruction, orders.Identifier = "orders", "email"
	facts = append(facts, repeat(10, func(int) domain.Fact { return orders })...)
	events := projectiontest.Events(0, facts...)
	for i := len(events) - 5; i < len(events); i++ {
		events[i].Time = events[i].Time.AddDate(0, 0, 1)
	}
	return events
}

var monday, tuesday = projectiontest.Start, projectiontest.Start.AddDate(0, 0, 1)

func TestDays(t *testing.T) {
	s := statistics.New(projectiontest.GivenEvents(t, statistics.Projection(), history()...))
	for rule, c := range map[string]struct {
		query  statistics.Query
		want   []string
		events uint64
		hidden uint64
	}{
		"each operation of each day, and no small numbers": {
			statistics.Query{Controller: cycles, From: monday, Until: tuesday},
			[]string{"23 logs ip Collect 12", "23 logs ip Use few", "23 orders email Collect few", "24 orders email Collect few"}, 12, 3,
		},
		"hiding less":          {statistics.Query{Controller: cycles, From: monday, Until: tuesday, Few: 5}, []string{"23 logs ip Collect 12", "23 logs ip Use few", "23 orders email Collect 5", "24 orders email Collect 5"}, 22, 1},
		"one day":              {statistics.Query{Controller: cycles, From: tuesday, Until: tuesday}, []string{"24 orders email Collect few"}, 0, 1},
		"visitors only":        {statistics.Query{Controller: cycles, Kind: "ip", From: monday, Until: tuesday}, []string{"23 logs ip Collect 12", "23 logs ip Use few"}, 12, 1},
		"one instruction":      {statistics.Query{Controller: cycles, Instruction: "orders", From: monday, Until: monday}, []string{"23 orders email Collect few"}, 0, 1},
		"another controller's": {statistics.Query{Controller: hotel, From: monday, Until: tuesday}, []string{"23 logs ip Collect 10"}, 10, 0},
		"the processor's":      {statistics.Query{Kind: "ip", From: monday, Until: tuesday}, []string{"23 logs ip Collect 12", "23 logs ip Use few", "23 logs ip Collect 10"}, 22, 1},
	} {
		page, err := s.Days(t.Context(), c.query)
		if err != nil {
			t.Fatalf("%s: %+v", rule, err)
		}
		got := []string{}
		for _, cell := range page.Cells {
			n := fmt.Sprint(cell.Events)
			if cell.Few {
				n = "few"
				if cell.Events != 0 {
					t.Errorf("%s: a small number shows: %+v", rule, cell)
				}
			}
			got = append(got, fmt.Sprintf("%d %s %s %s %s", cell.Day.Day(), cell.Instruction, cell.Kind, cell.Operation, n))
		}
		if !slices.Equal(got, c.want) || page.Events != c.events || page.Hidden != c.hidden || page.Position != 57 {
			t.Errorf("%s: %d events, %d hidden at %s\n got %q\nwant %q", rule, page.Events, page.Hidden, page.Position, got, c.want)
		}
	}
	for rule, q := range map[string]statistics.Query{
		"no days":           {},
		"too many days":     {From: monday, Until: monday.AddDate(0, 0, statistics.MaxDays)},
		"the wrong way":     {From: tuesday, Until: monday},
		"hiding too little": {From: monday, Until: tuesday, Few: 4},
		"hiding not at all": {From: monday, Until: tuesday, Few: -1},
	} {
		if _, err := s.Days(t.Context(), q); !errors.Is(err, domain.ErrInvalid) || len(errors.GetAllHints(err)) == 0 {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func keys(list ...domain.SubjectKey) iter.Seq2[domain.SubjectKey, error] {
	return func(yield func(domain.SubjectKey, error) bool) {
		for _, k := range list {
			if !yield(k, nil) {
				return
			}
		}
	}
}

func TestNothingInTheStatisticsLeadsToAPerson(t *testing.T) {
	ledger := projectiontest.GivenEvents(t, statistics.Projection(), append(history(), projectiontest.Events(57,
		register.ContactDeclared{Controller: cycles, Contact: "anna", Role: "director", Subject: person(500)},
		dossier.ConsentGiven{Of: dossier.Of{Controller: cycles, Subject: person(501)}, Instruction: "news", How: "form"},
		dossier.IdentifierLinked{Controller: cycles, Subject: person(502), Joined: person(503), Identifier: "email"},
	)...)...)
	proof, err := statistics.New(ledger).Check(t.Context(), statistics.Keys(t.Context(), ledger.Log))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	// 12 visitors of the one, 20 of the court's, all but 12 of them among these, 10 of the other, and 4 who are named otherwise.
	if !proof.Holds() || proof.Keys != 20+10+4 || proof.Position != 60 || proof.Bytes < 4096 {
		t.Errorf("the proof: %+v", proof)
	}
}

func TestWhatWouldLeadToAPersonIsFound(t *testing.T) {
	for rule, leak := range map[string]string{
		"a table of people":         "CREATE TABLE visitor (subject INTEGER); INSERT INTO visitor VALUES (%d)",
		"a column of people":        "ALTER TABLE daily ADD COLUMN subject INTEGER",
		"a key in a known column":   "INSERT INTO daily VALUES ('x', 1, 'logs', '%s', 'Use', 1)",
		"a key in place of a count": "INSERT INTO daily VALUES ('x', 1, 'logs', 'ip', 'Use', %d)",
		"a key as a row's number":   "CREATE TABLE visitor (subject INTEGER PRIMARY KEY); INSERT INTO visitor VALUES (%d)",
		"a key that was deleted":    "CREATE TABLE court2 (name TEXT); INSERT INTO court2 VALUES ('%s'); DROP TABLE court2",
	} {
		ledger := projectiontest.GivenEvents(t, statistics.Projection(), history()...)
		if strings.Contains(leak, "%d") {
			leak = fmt.Sprintf(leak, uint64(person(3)))
		} else if strings.Contains(leak, "%s") {
			leak = fmt.Sprintf(leak, person(3))
		}
		path := ""
		if _, err := ledger.Read(t.Context(), func(conn *sqlite.Conn, _ domain.Position) error {
			return sqlitex.Execute(conn, "SELECT file FROM pragma_database_list", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
				path = s.ColumnText(0)
				return nil
			}})
		}); err != nil {
			t.Fatal(err)
		}
		conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.CombineErrors(sqlitex.ExecuteScript(conn, leak, nil), conn.Close()); err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		proof, err := statistics.New(ledger).Check(t.Context(), statistics.Keys(t.Context(), ledger.Log))
		if err != nil {
			t.Fatalf("%s: %+v", rule, err)
		}
		if proof.Holds() {
			t.Errorf("%s: %+v", rule, proof)
		}
		if text := strings.Join(proof.Faults, " "); strings.Contains(text, person(3).String()) || strings.Contains(text, fmt.Sprint(uint64(person(3)))) {
			t.Errorf("%s: the faults name a person", rule)
		}
	}
}

func TestKeysAreFoundInEveryForm(t *testing.T) {
	key := person(42)
	number := binary.BigEndian.AppendUint64(nil, uint64(key))
	reversed := binary.LittleEndian.AppendUint64(nil, uint64(key))
	for form, written := range map[string][]byte{
		"base 32":                  key.AppendText(nil),
		"decimal":                  fmt.Appendf(nil, "%d", uint64(key)),
		"hexadecimal":              fmt.Appendf(nil, "%016x", uint64(key)),
		"hexadecimal in capitals":  fmt.Appendf(nil, "%016X", uint64(key)),
		"the highest byte first":   number,
		"the lowest byte first":    reversed,
		"of varying length":        binary.AppendUvarint(nil, uint64(key)),
		"signed of varying length": binary.AppendVarint(nil, int64(key)),
	} {
		for _, before := range []int{0, 1, 1<<20 - 5} {
			for _, filler := range []byte{0, 0xff, '7', 'k'} {
				if before > 1 && filler != 0 {
					continue // only where the reading comes to an end is of interest there
				}
				b := slices.Concat(bytes.Repeat([]byte{filler}, before), written, []byte{filler, filler})
				found, err := statistics.Find(t.Context(), keys(person(1), key, person(2)), bytes.NewReader(b))
				if err != nil || !found {
					t.Errorf("%s behind %d of %q: found %v, %v", form, before, filler, found, err)
				}
				if found, err := statistics.Find(t.Context(), keys(person(1), person(2)), bytes.NewReader(b)); err != nil || found {
					t.Errorf("another key is found in %s behind %d of %q, %v", form, before, filler, err)
				}
			}
		}
	}
}

func TestTheTablesAreTheSameHoweverTheyWereFolded(t *testing.T) {
	events := history()
	for i := range 40 {
		for _, e := range history() {
			e.Time = e.Time.AddDate(0, 0, -i*700)
			events = append(events, e)
		}
	}
	for i := range events {
		events[i].ID = projectiontest.Events(domain.Position(i), events[i].Fact)[0].ID
		events[i].Recorded = projectiontest.Start.Add(time.Duration(i) * time.Second)
	}
	projectiontest.Equivalent(t, statistics.Projection(), events...)
}
