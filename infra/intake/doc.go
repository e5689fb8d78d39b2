// Package intake is the door for services: the NATS micro service that records and answers, the durable inbox, and the
// quarantine of what could not be understood. Controller and service are read from the subject, which the server's permissions
// enforce, never from the payload.
//
// Whoever asked is answered. What nobody waits for is kept: in the inbox where it may be recorded later, in quarantine where it
// cannot be recorded as it is.
//
// It deliberately decides nothing: it decodes, hands over to the write side, and answers.
package intake
