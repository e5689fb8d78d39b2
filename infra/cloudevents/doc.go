// Package cloudevents reads the CloudEvents 1.0 that services send: structured JSON, batch JSON, and binary mode by the
// CloudEvents NATS and HTTP bindings. It is the one door through which strangers' bytes become an action, for NATS and HTTP
// alike, so it is strict: a name twice, an unknown name, bytes that are not UTF-8, a value beyond its limits are each
// refused with the place where they stand.
//
// What may be personal is a domain.Personal from the moment it is read (Art. 25, 32), and no error repeats a value.
//
// It deliberately does not know the rules of the ledger: whether an operation exists, an instruction permits it, or an
// identifier is well formed is for the write side to say. It does not open sealed bodies either.
package cloudevents
