// Package kurrentlog is the event log on KurrentDB (EventStoreDB): one stream for a ledger, one event of the stream for an event.
//
// The stream's revision is the position, and the expected revision of an append is the fence, so that two writers make one
// sequence. The id of an event follows from the ledger, its position and its bytes: what was appended twice because an answer was
// lost is there once, and what somebody else put into the stream is told from ours. README.md tells the life of an event, where it
// can fail, and what of the official client is not taken at its word.
//
// It deliberately does not know what events say, beyond the CloudEvents type that the server's own tools show. It does not repair
// a stream: what is missing or changed is named by its position and left for the ledger's own copy to restore.
package kurrentlog
