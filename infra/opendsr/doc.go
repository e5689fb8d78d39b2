// Package opendsr signs what the ledger says in OpenDSR 2.0, and sends the status of requests to the addresses that their controllers
// declared (Art. 12, 28(3)(e)).
//
//	answer or callback ──▶ RSA-SHA256 over the exact body ──▶ X-OpenDSR-Signature, checked with the certificate that discovery names
//	a case's status changed ──▶ signed callback ──▶ delivered, or given up after a bounded number of tries: either is an event
//
// It deliberately calls no address that a request brings: only those of the register, over TLS or on this machine, and it follows no
// redirect.
package opendsr
