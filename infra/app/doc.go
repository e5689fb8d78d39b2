// Package app is the composition root: it opens the parts in their order, gives each what it needs, watches over them while they
// run, and closes them in the opposite order.
//
// It deliberately holds no rule of the ledger.
package app
