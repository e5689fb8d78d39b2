// Package wire is the published message contract between the ledger and the services that write to it: subjects, content
// types, limits, message shapes, problem codes, JSON Schemas, and the sealing of payloads.
//
// It serves both ends, so it imports nothing of the ledger and nothing beyond the standard library; that is also why its few
// errors come from the standard library's errors package. What is published here is versioned by the v1 in the subjects and in
// the schema addresses, apart from the events of the log: services publish observations, the ledger decides facts.
//
// It deliberately does not decode what strangers sent (infra/cloudevents does, strictly), does not speak to a server
// (infra/client and infra/intake do) and does not know the rules that make a finding.
package wire
