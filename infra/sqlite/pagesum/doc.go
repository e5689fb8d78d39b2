// Package pagesum guards every page of an SQLite database by a checksum, so that a bit that flipped on the disk gives an error and never
// an answer. It is a layer between SQLite and its own file system (a VFS): pages get their checksum when they are written into the
// database and are held against it when they are read; frames of the write-ahead log, which have checksums of SQLite's own that are
// looked at after a crash only, are held against those whenever they are read. Log tells beforehand whether a log has lost what was committed.
//
// Algorithm and place are those of SQLite's own checksum VFS (https://sqlite.org/cksumvfs.html: the last eight bytes of each page, where
// the header reserves eight), so that the sqlite3 shell with that extension checks the same files.
//
// It deliberately repairs nothing, and does not guard against pages that were put back whole as they once were.
package pagesum
