// Package packed reads the rows that views keep as one value of bytes: numbers as encoding/binary packs them, and texts after their
// length.
//
// It deliberately knows no view's layout.
package packed

import "encoding/binary"

// Reading unpacks one value from its front. What is damaged reads as nothing, and Broken tells at the end.
type Reading struct {
	Rest   []byte // what is still to be read
	Broken bool
}

// Number reads an unsigned number.
func (r *Reading) Number() uint64 {
	n, size := binary.Uvarint(r.Rest)
	return r.took(n, size)
}

// Signed reads a number that may be below zero.
func (r *Reading) Signed() int64 {
	n, size := binary.Varint(r.Rest)
	return int64(r.took(uint64(n), size))
}

func (r *Reading) took(n uint64, size int) uint64 {
	if size <= 0 {
		r.Broken, r.Rest = true, nil
		return 0
	}
	r.Rest = r.Rest[size:]
	return n
}

// Text reads a text after its length.
func (r *Reading) Text() string {
	n := r.Number()
	if n > uint64(len(r.Rest)) {
		r.Broken, r.Rest = true, nil
		return ""
	}
	s := string(r.Rest[:n])
	r.Rest = r.Rest[n:]
	return s
}
