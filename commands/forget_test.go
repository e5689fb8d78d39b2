package commands_test

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/custody"
	"github.com/jigowatt/daybook/domain/dossier"
)

// sticking is a vault that does not destroy anything for a while, as when its disk is full.
type sticking struct {
	commands.Vault
	stuck *bool
}

func (s sticking) Forget(ctx context.Context, key domain.SubjectKey) error {
	if *s.stuck {
		return errors.Wrap(domain.ErrUnavailable, "a vault that sticks")
	}
	return s.Vault.Forget(ctx, key)
}

func (w *world) forgotten() (list [][]domain.SubjectKey) {
	events, _ := w.events()
	for _, e := range events {
		if f, is := e.Fact.(custody.PersonForgotten); is {
			list = append(list, f.Subjects)
		}
	}
	return list
}

func ada() commands.Forget {
	return commands.Forget{Controller: "fenland", Person: person("email:ada@example.org"), By: "anna", Case: "case-1"}
}

func TestAPersonIsForgottenOnceThatIsRecorded(t *testing.T) {
	stuck := true
	w := empty(t, func(c *commands.Config) { c.Vault = sticking{c.Vault, &stuck} })
	if _, err := w.ledger.Declare(t.Context(), organisation(), false); err != nil {
		t.Fatal(err)
	}
	w.recorded(action("a", of("email:ada@example.org")))
	w.recorded(action("b", of("customer:7")))
	if _, err := w.ledger.Link(t.Context(), link("email:ada@example.org", "customer:7")); err != nil {
		t.Fatal(err)
	}
	keys := w.keys("email:ada@example.org")

	if _, err := w.ledger.Forget(t.Context(), ada()); !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("without the destruction: %v", err)
	}
	if got := w.forgotten(); len(got) != 1 || !slices.Equal(got[0], keys) || len(keys) != 2 {
		t.Fatalf("recorded %v, want both keys %v", got, keys)
	}
	stuck = false
	w.reopen() // as after a crash between the two
	for _, key := range keys {
		if _, err := w.vault.Identifiers(t.Context(), key); !errors.Is(err, domain.ErrForgotten) {
			t.Errorf("a start leaves a key that was to be destroyed: %v", err)
		}
	}
	if _, err := w.ledger.Forget(t.Context(), ada()); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("forgotten again: %v", err)
	}
	w.recorded(action("c", of("email:ada@example.org")))
	if again := w.keys("email:ada@example.org"); slices.Contains(keys, again[0]) {
		t.Error("who is met again is known again")
	}
}

func TestWhoAsksAgainCompletesTheForgetting(t *testing.T) {
	stuck := true
	w := empty(t, func(c *commands.Config) { c.Vault = sticking{c.Vault, &stuck} })
	if _, err := w.ledger.Declare(t.Context(), organisation(), false); err != nil {
		t.Fatal(err)
	}
	w.recorded(action("a", of("email:ada@example.org")))
	for range 2 {
		if _, err := w.ledger.Forget(t.Context(), ada()); !errors.Is(err, domain.ErrUnavailable) {
			t.Fatalf("without the destruction: %v", err)
		}
	}
	stuck = false
	settled, err := w.ledger.Forget(t.Context(), ada())
	if err != nil || settled.Events != 0 {
		t.Errorf("asked again: %+v, %v", settled, err)
	}
	if got := w.forgotten(); len(got) != 1 {
		t.Errorf("recorded %d times", len(got))
	}
	if _, err := w.vault.Keys(t.Context(), "fenland", person("email:ada@example.org")); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("still known: %v", err)
	}
}

// An older copy of the vault comes back with somebody in it who was forgotten since: they are forgotten again before anybody is answered.
func TestWhoComesBackWithAnOlderVaultIsForgottenAgain(t *testing.T) {
	stuck := true // so that the vault is the one of before
	w := empty(t, func(c *commands.Config) { c.Vault = sticking{c.Vault, &stuck} })
	if _, err := w.ledger.Declare(t.Context(), organisation(), false); err != nil {
		t.Fatal(err)
	}
	for i, who := range []string{"customer:1", "email:ada@example.org", "customer:2"} {
		w.recorded(action("a-"+strconv.Itoa(i), of(who)))
		if _, err := w.ledger.Forget(t.Context(), commands.Forget{Controller: "fenland", Person: person(who)}); !errors.Is(err, domain.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	stuck = false
	w.stop()
	w.memory = &memory{}
	w.open()
	for _, keys := range w.forgotten() {
		if _, err := w.vault.Identifiers(t.Context(), keys[0]); !errors.Is(err, domain.ErrForgotten) {
			t.Errorf("somebody came back: %v", err)
		}
	}
}

func TestAHoldStopsForgetting(t *testing.T) {
	w := declared(t)
	w.recorded(action("a", of("email:ada@example.org")))
	about := func(what dossier.Matter) {
		t.Helper()
		if _, err := w.ledger.About(t.Context(), commands.Matter{Controller: "fenland", Person: person("email:ada@example.org"), What: what}); err != nil {
			t.Fatal(err)
		}
	}
	about(dossier.HoldPlaced{Hold: "h", Ground: "court-order", Reference: "QB-1"})
	if _, err := w.ledger.Forget(t.Context(), ada()); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("on hold: %v", err)
	}
	about(dossier.HoldReleased{Hold: "h"})
	if settled, err := w.ledger.Forget(t.Context(), ada()); err != nil || settled.Events != 1 {
		t.Errorf("released: %+v, %v", settled, err)
	}
}
