package pagesum_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/jigowatt/daybook/infra/sqlite/pagesum"
)

func page(size int) []byte {
	random := rand.New(rand.NewPCG(1, uint64(size)))
	p := make([]byte, size)
	for i := range p {
		p[i] = byte(random.Uint32())
	}
	return p
}

func TestEveryFlippedBitOfAPageIsFound(t *testing.T) {
	for _, size := range []int{512, 4096} {
		p := page(size)
		if pagesum.Whole(p) {
			t.Fatal("a page without its checksum is whole")
		}
		pagesum.Seal(p)
		if !pagesum.Whole(p) {
			t.Fatal("a page with its checksum is not whole")
		}
		for bit := range 8 * size {
			p[bit/8] ^= 1 << (bit % 8)
			if pagesum.Whole(p) {
				t.Errorf("bit %d of a page of %d bytes", bit, size)
			}
			p[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// The documentation of the checksum VFS gives no numbers: this is its algorithm written as it is described, word by word.
func TestTheChecksumIsThatOfTheSQLiteExtension(t *testing.T) {
	for _, size := range []int{512, 1024, 4096, 1 << 16} {
		p := page(size)
		var a, b uint32
		for i := 0; i < size-8; i += 8 {
			a += binary.LittleEndian.Uint32(p[i:]) + b
			b += binary.LittleEndian.Uint32(p[i+4:]) + a
		}
		pagesum.Seal(p)
		if binary.LittleEndian.Uint32(p[size-8:]) != a || binary.LittleEndian.Uint32(p[size-4:]) != b {
			t.Errorf("a page of %d bytes has another checksum", size)
		}
	}
}

func BenchmarkWhole(b *testing.B) {
	p := page(4096)
	pagesum.Seal(p)
	b.SetBytes(4096)
	for b.Loop() {
		if !pagesum.Whole(p) {
			b.Fatal("not whole")
		}
	}
}
