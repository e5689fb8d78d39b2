// Package domain holds the language of the ledger: the nouns and rules that the GDPR and DPV 2.3 name.
//
// Everything here is pure. There is no context, clock, file, network or goroutine; time and identity come in as values,
// decisions come out as values. The packages below it hold one aggregate or one table each:
//
//	domain/instruction   what a controller instructed, version by version          Art. 28(3)(a), 29
//	domain/register      controllers, services, recipients, the processor itself   Art. 28, 30(2)
//	domain/dossier       what happened to one person's data under one controller   Art. 4(2), 5(2)
//	domain/catalog       every event type and version ever written, and how to read it
//	domain/merkle        RFC 6962 hashing, no storage
//
// It deliberately does not know how events are stored, published or shown.
package domain
