// Package ledger is the side that the benchmark is about: the daybook binary, built from this module, serving a fresh data
// directory as a process of its own, and spoken to as its users do: NATS over TCP, HTTP, and the command line.
//
// It knows nothing of the ledger's inside and sets nothing that a user would not.
package ledger
