// Package witness has the ledger's checkpoints cosigned by witnesses: programs of other people that sign a checkpoint only where it
// continues the last one that they saw, so that a ledger that was rolled back or shows two people two histories is found out
// (Art. 5(2): accountability that does not rest on our word). It reads C2SP tlog-policy files, asks as C2SP tlog-witness says, and
// takes C2SP cosignature/v1 with Ed25519 keys.
//
// It deliberately keeps nothing on disk and makes no proofs: infra/tiles does.
package witness
