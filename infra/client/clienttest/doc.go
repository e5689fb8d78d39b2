// Package clienttest is a ledger in memory for the tests of services that use package client: a real NATS server on a loopback
// port, and behind it something that answers as the contract says. It reads messages with the ledger's own strict reader, gives
// receipts with positions, recognises repetitions and conflicts, and can be told to be busy, to lose replies, to find fault,
// to refuse, or to be away.
//
//	ledger := clienttest.New(t)
//	c, err := client.Connect(ctx, ledger.URL(), client.WithController("acme"), client.WithService("billing"))
//	…
//	ledger.AssertRecorded(t, client.Action{Operation: client.Store, Instruction: "orders"})
//
// It deliberately keeps no rules: it does not know instructions, so it finds only the faults it is told to. It keeps what it is
// sent in memory in the clear, which a ledger never does, so it is for made-up people only.
package clienttest
