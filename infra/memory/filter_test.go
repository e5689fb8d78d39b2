package memory

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/jigowatt/daybook/commands"
)

func filterKey(n uint64) commands.MessageKey {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, n))
	return commands.MessageKey(sum[:16])
}

func TestAFilterForgetsNothingAndSuspectsFew(t *testing.T) {
	f := newFilter()
	const known = 3 << 20 // grows twice
	var adding sync.WaitGroup
	for worker := range uint64(2) {
		adding.Go(func() {
			for n := worker; n < known; n += 2 {
				f.add(filterKey(n))
			}
		})
	}
	adding.Wait()
	if f.unknown(filterKey(known + 1)) {
		t.Error("a filter that is not whole says that a message is unknown")
	}
	f.whole.Store(true)
	if parts := *f.parts.Load(); len(parts) != 2 && len(parts) != 3 {
		t.Errorf("%d parts", len(parts))
	}
	for n := range uint64(known) {
		if f.unknown(filterKey(n)) {
			t.Fatalf("message %d was forgotten", n)
		}
	}
	suspected := 0
	for n := uint64(known); n < known+100_000; n++ {
		if !f.unknown(filterKey(n)) {
			suspected++
		}
	}
	if suspected > 4_000 {
		t.Errorf("%d of 100,000 unknown messages are suspected", suspected)
	}
}

func BenchmarkFilter(b *testing.B) {
	f := newFilter()
	for n := range uint64(1 << 20) {
		f.add(filterKey(n))
	}
	f.whole.Store(true)
	keys := make([]commands.MessageKey, 1<<16)
	for i := range keys {
		keys[i] = filterKey(uint64(i) + 1<<40)
	}
	for i := 0; b.Loop(); i++ {
		f.unknown(keys[i&(1<<16-1)])
	}
}
