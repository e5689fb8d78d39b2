// Package load makes the work of the benchmark: events that are encoded once and stamped with an id, a person, a time and a
// sequence each, and closed loops of callers that send them over real NATS connections and time every reply.
//
// The generator shares the machine's cores with what it measures, so it is written to cost little: no reflection, no
// encoding for each event, no goroutine for each caller. It measures wall time on purpose, and its randomness is seeded, so
// that each side is given the same people in the same order. It does not know what answers it.
package load
