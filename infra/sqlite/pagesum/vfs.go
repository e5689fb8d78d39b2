package pagesum

import (
	"sync"
	"unsafe"

	"github.com/cockroachdb/errors"
	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
	zombiezen "zombiezen.com/go/sqlite"
)

// name is the name by which SQLite knows the layer, as in the address of a file: file:/path?vfs=pagesum.
const name = "pagesum"

// handle is our part of an open file as SQLite sees it; that of SQLite's own file system follows it in memory. A connection uses its
// handles from one goroutine at a time.
type handle struct {
	methods uintptr // what SQLite calls; the first member, by SQLite's interface
	db      uintptr // of the main file: the connection
	main    uintptr // of a log: the handle of its main file

	fault   int64 // of the main file: the number of the page that did not pass, or minus that of the frame in the log
	header  int64 // of a log: where a header of a frame was written just now; 0 where something else was
	pending int64 // of a log: where the page of the first frame is that may not fit its header for now; 0 for none
	summed  int32 // of the main file: 1 where its pages have checksums
	scratch [frameHeader]byte
}

// inside is where the part of SQLite's own file system begins.
const inside = (unsafe.Sizeof(handle{}) + 7) &^ 7

// Register makes the layer known to SQLite and gives its name. What is registered belongs to the process, as SQLite's own list of file
// systems does, and stays.
func Register() (string, error) { return register() }

var register = sync.OnceValues(func() (string, error) {
	_ = zombiezen.ResultOK.Message() // SQLite is set up by its own once, which others may be in the middle of
	tls := libc.NewTLS()
	defer tls.Close()
	system := lib.Xsqlite3_vfs_find(tls, 0)
	if system == 0 {
		return "", errors.AssertionFailedf("SQLite has no file system of its own")
	}
	cname, err := libc.CString(name)
	if err != nil {
		return "", errors.Wrap(err, "name the layer of checksums")
	}
	vfs := lib.Xsqlite3_malloc(tls, int32(unsafe.Sizeof(lib.Tsqlite3_vfs{})))
	if vfs == 0 {
		return "", errors.AssertionFailedf("no memory for the layer of checksums")
	}
	// All but the opening of files is SQLite's own.
	layer := at[lib.Tsqlite3_vfs](vfs)
	*layer = *at[lib.Tsqlite3_vfs](system)
	layer.FpNext, layer.FzName = 0, cname
	layer.FszOsFile += int32(inside)
	layer.FxOpen = pointer(open)
	if rc := lib.Xsqlite3_vfs_register(tls, vfs, 0); rc != lib.SQLITE_OK {
		return "", errors.AssertionFailedf("register the layer of checksums: %d", rc)
	}
	return name, nil
})

// at gives what lies at an address of C's memory, which Go's does not move or free.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// pointer gives a function that is declared at the top level as C code calls it, and function the other way round: a function value is the
// address of a word that holds the code's, for all of the generated code of package lib.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// open opens a file. Databases and their logs get the layer; what is temporary, and the journals of a database that is only just being
// made, are SQLite's own.
func open(tls *libc.TLS, _, path, file uintptr, flags int32, out uintptr) int32 {
	system := lib.Xsqlite3_vfs_find(tls, 0)
	opener := function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](at[lib.Tsqlite3_vfs](system).FxOpen)
	if flags&(lib.SQLITE_OPEN_MAIN_DB|lib.SQLITE_OPEN_WAL) == 0 {
		return opener(tls, system, path, file, flags, out)
	}
	h := at[handle](file)
	*h = handle{summed: 1}
	if rc := opener(tls, system, path, file+inside, flags, out); rc != lib.SQLITE_OK {
		return rc
	}
	h.methods = databaseMethods()
	if flags&lib.SQLITE_OPEN_WAL != 0 {
		h.methods, h.main = logMethods(), lib.Xsqlite3_database_file_object(tls, path)
	} else if unsummed(tls, path) {
		h.summed = 0
	}
	return lib.SQLITE_OK
}

// unsummed says whether the address of a file asks for no checksums until its first page is written by one who has reserved the place.
func unsummed(tls *libc.TLS, path uintptr) bool {
	parameter, err := libc.CString("unsummed")
	if err != nil {
		return false
	}
	defer libc.Xfree(tls, parameter)
	return lib.Xsqlite3_uri_boolean(tls, path, parameter, 0) != 0
}
