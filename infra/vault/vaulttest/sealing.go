package vaulttest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

func seal(t *testing.T, v Vault, key domain.SubjectKey, aad, text string) domain.Sealed {
	t.Helper()
	sealed, err := v.Seal(t.Context(), key, aad, domain.NewPersonal(text))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func sealing(t *testing.T, h Harness) {
	v := h.New(t)
	ada, bob := person(t, v, acme, "email:ada@example.org"), person(t, v, acme, "email:bob@example.org")
	for _, text := range []string{"", "called about the order", strings.Repeat("long ", 10_000), "\x00\xff not UTF-8"} {
		sealed := seal(t, v, ada, "event 1", text)
		if len(text) > 4 && bytes.Contains(sealed, []byte(text[:4])) {
			t.Error("sealed in the clear")
		}
		if got, err := v.Open(t.Context(), ada, "event 1", sealed); err != nil || got.Reveal() != text {
			t.Errorf("%d bytes came back as %d: %v", len(text), len(got.Reveal()), err)
		}
	}
	sealed := seal(t, v, ada, "event 1", "a detail")
	if bytes.Equal(sealed, seal(t, v, ada, "event 1", "a detail")) {
		t.Error("sealing twice gives the same bytes: the nonce is not random")
	}
	change := func(at int) domain.Sealed {
		changed := slices.Clone(sealed)
		changed[at] ^= 1
		return changed
	}
	for name, rule := range map[string]struct {
		key    domain.SubjectKey
		aad    string
		sealed domain.Sealed
	}{
		"moved to another event":   {ada, "event 2", sealed},
		"moved to no event":        {ada, "", sealed},
		"moved to another person":  {bob, "event 1", sealed},
		"the first byte changed":   {ada, "event 1", change(0)},
		"the last byte changed":    {ada, "event 1", change(len(sealed) - 1)},
		"a byte inside changed":    {ada, "event 1", change(14)},
		"cut":                      {ada, "event 1", sealed[:len(sealed)-1]},
		"cut to less than a nonce": {ada, "event 1", sealed[:5]},
		"nothing":                  {ada, "event 1", nil},
	} {
		if got, err := v.Open(t.Context(), rule.key, rule.aad, rule.sealed); !errors.HasAssertionFailure(err) || !got.IsZero() {
			t.Errorf("%s: got %v, want an assertion failure", name, err)
		}
	}
	_, err := v.Seal(t.Context(), 1, "event 1", domain.NewPersonal("x"))
	wantError(t, "sealing for nobody", err, domain.ErrNotFound)
	if errors.Is(err, domain.ErrForgotten) {
		t.Error("who was never known is said to be forgotten")
	}
}

func digest(t *testing.T, v Vault, key domain.SubjectKey, content string) [8]byte {
	t.Helper()
	sum, err := v.Digest(t.Context(), key, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func digests(t *testing.T, h Harness) {
	v := h.New(t)
	ada, bob := person(t, v, acme, "email:ada@example.org"), person(t, v, acme, "email:bob@example.org")
	if first, again := digest(t, v, ada, "x"), digest(t, v, ada, "x"); first != again {
		t.Error("equal content has different digests")
	}
	if digest(t, v, ada, "x") == digest(t, v, ada, "y") || digest(t, v, ada, "x") == digest(t, v, bob, "x") {
		t.Error("different content or people have equal digests")
	}
	_, err := v.Digest(t.Context(), 1, nil)
	wantError(t, "digest for nobody", err, domain.ErrNotFound)
}

func forgetting(t *testing.T, h Harness) {
	v := h.New(t)
	ada, bob := person(t, v, acme, "email:ada@example.org"), person(t, v, acme, "email:bob@example.org")
	second := person(t, v, acme, "customer:2")
	link(t, v, acme, "email:ada@example.org", "customer:1")
	link(t, v, acme, "email:ada@example.org", "customer:2")
	sealed := seal(t, v, ada, "event 1", "a detail")
	kept := seal(t, v, bob, "event 1", "kept")
	for range 2 { // forgetting twice is not an error
		if err := v.Forget(t.Context(), second); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []domain.SubjectKey{ada, second} {
		_, err := v.Open(t.Context(), key, "event 1", sealed)
		wantError(t, "opening", err, domain.ErrForgotten)
		_, err = v.Seal(t.Context(), key, "event 1", domain.NewPersonal("x"))
		wantError(t, "sealing", err, domain.ErrForgotten)
		_, err = v.Digest(t.Context(), key, []byte("x"))
		wantError(t, "digest", err, domain.ErrForgotten)
		_, err = v.Identifiers(t.Context(), key)
		wantError(t, "identifiers", err, domain.ErrForgotten)
	}
	for _, text := range []string{"email:ada@example.org", "customer:1", "customer:2"} {
		if resolve(t, v, ask(t, acme, text))[0] != 0 {
			t.Error("a forgotten person is still found")
		}
		_, err := v.Keys(t.Context(), acme, identifier(t, text))
		wantError(t, "keys", err, domain.ErrNotFound)
	}
	_, err := v.Link(t.Context(), acme, identifier(t, "customer:1"), identifier(t, "customer:9"))
	wantError(t, "linking", err, domain.ErrNotFound)
	if got, err := v.Open(t.Context(), bob, "event 1", kept); err != nil || got.Reveal() != "kept" {
		t.Errorf("somebody else was forgotten, too: %v", err)
	}
	again := person(t, v, acme, "email:ada@example.org")
	if again == ada || again == second {
		t.Error("a person who is seen again after being forgotten got an old key")
	}
	if _, err := v.Open(t.Context(), again, "event 1", sealed); !errors.HasAssertionFailure(err) {
		t.Errorf("the new key opens old details: %v", err)
	}
	wantIdentifiers(t, v, again, "email:ada@example.org")
	if got := person(t, v, acme, "customer:1"); got == again || got == ada || got == second {
		t.Error("a link survived being forgotten")
	}
	wantError(t, "forgetting nobody", v.Forget(t.Context(), 1), domain.ErrNotFound)
}

// forgettingConcurrently has everybody forgotten by one caller while others resolve and seal: whoever is forgotten stays so.
func forgettingConcurrently(t *testing.T, h Harness) {
	v := h.New(t)
	const people = 20
	keys := make([]domain.SubjectKey, people)
	for n := range people {
		keys[n] = person(t, v, acme, fmt.Sprint("customer:", n))
	}
	var group sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		group.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				_, err := v.Seal(t.Context(), keys[n%people], "event", domain.NewPersonal("x"))
				if err != nil && !errors.Is(err, domain.ErrForgotten) {
					t.Error(err)
					return
				}
				_ = resolve(t, v, ask(t, acme, fmt.Sprint("customer:", n%people)))
			}
		})
	}
	for n := range people {
		if err := v.Forget(t.Context(), keys[n]); err != nil {
			t.Error(err)
		}
		_, err := v.Seal(t.Context(), keys[n], "event", domain.NewPersonal("x"))
		wantError(t, "sealing for the forgotten", err, domain.ErrForgotten)
		if resolve(t, v, ask(t, acme, fmt.Sprint("customer:", n)))[0] != 0 {
			t.Error("a forgotten person is still found")
		}
	}
	close(done)
	group.Wait()
	for n := range people {
		_, err := v.Seal(t.Context(), keys[n], "event", domain.NewPersonal("x"))
		wantError(t, "sealing for the forgotten, later", err, domain.ErrForgotten)
	}
}
