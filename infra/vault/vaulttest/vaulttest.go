// Package vaulttest is the contract of commands.Vault as a suite that every vault passes.
//
// It deliberately does not look inside a vault: what must vanish from its files byte by byte is tested where the files are.
package vaulttest

import (
	"context"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
)

// Vault is what a ledger needs of a vault: the port of the write side and the ledger's own secrets.
type Vault interface {
	commands.Vault
	// Secret gives the random secret with a name, made on the first call.
	Secret(ctx context.Context, name string, size int) ([]byte, error)
}

// Harness makes the vaults to test.
type Harness struct {
	// New gives an empty vault that is closed with the test.
	New func(t *testing.T) Vault
	// Reopen closes a vault and opens it again; nil where a vault lives in memory only.
	Reopen func(t *testing.T, v Vault) Vault
	// Copy copies the files of a vault as they are while it is open, and opens the copy; nil where there are none.
	Copy func(t *testing.T, v Vault) Vault
	// Backup makes a backup of an open vault and opens what is restored of it; nil where there are none.
	Backup func(t *testing.T, v Vault) Vault
	// Files gives the content of all files of a vault by name; nil where there are none.
	Files func(t *testing.T, v Vault) map[string][]byte
}

// Run runs the whole contract.
func Run(t *testing.T, h Harness) {
	for _, rule := range []struct {
		name string
		test func(*testing.T, Harness)
	}{
		{"resolving", resolving},
		{"hostile lookups", hostile},
		{"callers at once get one key for one identifier", concurrent},
		{"linking", linking},
		{"sealing", sealing},
		{"digests", digests},
		{"forgetting", forgetting},
		{"forgetting while others work", forgettingConcurrently},
		{"secrets", secrets},
		{"what was answered is there after reopening", durable(h.Reopen)},
		{"what was answered is in the files at once", durable(h.Copy)},
		{"what was answered is in a backup", durable(h.Backup)},
		{"identifiers are in no file in the clear", nothingInTheClear},
	} {
		t.Run(rule.name, func(t *testing.T) { rule.test(t, h) })
	}
}

const (
	acme  = domain.ControllerID("acme")
	brown = domain.ControllerID("brown")
)

func identifier(t *testing.T, text string) domain.Identifier {
	t.Helper()
	id, err := domain.ParseIdentifier(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func ask(t *testing.T, c domain.ControllerID, text string) commands.Lookup {
	t.Helper()
	return commands.Lookup{Controller: c, Identifier: identifier(t, text)}
}

func open(t *testing.T, c domain.ControllerID, text string) commands.Lookup {
	t.Helper()
	return commands.Lookup{Controller: c, Identifier: identifier(t, text), Open: true}
}

func resolve(t *testing.T, v Vault, lookups ...commands.Lookup) []domain.SubjectKey {
	t.Helper()
	keys, err := v.Resolve(t.Context(), lookups)
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != len(lookups) {
		t.Fatalf("%d answers to %d lookups", len(keys), len(lookups))
	}
	return keys
}

// person gives the key of a new or known person.
func person(t *testing.T, v Vault, c domain.ControllerID, text string) domain.SubjectKey {
	t.Helper()
	key := resolve(t, v, open(t, c, text))[0]
	if key == 0 || key > 1<<63-1 {
		t.Fatalf("a key that is zero or has more than 63 bits")
	}
	return key
}

func link(t *testing.T, v Vault, c domain.ControllerID, known, also string) []domain.SubjectKey {
	t.Helper()
	joined, err := v.Link(t.Context(), c, identifier(t, known), identifier(t, also))
	if err != nil {
		t.Fatal(err)
	}
	return joined
}

func keysOf(t *testing.T, v Vault, c domain.ControllerID, text string) []domain.SubjectKey {
	t.Helper()
	keys, err := v.Keys(t.Context(), c, identifier(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// wantError wants an error of one kind and of no other.
func wantError(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: got %v, want %v", what, err, kind)
	}
	kinds := 0
	for _, k := range []error{domain.ErrInvalid, domain.ErrNotFound, domain.ErrConflict, domain.ErrForbidden, domain.ErrUnavailable} {
		if errors.Is(err, k) {
			kinds++
		}
	}
	if kinds != 1 {
		t.Errorf("%s: the error has %d kinds: %v", what, kinds, err)
	}
}
