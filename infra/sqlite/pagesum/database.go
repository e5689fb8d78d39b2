package pagesum

import (
	"strconv"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// readDatabase reads, and refuses a page that is not what its checksum says.
func readDatabase(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	rc := systemRead(tls, file, buffer, n, offset)
	h := at[handle](file)
	// A page that the end of the file cuts off comes filled up with zeros, which SQLite takes for its content.
	if rc != lib.SQLITE_OK && rc != lib.SQLITE_IOERR_SHORT_READ || h.summed == 0 || !isPage(n, offset) {
		return rc
	}
	page := libc.GoBytes(buffer, int(n))
	if whole(page) && rc == lib.SQLITE_OK && (offset > 0 || page[reserved] == Size) {
		return rc
	}
	h.fault = offset/int64(n) + 1
	return lib.SQLITE_IOERR_DATA
}

// writeDatabase gives a page its checksum and writes it. SQLite leaves the place to whoever reserved it, in its own memory too.
func writeDatabase(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	h := at[handle](file)
	if isPage(n, offset) {
		page := libc.GoBytes(buffer, int(n))
		switch {
		case offset == 0 && page[reserved] == Size:
			h.summed = 1
		case offset == 0 && h.summed != 0:
			return lib.SQLITE_IOERR_DATA // There is content where the checksum would go.
		}
		if h.summed != 0 {
			seal(page)
		}
	}
	return systemWrite(tls, file, buffer, n, offset)
}

// The pragmas of the layer. The first reserves the place of the checksums in a database that is still empty, or in one that VACUUM is to
// write anew. The second says what did not pass last on a connection, and nothing where all did.
const (
	ReservePragma = "pagesum_reserve"
	FaultPragma   = "pagesum_fault"
)

// fileControl answers the pragmas and passes the rest on.
func fileControl(tls *libc.TLS, file uintptr, op int32, argument uintptr) int32 {
	h := at[handle](file)
	switch op {
	case lib.SQLITE_FCNTL_PDB:
		h.db = *at[uintptr](argument)
	case lib.SQLITE_FCNTL_PRAGMA:
		words := at[[3]uintptr](argument) // the result, the name, what it is to be set to
		switch libc.GoString(words[1]) {
		case ReservePragma:
			return reserve(tls, h.db)
		case FaultPragma:
			words[0] = text(tls, h.takeFault())
			return lib.SQLITE_OK
		}
	}
	f, m := system(file)
	return function[func(*libc.TLS, uintptr, int32, uintptr) int32](m.FxFileControl)(tls, f, op, argument)
}

func reserve(tls *libc.TLS, db uintptr) int32 {
	n := tls.Alloc(int(unsafe.Sizeof(int32(0))))
	defer tls.Free(int(unsafe.Sizeof(int32(0))))
	*at[int32](n) = Size
	return lib.Xsqlite3_file_control(tls, db, 0, lib.SQLITE_FCNTL_RESERVE_BYTES, n)
}

// takeFault says in words what did not pass, and forgets it.
func (h *handle) takeFault() string {
	fault := h.fault
	h.fault = 0
	switch {
	case fault > 0:
		return "page " + strconv.FormatInt(fault, 10)
	case fault < 0:
		return "frame " + strconv.FormatInt(-fault, 10) + " of the write-ahead log"
	}
	return ""
}

// text gives a string in memory that SQLite frees.
func text(tls *libc.TLS, s string) uintptr {
	p := lib.Xsqlite3_malloc(tls, int32(len(s)+1))
	if p != 0 {
		b := libc.GoBytes(p, len(s)+1)
		copy(b, s)
		b[len(s)] = 0
	}
	return p
}
