package statistics

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"
	"strconv"

	"github.com/jigowatt/daybook/domain"
)

// keySet is a set of subject keys, found in bytes in whatever form they are written there: as text in base 32, in decimal or in
// hexadecimal, as a number of eight bytes either way round, or as a number of varying length as Go and as SQLite write them.
type keySet struct {
	sorted []uint64
	first  []int32 // the first of the sorted whose highest bits are at least so
}

const (
	bucketBits = 16
	keyBits    = 63
	// small keys cannot be told from counts and times. A key is 63 random bits: one in four thousand million is so small.
	smallest = 1 << 32
	textLen  = 13 // of base 32
	hexLen   = 16
	numberOf = 8
	// A key has 17 to 19 decimal digits, but for one in a hundred.
	leastDigits = 16
	mostDigits  = 19
	// longest is one less than the bytes of the longest form.
	longest = mostDigits - 1
)

// gather makes the set.
func gather(keys iter.Seq2[domain.SubjectKey, error]) (*keySet, error) {
	unique := map[domain.SubjectKey]struct{}{}
	for key, err := range keys {
		if err != nil {
			return nil, err
		}
		if key >= smallest {
			unique[key] = struct{}{}
		}
	}
	k := &keySet{sorted: make([]uint64, 0, len(unique)), first: make([]int32, 1<<bucketBits+1)}
	for key := range unique {
		k.sorted = append(k.sorted, uint64(key))
	}
	slices.Sort(k.sorted)
	for i, bucket := 0, 0; bucket <= 1<<bucketBits; bucket++ {
		for i < len(k.sorted) && k.sorted[i]>>(keyBits-bucketBits) < uint64(bucket) {
			i++
		}
		k.first[bucket] = int32(i)
	}
	return k, nil
}

func (k *keySet) len() int { return len(k.sorted) }

func (k *keySet) has(n uint64) bool {
	if n < smallest || n>>keyBits != 0 {
		return false
	}
	bucket := n >> (keyBits - bucketBits)
	_, found := slices.BinarySearch(k.sorted[k.first[bucket]:k.first[bucket+1]], n)
	return found
}

// within says that a key stands in the bytes. It reads on byte by byte, keeping what the last ones make in each form.
func (k *keySet) within(b []byte) bool {
	var binaryNumber, text, hexadecimal uint64
	var letters, hexDigits, digits int // how many of the last bytes are such
	for i, c := range b {
		binaryNumber = binaryNumber<<8 | uint64(c)
		if i >= numberOf-1 && (k.has(binaryNumber) || k.has(bits.ReverseBytes64(binaryNumber))) {
			return true
		}
		if c >= 0x80 {
			if k.varying(b[i:]) {
				return true
			}
			letters, hexDigits, digits = 0, 0, 0
			continue
		}
		if v := base32[c]; v != 0 {
			// 13 letters are 65 bits: a first one that a key does not have, its 63, and one that is left over.
			text = text<<5 | uint64(v-1)
			if letters++; letters >= textLen && text&1 == 0 && k.has(text>>1) {
				return true
			}
		} else {
			letters = 0
		}
		if v := base16[c]; v != 0 {
			hexadecimal = hexadecimal<<4 | uint64(v-1)
			if hexDigits++; hexDigits >= hexLen && k.has(hexadecimal) {
				return true
			}
		} else {
			hexDigits = 0
		}
		if c < '0' || c > '9' {
			digits = 0
		} else if digits++; digits >= leastDigits && k.decimal(b[i+1-digits:i+1]) {
			return true
		}
	}
	return false
}

// decimal looks for a key at the end of a row of digits.
func (k *keySet) decimal(row []byte) bool {
	for n := leastDigits; n <= min(len(row), mostDigits); n++ {
		if number, err := strconv.ParseUint(string(row[len(row)-n:]), 10, 64); err == nil && k.has(number) {
			return true
		}
	}
	return false
}

// varying looks for a number of varying length at the beginning. A key that is not small takes five bytes or more.
func (k *keySet) varying(b []byte) bool {
	const more = 0x80
	if len(b) < 5 || b[0]&b[1]&b[2]&b[3]&more == 0 {
		return false
	}
	n, size := binary.Uvarint(b)
	if size > 0 && (k.has(n) || k.has(n>>1)) { // a signed one is twice as large
		return true
	}
	var sqlite uint64
	for i := 0; i < len(b) && i < 9; i++ {
		if i == 8 {
			return k.has(sqlite<<8 | uint64(b[i]))
		}
		sqlite = sqlite<<7 | uint64(b[i]&^more)
		if b[i]&more == 0 {
			return k.has(sqlite)
		}
	}
	return false
}

// base32 and base16 give one more than the value of a letter, 0 for what is none.
var base32, base16 = values("0123456789abcdefghjkmnpqrstvwxyz", ""), values("0123456789abcdef", "0123456789ABCDEF")

func values(alphabets ...string) (of [128]byte) {
	for _, alphabet := range alphabets {
		for i := range len(alphabet) {
			of[alphabet[i]] = byte(i + 1)
		}
	}
	return of
}
