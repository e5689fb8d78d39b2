// Package backup is the format of a ledger's backups, of which there are two. One holds the log with its proof: bundles of entries and
// tiles as they stand in C2SP tlog-tiles, up to one signed checkpoint, in a tar file compressed with zstd. In it people are pseudonyms,
// and what is of them is sealed. The other holds the keys: the vault and the key-encryption key, encrypted with age to those who may
// restore. They are apart because whoever has both has everything (Art. 32(1)(a)), and because a copy of the keys brings back whoever
// was forgotten since, until it is deleted (Art. 17(1)): it says itself until when it may be kept.
//
// It deliberately knows no ledger, neither running nor stopped, and writes nothing to disk itself: keys never lie there in the clear.
package backup
