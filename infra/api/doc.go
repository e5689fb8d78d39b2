// Package api is the ledger over HTTP: JSON for programs, the CLI and curl, described by an OpenAPI 3.1 document that is made from
// the same code. Every error is one problem (RFC 9457). Identifiers of people travel in bodies only, never in a URL, because
// URLs are kept in histories and logs (Art. 25, 32).
//
// It deliberately decides nothing: it reads strictly, hands over to the write side or asks a view, and renders. It knows no
// users yet, so it listens on loopback only and answers only those who ask for a loopback name.
package api
