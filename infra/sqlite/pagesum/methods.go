package pagesum

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// The tables of what SQLite calls for a file. They lie in C's memory and stay. Version 2 leaves out mapping the file into memory, which
// would pass by the layer.
var (
	databaseMethods = sync.OnceValue(func() uintptr { return methods(readDatabase, writeDatabase) })
	logMethods      = sync.OnceValue(func() uintptr { return methods(readLog, writeLog) })
)

type transfer = func(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32

func methods(read, write transfer) uintptr {
	tls := libc.NewTLS()
	defer tls.Close()
	table := lib.Xsqlite3_malloc(tls, int32(unsafe.Sizeof(lib.Tsqlite3_io_methods{})))
	*at[lib.Tsqlite3_io_methods](table) = lib.Tsqlite3_io_methods{
		FiVersion: 2, FxRead: pointer(read), FxWrite: pointer(write),
		FxClose: pointer(closeFile), FxTruncate: pointer(truncate), FxSync: pointer(syncFile), FxFileSize: pointer(fileSize),
		FxLock: pointer(lock), FxUnlock: pointer(unlock), FxCheckReservedLock: pointer(checkReservedLock),
		FxFileControl: pointer(fileControl), FxSectorSize: pointer(sectorSize), FxDeviceCharacteristics: pointer(deviceCharacteristics),
		FxShmMap: pointer(shmMap), FxShmLock: pointer(shmLock), FxShmBarrier: pointer(shmBarrier), FxShmUnmap: pointer(shmUnmap),
	}
	return table
}

// system gives SQLite's own file behind ours, and what is called for it.
func system(file uintptr) (uintptr, *lib.Tsqlite3_io_methods) {
	inner := file + inside
	return inner, at[lib.Tsqlite3_io_methods](at[lib.Tsqlite3_file](inner).FpMethods)
}

func systemRead(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	f, m := system(file)
	return function[transfer](m.FxRead)(tls, f, buffer, n, offset)
}

func systemWrite(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	f, m := system(file)
	return function[transfer](m.FxWrite)(tls, f, buffer, n, offset)
}

// deviceCharacteristics takes away that parts of a page may be read, which is how SQLite reads large values past its cache.
func deviceCharacteristics(tls *libc.TLS, file uintptr) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr) int32](m.FxDeviceCharacteristics)(tls, f) &^ lib.SQLITE_IOCAP_SUBPAGE_READ
}

// What follows is passed on as it is.

func closeFile(tls *libc.TLS, file uintptr) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr) int32](m.FxClose)(tls, f)
}

func truncate(tls *libc.TLS, file uintptr, size int64) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr, int64) int32](m.FxTruncate)(tls, f, size)
}

func syncFile(tls *libc.TLS, file uintptr, flags int32) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr, int32) int32](m.FxSync)(tls, f, flags)
}

func fileSize(tls *libc.TLS, file, size uintptr) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr, uintptr) int32](m.FxFileSize)(tls, f, size)
}

func lock(tls *libc.TLS, file uintptr, level int32) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr, int32) int32](m.FxLock)(tls, f, level)
}

func unlock(tls *libc.TLS, file uintptr, level int32) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr, int32) int32](m.FxUnlock)(tls, f, level)
}

func checkReservedLock(tls *libc.TLS, file, out uintptr) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr, uintptr) int32](m.FxCheckReservedLock)(tls, f, out)
}

func sectorSize(tls *libc.TLS, file uintptr) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr) int32](m.FxSectorSize)(tls, f)
}

func shmMap(tls *libc.TLS, file uintptr, region, size, extend int32, out uintptr) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr, int32, int32, int32, uintptr) int32](m.FxShmMap)(tls, f, region, size, extend, out)
}

func shmLock(tls *libc.TLS, file uintptr, offset, n, flags int32) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr, int32, int32, int32) int32](m.FxShmLock)(tls, f, offset, n, flags)
}

func shmBarrier(tls *libc.TLS, file uintptr) {
	f, m := system(file)
	function[func(*libc.TLS, uintptr)](m.FxShmBarrier)(tls, f)
}

func shmUnmap(tls *libc.TLS, file uintptr, remove int32) int32 {
	f, m := system(file)
	return function[func(*libc.TLS, uintptr, int32) int32](m.FxShmUnmap)(tls, f, remove)
}
