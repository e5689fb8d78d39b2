// Package tiles keeps the proof of the history and a second copy of it: a Merkle tree over the exact bytes of the events as C2SP
// tlog-tiles on plain files, and signed checkpoints that say how long the log is and what stands in it (Art. 5(2), 32(1)(b)).
//
// Nothing is signed before it is on disk, and nothing that contradicts what was signed before. When a ledger starts, and while it
// runs, its log is held against the last checkpoint and the tiles; what differs is named by its position.
//
// It deliberately does not decide what happens to a ledger whose history is damaged, and never writes to the log.
package tiles
