package sorted_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/projections/sorted"
)

// sum is the simplest merge: values are numbers, and they are added.
func sum(dst, older, newer []byte) []byte {
	a, _ := binary.Uvarint(older)
	b, _ := binary.Uvarint(newer)
	return binary.AppendUvarint(dst, a+b)
}

func open(t *testing.T, set string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "a.db"), sqlite.Config{Schema: sorted.Schema(set) + sorted.NamesSchema("name"), Version: 1, Synchronous: sqlite.Normal})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// fold puts entries for so many events, as put does, in transactions of random sizes.
func fold(t *testing.T, db *sqlite.DB, set *sorted.Set, r *rand.Rand, events int, put func(w *sorted.Writer, event int) error) {
	t.Helper()
	w := set.Writer()
	for at := 0; at < events; {
		n := min(1+r.IntN(5000), events-at)
		if err := db.Write(t.Context(), func(conn *sqlite.Conn) error {
			for i := at; i < at+n; i++ {
				if err := put(w, i); err != nil {
					return err
				}
				if err := w.Advance(conn, uint64(i+1)); err != nil {
					return err
				}
			}
			return w.Flush(conn)
		}); err != nil {
			t.Fatalf("%+v", err)
		}
		at += n
		if r.IntN(10) == 0 {
			w = set.Writer() // as after a restart
		}
	}
}

func TestEntriesAreFoundInOrderWhateverRunTheyStandIn(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	set, db := sorted.New("person", nil), open(t, "person")
	const events = 75_000 // one run of level 2 and some of all below it
	// Every third event is about one key, whose entries fill many blocks; the first and last key there can be are among the others.
	keys := []uint64{0, 1, math.MaxInt64}
	for range 2000 {
		keys = append(keys, r.Uint64()>>1)
	}
	model := map[uint64][]uint64{}
	fold(t, db, set, r, events, func(w *sorted.Writer, event int) error {
		key := keys[3]
		if event%3 != 0 {
			key = keys[r.IntN(len(keys))]
		}
		model[key] = append(model[key], uint64(event))
		return w.Put(key, uint64(event), []byte{byte(event)})
	})
	ask := func(key, from, below uint64, newest bool, limit int) []uint64 {
		var got []uint64
		walk := set.Ascend
		if newest {
			walk = set.Descend
		}
		if err := db.Read(t.Context(), func(conn *sqlite.Conn) error {
			return walk(conn, events, key, from, below, func(sub uint64, value []byte) bool {
				if len(value) != 1 || value[0] != byte(sub) {
					t.Errorf("entry %d has the value %x", sub, value)
				}
				got = append(got, sub)
				return len(got) < limit
			})
		}); err != nil {
			t.Fatalf("%+v", err)
		}
		return got
	}
	for range 1000 {
		key, newest := keys[r.IntN(len(keys))], r.IntN(2) == 0
		if r.IntN(4) == 0 {
			key = keys[3]
		}
		from, below, limit := uint64(0), uint64(math.MaxUint64), 1+r.IntN(200)
		if r.IntN(2) == 0 {
			from = uint64(r.IntN(events))
		}
		if r.IntN(2) == 0 {
			below = uint64(r.IntN(events))
		}
		want := slices.Clone(model[key])
		want = slices.DeleteFunc(want, func(n uint64) bool { return n < from || n >= below })
		if newest {
			slices.Reverse(want)
		}
		want = want[:min(limit, len(want))]
		if got := ask(key, from, below, newest, limit); len(got)+len(want) > 0 && !slices.Equal(got, want) {
			t.Fatalf("key %d from %d below %d, newest %v: got %v, want %v", key, from, below, newest, got, want)
		}
	}
	if got := ask(keys[4]+1, 0, math.MaxUint64, false, 1); len(model[keys[4]+1]) == 0 && got != nil {
		t.Errorf("a key that nobody put has %v", got)
	}
}

func TestValuesUnderOneKeyAreMerged(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	set, db := sorted.New("person", sum), open(t, "person")
	const events = 40_000
	model, got := map[uint64]uint64{}, map[uint64]uint64{}
	fold(t, db, set, r, events, func(w *sorted.Writer, event int) error {
		key, n := r.Uint64N(3000), r.Uint64N(1000)
		model[key] += n
		return w.Put(key, 0, binary.AppendUvarint(nil, n))
	})
	if err := db.Read(t.Context(), func(conn *sqlite.Conn) error {
		for key := range model {
			if err := set.Ascend(conn, events, key, 0, math.MaxUint64, func(_ uint64, value []byte) bool {
				n, _ := binary.Uvarint(value)
				got[key] += n
				return true
			}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatalf("%+v", err)
	}
	if !reflect.DeepEqual(got, model) {
		t.Error("the sums differ")
	}
}

func TestKeysHave63Bits(t *testing.T) {
	if err := sorted.New("person", nil).Writer().Put(1<<63, 0, nil); err == nil {
		t.Error("a key of 64 bits was taken")
	}
}

func TestNamesKeepTheirNumbers(t *testing.T) {
	db, names := open(t, "person"), sorted.NewNames("name")
	for round := range 2 { // the second time as after a restart
		w := names.Writer()
		if err := db.Write(t.Context(), func(conn *sqlite.Conn) error {
			for i, text := range []string{"crm", "", "shop", "crm"} {
				id, err := w.ID(conn, []byte(text))
				if err != nil {
					return err
				}
				if want := []int64{1, 2, 3, 1}[i]; id != want {
					t.Errorf("round %d: %q has %d, want %d", round, text, id, want)
				}
				if got, err := names.Text(conn, id); err != nil || string(got) != text {
					t.Errorf("round %d: %d is %q, %v", round, id, got, err)
				}
			}
			return nil
		}); err != nil {
			t.Fatalf("%+v", err)
		}
	}
}
