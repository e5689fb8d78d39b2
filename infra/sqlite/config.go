package sqlite

import (
	"fmt"
	"strings"
	"time"

	"github.com/jigowatt/daybook/infra/sqlite/pagesum"
)

// Synchronous says what a commit waits for.
type Synchronous int

const (
	// Full makes every commit wait for fsync: what was committed survives a loss of power.
	Full Synchronous = iota
	// Normal makes only checkpoints wait for fsync: a loss of power may take back the last commits, in order, and a crash of
	// the process takes back none. It is for what can be rebuilt.
	Normal
	// Off makes nothing wait: a loss of power may damage the file. It is for what is removed at the next start.
	Off
)

// Config says how a database is opened. The zero value is durable and modest in memory.
type Config struct {
	// Schema holds the statements that make a new database; they are executed once, in one transaction.
	Schema string
	// Version is the version of the schema, 1 or more where there is a schema. It is kept in the file's user_version.
	Version int
	// Readers is how many readings can go on at once; 0 means 2, at most 64.
	Readers int
	// Synchronous says what a commit waits for.
	Synchronous Synchronous
	// SecureDelete overwrites deleted content with zeros.
	SecureDelete bool
	// ForeignKeys makes SQLite hold rows to their references.
	ForeignKeys bool
	// WriterCache and ReaderCache are the page caches in KiB: of the writer, and of each reader. 0 means 2048.
	WriterCache, ReaderCache int
	// PageSize of a new database in bytes; 0 means 4096.
	PageSize int
	// CheckpointPages is the length of the write-ahead log, in pages, at which a commit also carries it over into the file;
	// 0 means 1000. A longer one writes pages less often that change often.
	CheckpointPages int
	// BusyTimeout is how long a statement waits for a lock of another process; 0 means 5 s.
	BusyTimeout time.Duration
}

const maxReaders = 64

func (c Config) withDefaults() Config {
	if c.Readers <= 0 {
		c.Readers = 2
	}
	c.Readers = min(c.Readers, maxReaders)
	for _, v := range []struct {
		value *int
		or    int
	}{{&c.WriterCache, 2048}, {&c.ReaderCache, 2048}, {&c.PageSize, 4096}, {&c.CheckpointPages, 1000}} {
		if *v.value <= 0 {
			*v.value = v.or
		}
	}
	if c.BusyTimeout <= 0 {
		c.BusyTimeout = 5 * time.Second
	}
	return c
}

// writerPragmas come in an order that matters: the page size is fixed by the first page that is written.
func (c Config) writerPragmas() string {
	var b strings.Builder
	fmt.Fprintf(&b, "PRAGMA page_size=%d;PRAGMA %s;PRAGMA journal_mode=WAL;", c.PageSize, pagesum.ReservePragma)
	fmt.Fprintf(&b, "PRAGMA wal_autocheckpoint=%d;", c.CheckpointPages)
	// The file of the write-ahead log keeps its largest size otherwise.
	fmt.Fprintf(&b, "PRAGMA journal_size_limit=%d;", c.CheckpointPages*c.PageSize)
	b.WriteString(c.commonPragmas(c.WriterCache))
	return b.String()
}

func (c Config) readerPragmas() string {
	return c.commonPragmas(c.ReaderCache) + "PRAGMA query_only=ON;"
}

func (c Config) commonPragmas(cacheKiB int) string {
	var b strings.Builder
	synchronous := "FULL"
	switch c.Synchronous {
	case Full:
	case Normal:
		synchronous = "NORMAL"
	case Off:
		synchronous = "OFF"
	}
	fmt.Fprintf(&b, "PRAGMA synchronous=%s;PRAGMA cache_size=-%d;", synchronous, cacheKiB)
	fmt.Fprintf(&b, "PRAGMA secure_delete=%s;PRAGMA foreign_keys=%s;", onOff(c.SecureDelete), onOff(c.ForeignKeys))
	// Temporary tables stay in memory: what is not in the file must not be in another one either.
	b.WriteString("PRAGMA temp_store=MEMORY;PRAGMA trusted_schema=OFF;")
	return b.String()
}

func onOff(on bool) string {
	if on {
		return "ON"
	}
	return "OFF"
}
