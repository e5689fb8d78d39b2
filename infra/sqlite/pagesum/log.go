package pagesum

import (
	"encoding/binary"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// The write-ahead log begins with a header; each frame is a header and a page (https://sqlite.org/fileformat2.html, 4.1). The checksum in
// the header of a frame goes on from that of the frame before, over the first eight bytes of the header and the page.
const (
	logHeader   = 32
	frameHeader = 24
	headerSum   = 24 // where the checksum is in the log's header
	frameSum    = 16 // where it is in that of a frame
	frameSummed = 8  // how much of the frame's header it covers
)

// frameOf gives the number of the frame, from 1, whose page of so many bytes lies at an offset of the log, 0 where none does.
func frameOf(page int32, offset int64) int64 {
	size := int64(page) + frameHeader
	if page < 512 || page&(page-1) != 0 || offset < logHeader+frameHeader || (offset-logHeader-frameHeader)%size != 0 {
		return 0
	}
	return (offset-logHeader-frameHeader)/size + 1
}

// readLog reads, and refuses the page of a frame that is not what the frame's checksum says.
func readLog(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	rc := systemRead(tls, file, buffer, n, offset)
	h := at[handle](file)
	frame := frameOf(n, offset)
	if frame == 0 || rc != lib.SQLITE_OK && rc != lib.SQLITE_IOERR_SHORT_READ || h.pending != 0 && offset >= h.pending {
		return rc
	}
	if rc == lib.SQLITE_OK {
		begin, before := offset-frameHeader, int64(headerSum)
		if frame > 1 {
			before = begin - int64(n) - frameHeader + frameSum
		}
		scratch := file + unsafe.Offsetof(h.scratch)
		if rc = systemRead(tls, file, scratch, Size, before); rc != lib.SQLITE_OK {
			return rc
		}
		seed := bigSums(h.scratch[:])
		if rc = systemRead(tls, file, scratch, frameHeader, begin); rc != lib.SQLITE_OK {
			return rc
		}
		if _, whole := frameFits(seed, h.scratch[:], libc.GoBytes(buffer, int(n))); whole {
			return rc
		}
	}
	if h.main != 0 {
		at[handle](h.main).fault = -frame
	}
	return lib.SQLITE_IOERR_DATA
}

// bigSums gives a checksum as headers have it, whatever machine wrote them.
func bigSums(b []byte) sums { return sums{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])} }

// frameFits says whether a frame is what its checksum says, which it gives. The machine that wrote it may have had either order of bytes.
func frameFits(before sums, header, page []byte) (sums, bool) {
	want := bigSums(header[frameSum:])
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if before.add(order, header[:frameSummed]).add(order, page) == want {
			return want, true
		}
	}
	return want, false
}

// writeLog passes on, and remembers which frames do not fit their headers for now: within a transaction that is larger than the cache,
// SQLite writes a page again in its frame, and all headers from there on once it commits. Only the one that writes reads them meanwhile.
func writeLog(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	h := at[handle](file)
	switch {
	case offset == 0:
		h.pending = 0 // The log begins anew.
	case n == frameHeader && h.pending > offset:
		h.pending = offset + frameHeader + 1
	case frameOf(n, offset) != 0 && h.header != offset-frameHeader && (h.pending == 0 || offset < h.pending):
		h.pending = offset
	}
	if h.header = 0; n == frameHeader {
		h.header = offset
	}
	return systemWrite(tls, file, buffer, n, offset)
}
