// Package sqlite opens SQLite databases the way the ledger uses them: one writer, a bounded pool of readers that see
// snapshots, write-ahead logging, a checksum for every page, a schema with a version, and files that only their owner can read.
//
// It deliberately knows no table, does not build SQL, and does not migrate: a view of an older version is deleted and built
// anew from the log, and whoever keeps what cannot be built anew brings its own steps.
package sqlite
