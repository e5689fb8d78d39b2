// Package client is the Go SDK for services that record what they do with personal data in a Daybook ledger.
//
//	c, err := client.Connect(ctx, "nats://127.0.0.1:4222",
//		client.WithController("fenland-cycles"), client.WithService("webshop"),
//		client.WithSpool("/var/lib/webshop/daybook"))
//	receipt, err := c.Record(ctx, client.Action{
//		Operation: client.Store, Subjects: []string{"email:ada@example.org"}, Instruction: "orders",
//		Categories: []string{"pd:EmailAddress"}, System: "crm", Location: "GB"})
//
// Record waits for the receipt. RecordAsync returns once the action cannot be lost: with a spool, when it is on disk, sealed for
// the ledger; Flush waits until the ledger has it. Ask says beforehand whether an action is permitted. Each action has one id
// from the moment it is first handed over, so repetitions are told apart from other actions (Art. 5(2): the record is right).
//
// What a service says beside what it did has methods of its own: Consent, WithdrawConsent, Object, Occasion, Announce and Count; they
// wait for the receipt and fall back on the spool as Record does. Orders gives the service what the ledger wants done, such as an
// erasure that is due, and Order.Answer records that it was.
//
// With WithProofs each receipt of Record comes with the proof that the action stands in the history that the ledger signs for, checked
// with a key that need not come from the ledger; CheckProof checks one that was kept.
//
// Other people's programs import this package, so it depends on nothing but infra/wire, nats.go, google/uuid and the standard
// library; that is why its errors are the standard library's, not those of the rest of the program. No error, log line,
// subject, header or file name of it holds personal data.
//
// It deliberately does not judge actions, which the ledger does, and does not open what it has sealed, which nobody but the
// ledger can.
package client
