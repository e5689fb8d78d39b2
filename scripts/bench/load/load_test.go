package load_test

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/scripts/bench/load"
)

func generator(t *testing.T, s load.Service, run uint32) *load.Generator {
	t.Helper()
	at := time.Date(2026, 11, 23, 10, 0, 0, 120e6, time.UTC)
	g, err := load.NewGenerator(s, 1000, run, 7, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAnEventIsWhatItsDescriptionSays(t *testing.T) {
	ids := map[[16]byte]bool{}
	for run, s := range load.AllServices() {
		g := generator(t, s, uint32(run))
		var buffer []byte
		for i := range 200 {
			var e load.Event
			buffer, e = g.Append(buffer[:0])
			var got struct {
				ID, Source, Sequence, Time string
				Data                       struct {
					Subjects    []string
					Instruction string
				}
			}
			if err := json.Unmarshal(e.JSON, &got); err != nil {
				t.Fatalf("%s: %v", e.JSON, err)
			}
			if len(e.JSON) != load.EventBytes {
				t.Errorf("an event of %d bytes, want %d", len(e.JSON), load.EventBytes)
			}
			if id := hex.EncodeToString(e.ID[:]); strings.ReplaceAll(got.ID, "-", "") != id || ids[e.ID] {
				t.Errorf("id %s, want %s, never used before", got.ID, id)
			}
			ids[e.ID] = true
			if want := load.PersonIdentifier(e.Person); !slices.Equal(got.Data.Subjects, []string{want}) {
				t.Errorf("subjects %v, want %s", got.Data.Subjects, want)
			}
			if load.ControllerName(load.ControllerOf(e.Person)) != s.Controller {
				t.Errorf("person %d is not a customer of %s", e.Person, s.Controller)
			}
			if got.Source != s.Source || got.Data.Instruction != e.Instruction || got.Time != "2026-11-23T10:00:00.120Z" ||
				got.Sequence != itoa(100_000_000_000+100_000_000*run+i+1) {
				t.Fatalf("event %s does not match its description", e.JSON)
			}
		}
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestAQuantileIsAtMostTwoPercentTooHighAndNeverTooLow(t *testing.T) {
	var h load.Histogram
	var all []time.Duration
	for i := range 5000 {
		d := time.Duration(i*i) * 137
		h.Add(d)
		all = append(all, d)
	}
	for _, q := range []float64{0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1} {
		exact := all[min(len(all)-1, int(q*float64(len(all)))-1+b2i(q*5000 != float64(int(q*5000))))]
		if got := h.Quantile(q); got < exact || float64(got) > float64(exact)*1.02 {
			t.Errorf("quantile %v = %v, want %v to %v", q, got, exact, time.Duration(float64(exact)*1.02))
		}
	}
	var twice load.Histogram
	twice.Merge(&h)
	twice.Merge(&h)
	if twice.Count() != 10000 || twice.Quantile(0.5) != h.Quantile(0.5) {
		t.Error("merging a histogram with itself moves its median")
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
