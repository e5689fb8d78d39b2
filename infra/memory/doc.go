// Package memory remembers on disk which messages were recorded, in a Pebble store, so that the same message never counts
// twice, however late it is repeated.
//
// It holds hashes, positions and the pseudonym of the first person, and nothing in the clear. All of it can be made again from
// the log: nothing waits for fsync, and after a loss of power it may lack the last messages, together with the end that says so.
//
// It deliberately does not know the log and does not decide what a repetition is.
package memory
