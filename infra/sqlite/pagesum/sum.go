package pagesum

import "encoding/binary"

// Size is how many bytes at the end of each page the checksum takes.
const Size = 8

// reserved is where the header of a database says how many bytes of each page are kept free (https://sqlite.org/fileformat2.html, 1.3.4).
const reserved = 20

// sums is the state of the checksum that SQLite uses for the frames of its log, and its checksum VFS for pages.
type sums struct{ a, b uint32 }

// add takes in data, of which the length is a multiple of eight.
func (s sums) add(order binary.ByteOrder, data []byte) sums {
	if order == binary.LittleEndian {
		return s.little(data)
	}
	for ; len(data) >= 8; data = data[8:] {
		s.a += order.Uint32(data) + s.b
		s.b += order.Uint32(data[4:]) + s.a
	}
	return s
}

// little is add without asking for the order of each word: every page that is read or written passes here. The sums are written so that
// each waits for one addition of the other, not two.
func (s sums) little(data []byte) sums {
	a, b := s.a, s.b
	for ; len(data) >= 32; data = data[32:] {
		v, w, x, y := binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:]), binary.LittleEndian.Uint64(data[16:]), binary.LittleEndian.Uint64(data[24:])
		a = a + uint32(v) + b
		b = b + uint32(v>>32) + a
		a = a + uint32(w) + b
		b = b + uint32(w>>32) + a
		a = a + uint32(x) + b
		b = b + uint32(x>>32) + a
		a = a + uint32(y) + b
		b = b + uint32(y>>32) + a
	}
	for ; len(data) >= 8; data = data[8:] {
		v := binary.LittleEndian.Uint64(data)
		a = a + uint32(v) + b
		b = b + uint32(v>>32) + a
	}
	return sums{a, b}
}

// whole says whether a page is what its checksum says. One of zeros only is.
func whole(page []byte) bool {
	end := len(page) - Size
	s := sums{}.little(page[:end])
	return binary.LittleEndian.Uint32(page[end:]) == s.a && binary.LittleEndian.Uint32(page[end+4:]) == s.b
}

// seal puts the checksum of a page in its place.
func seal(page []byte) {
	end := len(page) - Size
	s := sums{}.little(page[:end])
	binary.LittleEndian.PutUint32(page[end:], s.a)
	binary.LittleEndian.PutUint32(page[end+4:], s.b)
}

// isPage says whether so many bytes at an offset are a page: SQLite reads parts of the first page besides, never of another.
func isPage(n int32, offset int64) bool {
	return n >= 512 && n&(n-1) == 0 && offset%int64(n) == 0
}
