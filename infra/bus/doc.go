// Package bus connects the program to NATS: to a server that runs inside the process, or to one at a URL.
//
// The embedded server keeps JetStream's promises as the ledger needs them: what it acknowledges is synced to disk, it neither
// encrypts nor compresses its files (encryption makes one flipped bit cost half a stream), and it sets no limit of its own on
// memory or disk that would refuse an append while there is room.
//
// It deliberately does not know what is sent over the bus, and does not listen beyond loopback: there is no access control yet.
package bus
