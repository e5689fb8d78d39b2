// Package sorted keeps small values under random keys in SQLite at the cost of writing in order.
//
// A plain index over people costs a random page for nearly every event once it is larger than the events of one transaction
// (measured: 600,000 rows a second without an index, 100,000 with one over a million people, 55,000 where a row for each person is
// read and replaced). So entries are kept in runs, as log-structured merge trees do: the entries of each 4,096 events become a run
// sorted by key, packed into blocks of one page, and four runs of one length are merged into one, up to four million events. Which
// runs there are follows from the position alone, so that the tables of equal histories are equal however the events were grouped
// into transactions. The entries of the last events, fewer than 4,096 of them, are rows of their own.
//
// It deliberately deletes nothing, and knows neither people nor events.
package sorted

import (
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/cockroachdb/errors"
)

// The shape of the runs.
const (
	base     = 4096 // events whose entries make a run of level 0
	fanout   = 4    // runs of one level that make one of the next
	maxLevel = 5    // of runs, which are merged no further: a merge stops the writer, at this level for a fraction of a second

	// blockBytes keeps a block within one page of 4,096 bytes.
	blockBytes = 4040

	indexBits = 30 // of a run's number within its level
	seqBits   = 29 // of a block's number within its run
)

// Merge appends to dst what an older value and a newer one under the same key make together. It must be associative, and give
// the same bytes for the same values.
type Merge func(dst, older, newer []byte) []byte

// Set is one collection of entries: a key, a number beneath it, and a value. A set of a file has its own tables.
type Set struct {
	merge                                              Merge
	insertRecent, selectRecent, allRecent, clearRecent string
	oneRecent, lastRecent                              string
	insertBlock, selectBlock, deleteBlocks             string
	insertFence, seekBlock, deleteFences               string
}

const schema = `
CREATE TABLE $_recent (
	key   INTEGER NOT NULL,
	sub   INTEGER NOT NULL,
	value BLOB    NOT NULL,
	PRIMARY KEY (key, sub)
) STRICT, WITHOUT ROWID;
CREATE TABLE $_fence (
	run   INTEGER NOT NULL, -- level and number
	key   INTEGER NOT NULL, -- of the block's first entry
	sub   INTEGER NOT NULL,
	seq   INTEGER NOT NULL, -- of the block in its run
	PRIMARY KEY (run, key, sub)
) STRICT, WITHOUT ROWID;
CREATE TABLE $_block (
	id   INTEGER PRIMARY KEY, -- run and seq
	data BLOB NOT NULL
) STRICT;
`

// Schema gives the statements that make the tables of the set with the name.
func Schema(name string) string { return strings.ReplaceAll(schema, "$", name) }

// New makes the set with the name. merge may be nil where no key and number come twice.
func New(name string, merge Merge) *Set {
	q := func(s string) string { return strings.ReplaceAll(s, "$", name) }
	return &Set{
		merge:        merge,
		insertRecent: q("INSERT OR REPLACE INTO $_recent VALUES (?, ?, ?)"),
		oneRecent:    q("SELECT value FROM $_recent WHERE key = ? AND sub = ?"),
		allRecent:    q("SELECT key, sub, value FROM $_recent"),
		clearRecent:  q("DELETE FROM $_recent"),
		insertBlock:  q("INSERT INTO $_block VALUES (?, ?)"),
		selectBlock:  q("SELECT data FROM $_block WHERE id = ?"),
		deleteBlocks: q("DELETE FROM $_block WHERE id BETWEEN ? AND ?"),
		insertFence:  q("INSERT INTO $_fence VALUES (?, ?, ?, ?)"),
		deleteFences: q("DELETE FROM $_fence WHERE run = ?"),
		// The |0 keeps SQLite from preparing these statements anew at each use, at twenty times the cost of the search: it does where
		// a bound value is compared for equality and there is an order that the value might make idle.
		seekBlock: q(`SELECT seq, data FROM $_fence, $_block WHERE run = (?1|0) AND (key, sub) <= ((?2|0), (?3|0)) AND id = (?4|0) + seq
			ORDER BY key DESC, sub DESC LIMIT 1`),
		selectRecent: q("SELECT sub, value FROM $_recent WHERE key = (?1|0) AND sub >= (?2|0) AND sub < (?3|0) ORDER BY sub"),
		lastRecent:   q("SELECT sub, value FROM $_recent WHERE key = (?1|0) AND sub >= (?2|0) AND sub < (?3|0) ORDER BY sub DESC"),
	}
}

// run names a run: the entries of the events from index·base·fanoutˡᵉᵛᵉˡ on.
type run struct{ level, index int64 }

func (r run) id() int64             { return r.level<<indexBits | r.index }
func (r run) block(seq int64) int64 { return r.id()<<seqBits | seq }
func (r run) first() int64          { return r.index * length(r.level) }
func (r run) end() int64            { return r.first() + length(r.level) }

// length gives how many events a run of a level is made of.
func length(level int64) int64 {
	n := int64(base)
	for range level {
		n *= fanout
	}
	return n
}

// runs lists the runs of a file that has the events before end, oldest first.
func runs(end int64) []run {
	var list []run
	at := int64(0)
	for level := int64(maxLevel); level >= 0; level-- {
		for n := length(level); at+n <= end; at += n {
			list = append(list, run{level, at / n})
		}
	}
	return list
}

// step executes a statement that gives no rows.
func step(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return errors.CombineErrors(err, stmt.Reset())
	}
	return stmt.Reset()
}
