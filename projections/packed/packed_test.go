package packed_test

import (
	"encoding/binary"
	"testing"

	"github.com/jigowatt/daybook/projections/packed"
)

func TestWhatWasPackedIsReadAndEveryCutIsTold(t *testing.T) {
	whole := binary.AppendVarint(binary.AppendUvarint(nil, 1<<40), -7)
	whole = append(binary.AppendUvarint(whole, 3), "crm"...)
	for cut := range len(whole) + 1 {
		r := packed.Reading{Rest: whole[:cut]}
		n, s, text := r.Number(), r.Signed(), r.Text()
		if cut < len(whole) {
			if !r.Broken {
				t.Errorf("cut at %d: %d, %d, %q", cut, n, s, text)
			}
			continue
		}
		if r.Broken || n != 1<<40 || s != -7 || text != "crm" || len(r.Rest) != 0 {
			t.Errorf("%d, %d, %q, %v", n, s, text, r)
		}
	}
}
