package vaulttest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
)

func secrets(t *testing.T, h Harness) {
	v := h.New(t)
	get := func(name string, size int) []byte {
		secret, err := v.Secret(t.Context(), name, size)
		if err != nil || len(secret) != size {
			t.Fatalf("%d bytes, want %d: %v", len(secret), size, err)
		}
		return secret
	}
	first := slices.Clone(get("inbox", 32))
	clear(get("inbox", 32)) // what was given out is the caller's
	if !bytes.Equal(first, get("inbox", 32)) || bytes.Equal(first, make([]byte, 32)) {
		t.Error("a secret did not stay")
	}
	if bytes.Equal(first, get("quarantine", 32)) || len(get("short", 1)) != 1 {
		t.Error("two secrets are one")
	}
	_, err := v.Secret(t.Context(), "inbox", 16)
	wantError(t, "another size", err, domain.ErrConflict)
	for _, size := range []int{0, -1, 1 << 20} {
		_, err := v.Secret(t.Context(), "other", size)
		wantError(t, "a bad size", err, domain.ErrInvalid)
	}
	_, err = v.Secret(t.Context(), "Not a name", 32)
	wantError(t, "a bad name", err, domain.ErrInvalid)
}

// durable fills a vault, gets it back by other means, and asks it the same questions.
func durable(again func(*testing.T, Vault) Vault) func(*testing.T, Harness) {
	return func(t *testing.T, h Harness) {
		if again == nil {
			t.Skip("this vault keeps nothing on disk")
		}
		v := h.New(t)
		gone := person(t, v, acme, "customer:gone")
		if err := v.Forget(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		var asked []commands.Lookup
		for n := range 300 {
			asked = append(asked, open(t, []domain.ControllerID{acme, brown}[n%2], fmt.Sprint("customer:", n)))
		}
		want := append(resolve(t, v, asked[:200]...), resolve(t, v, asked[200:]...)...)
		joined := link(t, v, acme, "customer:0", "customer:2")
		link(t, v, acme, "customer:0", "email:ada@example.org")
		sealed, sum := seal(t, v, want[0], "event", "a detail"), digest(t, v, want[1], "content")
		secret, err := v.Secret(t.Context(), "inbox", 32)
		if err != nil {
			t.Fatal(err)
		}

		v = again(t, v)
		for i := range asked {
			asked[i].Open = false
		}
		if got := resolve(t, v, asked...); !slices.Equal(got, want) {
			t.Error("keys were lost or changed")
		}
		if got := keysOf(t, v, acme, "customer:2"); !slices.Equal(got, joined) {
			t.Error("a link was lost")
		}
		wantIdentifiers(t, v, want[2], "customer:0", "email:ada@example.org", "customer:2")
		if got, err := v.Open(t.Context(), want[0], "event", sealed); err != nil || got.Reveal() != "a detail" {
			t.Errorf("a data key was lost: %v", err)
		}
		if digest(t, v, want[1], "content") != sum {
			t.Error("a digest changed")
		}
		if got, err := v.Secret(t.Context(), "inbox", 32); err != nil || !bytes.Equal(got, secret) {
			t.Errorf("a secret was lost: %v", err)
		}
		_, err = v.Open(t.Context(), gone, "event", sealed)
		wantError(t, "the forgotten", err, domain.ErrForgotten)
		if person(t, v, acme, "customer:new") == 0 || slices.Contains(want, person(t, v, brown, "customer:new")) {
			t.Error("a new person got an old key")
		}
	}
}

func nothingInTheClear(t *testing.T, h Harness) {
	if h.Files == nil {
		t.Skip("this vault keeps nothing on disk")
	}
	v := h.New(t)
	const canary = "canary-7f3"
	ada := person(t, v, acme, "email:"+canary+"@example.org")
	link(t, v, acme, "email:"+canary+"@example.org", "customer:"+canary)
	seal(t, v, ada, "event", canary)
	content := h.Files(t, v)
	if len(content) == 0 {
		t.Fatal("no files")
	}
	for name, bytes := range content {
		if found := find(bytes, canary); found != "" {
			t.Errorf("%s has the identifier %s", name, found)
		}
	}
}

// find looks for a text as it is and in the forms in which it might be stored by accident.
func find(content []byte, text string) string {
	for form, needle := range map[string][]byte{
		"in the clear":   []byte(text),
		"in hexadecimal": fmt.Appendf(nil, "%x", text),
		"in base64":      []byte("Y2FuYXJ5LTdmM"),
		"in UTF-16":      []byte("c\x00a\x00n\x00a\x00r\x00y\x00"),
	} {
		if bytes.Contains(content, needle) {
			return form
		}
	}
	return ""
}
