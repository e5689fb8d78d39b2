package commands_test

import (
	"bytes"
	"maps"
	"reflect"
	"strconv"
	"testing"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	ondisk "github.com/jigowatt/daybook/infra/memory"
)

// paired is the memory that is served with, and its twin that the other tests run on. It answers only where both answer alike.
type paired struct {
	twin *memory
	real *ondisk.Memory
}

var errApart = errors.New("the memory and its twin answer differently")

func (p paired) Find(keys []commands.MessageKey) ([]commands.Seen, error) {
	want, _ := p.twin.Find(keys)
	got, err := p.real.Find(keys)
	if err == nil && !reflect.DeepEqual(got, want) {
		err = errors.WithStack(errApart)
	}
	return got, err
}

func (p paired) Remember(end domain.Position, news commands.News) error {
	return errors.CombineErrors(p.twin.Remember(end, news), p.real.Remember(end, news))
}

func (p paired) Kept(each func(commands.Kept) error) error {
	kept := map[string]string{}
	if err := p.real.Kept(func(k commands.Kept) error { kept[k.Key] = string(k.Value); return each(k) }); err != nil {
		return err
	}
	want := map[string]string{}
	_ = p.twin.Kept(func(k commands.Kept) error { want[k.Key] = string(k.Value); return nil })
	if !maps.Equal(kept, want) {
		return errors.WithStack(errApart)
	}
	return nil
}

func (p paired) Load() (domain.Position, []byte, error) {
	want, snapshot, _ := p.twin.Load()
	end, got, err := p.real.Load()
	if err == nil && (end != want || !bytes.Equal(got, snapshot)) {
		err = errors.WithStack(errApart)
	}
	return end, got, err
}

// What the rules were tried on is what the ledger is served with.
func TestTheMemoryOnDiskAnswersAsItsTwin(t *testing.T) {
	fs := vfs.NewMem()
	open := func() *ondisk.Memory { return must(ondisk.Open("memory", ondisk.Config{FS: fs})) }
	both := &paired{twin: &memory{}, real: open()}
	w := empty(t, func(c *commands.Config) { c.Memory = both })
	w.declare(organisation(), false)
	var receipts []commands.Receipt
	for round := range 3 {
		for i := range 20 {
			a := action(strconv.Itoa(round)+"-"+strconv.Itoa(i), customers(1+i))
			r := w.recorded(a)
			if again := w.recorded(a); !again.Duplicate || again.Position != r.Position {
				t.Errorf("repeated, the receipt is %+v", again)
			}
			receipts = append(receipts, r)
		}
		w.declare(commands.Declaration{Instructions: []commands.Instruction{orders("Orders "+strconv.Itoa(round), 10+round)}}, false)
		if _, err := w.ledger.Link(t.Context(), link("customer:1", "customer:"+strconv.Itoa(2+round))); err != nil {
			t.Fatal(err)
		}
		w.stop()
		if w.ran != nil {
			t.Fatalf("the ledger ended with %+v", w.ran)
		}
		if err := both.real.Close(); err != nil {
			t.Fatal(err)
		}
		both.real = open()
		w.open()
	}
	for i, want := range receipts {
		want.Duplicate = true
		if got := w.recorded(action(want.ID, customers(1+i%20))); got != want {
			t.Errorf("repeated, the receipt is %+v, want %+v", got, want)
		}
	}
	w.memory = both.twin
	w.check()
	if err := both.real.Close(); err != nil {
		t.Fatal(err)
	}
}
