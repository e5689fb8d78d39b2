// Package vault finds people and holds their keys, in one SQLite file: the random key of each person's dossier, wrapped by the
// key-encryption key, and a keyed blind index for each controller by which identifiers lead to dossiers. Destroying both is
// how a person is forgotten in a log that never changes (Art. 17(1), 25, 32(1)(a)); a controller cannot find another's people
// (Art. 28(3)).
//
// What the vault answers is durable before it answers.
//
// Content of a person never moves within the file. SQLite's secure_delete overwrites what is deleted, but when a page of a
// tree is split or merged it leaves copies of rows behind in the free space of pages (measured: in half of the pages of an
// index with random keys), where no later deletion finds them. So all that must be destroyed stands in rows that are only ever
// added at the end and overwritten in their place with as many bytes:
//
//	dossier   one row for each dossier: its wrapped key, its index entry, its sealed identifier
//	alias     one row for each further identifier that was linked to a dossier
//	block     the blind index: index entries with the subject keys they lead to, 16 to 160 in a row
//	head      where the chain of blocks of each of the index's 65,536 buckets begins
//	subject   which dossier a subject key stands for, in random order: the log names those keys anyway, and once the dossier
//	          is overwritten they lead to nothing
//
// Entries of block and subject wait in memory until several come to one page (see pending); a start finds those that waited by
// the rows of their dossiers.
//
// It deliberately does not know what is sealed, keeps nothing in the clear, and does not decide who is forgotten. One process
// at a time uses a vault.
package vault
