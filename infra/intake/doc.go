// Package intake is the door for services: the NATS micro service that records and answers, the durable inbox, and the
// quarantine of what could not be understood. Controller and service are read from the subject, which the server's permissions
// enforce, never from the payload.
//
// It deliberately decides nothing: it decodes, hands over to the write side, and answers.
package intake
