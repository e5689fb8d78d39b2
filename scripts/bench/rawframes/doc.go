// Package rawframes is what the ledger's recording is held against: the same NATS server with the same settings, and a
// responder that does nothing but gather the requests that wait into one message, publish it durably and answer. It is the
// fastest that group commit in frames can be on this machine.
//
// It looks at nothing it is sent: no parsing, deciding, sealing, hashing, remembering or projecting.
package rawframes
