// Package commands is the write side: one door through which everything that is to be recorded goes, and one writer behind it.
//
// The way through is a pipeline of five stages, each one goroutine. The resolver tells repetitions from new messages, turns
// identifiers into subject keys and seals details. The sequencer judges in order, against state in memory, and frames what it
// decided while the frame before is being made durable. The appender writes one frame at a time. The finisher answers,
// and what was answered is remembered. A failed append ends the epoch: everything in hand is answered as unavailable, the state is dropped and folded
// again from the log, and a new epoch begins. Publishers repeat under the same id and lose nothing.
//
// It deliberately reads no projection: a decision rests on the log alone.
package commands
