// Package projections is the read side: it folds the log into views that answer questions, one folder a view.
//
// A view is disposable: deleted and rebuilt from the log it has the same content, table for table and byte for byte. Rows and
// progress are committed in one transaction. A view that meets an event it cannot understand stops; it never skips, and the
// others go on. Views hold nothing personal beyond subject keys, and sealed values stay sealed.
//
// It deliberately does not decide anything and never meets the write side.
package projections
