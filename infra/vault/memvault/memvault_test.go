package memvault_test

import (
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/memvault"
	"github.com/jigowatt/daybook/infra/vault/vaulttest"
)

func TestContract(t *testing.T) {
	vaulttest.Run(t, vaulttest.Harness{New: func(*testing.T) vaulttest.Vault { return memvault.New() }})
}

func TestOrderedFaults(t *testing.T) {
	id, err := domain.ParseIdentifier("customer:1")
	if err != nil {
		t.Fatal(err)
	}
	v := memvault.New()
	v.Order(memvault.Fails, memvault.None, memvault.HappensButFails)
	lookup := []commands.Lookup{{Controller: "acme", Identifier: id, Open: true}}
	asking := []commands.Lookup{{Controller: "acme", Identifier: id}}
	if _, err := v.Resolve(t.Context(), lookup); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if keys, err := v.Resolve(t.Context(), asking); err != nil || keys[0] != 0 {
		t.Errorf("a call that failed opened a dossier, or the next failed: %v", err)
	}
	if _, err := v.Resolve(t.Context(), lookup); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if keys, err := v.Resolve(t.Context(), asking); err != nil || keys[0] == 0 {
		t.Errorf("a call that happened left no dossier: %v", err)
	}
}
