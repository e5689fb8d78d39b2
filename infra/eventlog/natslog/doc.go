// Package natslog is the event log on NATS JetStream: one stream for a ledger, one message for a frame of events.
//
// The stream's last sequence fences writers, so that two of them make one sequence; what an append's missing or odd answer meant
// is found out by reading the end of the stream. README.md tells the life of an event, and where it can fail.
//
// It deliberately does not know what events say: to it they are lines. It does not repair a stream either: what is missing or
// changed is named by its position and left for the ledger's own copy to restore.
package natslog
