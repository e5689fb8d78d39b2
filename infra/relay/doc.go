// Package relay is Watermill over JetStream: a subscriber for durable consumers, through which the inbox is drained and reactions
// are carried. A message is acknowledged to the server when its handler acknowledges it, and comes again when it does not.
//
// It deliberately publishes nothing and creates no stream.
package relay
