// Package cli is the daybook program: it runs a ledger (serve, demo), and asks a running one over HTTP for everything else. It
// speaks to people: tables with sentences, errors that say what to change, and exit codes for scripts.
//
// It deliberately decides nothing: what may be recorded and what it means is the ledger's to say.
package cli
