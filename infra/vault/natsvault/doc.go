// Package natsvault finds people and holds their keys in a JetStream key-value bucket, for ledgers whose processes run on more than one
// machine: the random key of each person's dossier, wrapped by the key-encryption key, and a keyed blind index for each controller.
// Destroying both is how a person is forgotten in a log that never changes (Art. 17(1), 25, 32(1)(a)).
//
// No entry is ever replaced, because a server leaves the bytes of what was replaced on its disk. Each is written once, refused where
// another process was faster, and, where it must be destroyed, overwritten in its place on every copy:
//
//	check                     tells a wrong key-encryption key
//	controller.<name>         the key of a controller's blind index, wrapped
//	secret.<name>             a secret of the ledger, wrapped
//	dossier.<key>             a dossier's data key, wrapped, and its first index entry
//	index.<entry>             where an index entry leads: the subject key, and the identifier sealed by the dossier's key
//	known.<key>.<entry>       that an index entry leads to a dossier, so that all of them can be found
//	linked.<key>.<key>        that two dossiers are one person's, in both directions
//	forgotten.<key>           that a person was forgotten, and when; every process is told of these
//
// Entries are read from the bucket's leader only: another copy may not have heard yet that somebody was forgotten.
//
// It deliberately does not know what is sealed, keeps nothing in the clear, and does not decide who is forgotten.
package natsvault
