package vaulttest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
)

func resolving(t *testing.T, h Harness) {
	v := h.New(t)
	if got := resolve(t, v, ask(t, acme, "email:ada@example.org")); got[0] != 0 {
		t.Error("somebody was known before anybody was")
	}
	ada := person(t, v, acme, "email:ada@example.org")
	bob := person(t, v, acme, "email:bob@example.org")
	other := person(t, v, brown, "email:ada@example.org")
	for name, rule := range map[string]struct {
		lookup commands.Lookup
		want   domain.SubjectKey
	}{
		"the same identifier, the same key":      {open(t, acme, "email:ada@example.org"), ada},
		"asking finds what opening made":         {ask(t, acme, "email:bob@example.org"), bob},
		"the normal form counts":                 {ask(t, acme, "email: ADA@Example.org"), ada},
		"another controller, another key":        {ask(t, brown, "email:ada@example.org"), other},
		"another kind is another identifier":     {ask(t, acme, "customer:ada@example.org"), 0},
		"asking opens nothing":                   {ask(t, acme, "email:carl@example.org"), 0},
		"asking opens nothing for anybody else":  {ask(t, brown, "email:bob@example.org"), 0},
		"a controller without dossiers has none": {ask(t, "nobody", "email:ada@example.org"), 0},
	} {
		for range 2 {
			if got := resolve(t, v, rule.lookup)[0]; got != rule.want {
				t.Errorf("%s: another key", name)
			}
		}
	}
	if ada == bob || ada == other || bob == other {
		t.Error("two people have one key")
	}
	carl, dora := open(t, acme, "email:carl@example.org"), open(t, brown, "customer:4711")
	got := resolve(t, v, carl, ask(t, acme, "email:nobody@example.org"), dora, carl, open(t, acme, "email:ada@example.org"), dora)
	if got[0] == 0 || got[2] == 0 || got[0] != got[3] || got[2] != got[5] || got[0] == got[2] || got[1] != 0 || got[4] != ada {
		t.Error("duplicates in one call did not get one key each, in the order asked")
	}
	if got := resolve(t, v); len(got) != 0 {
		t.Error("an answer to nothing")
	}
}

func hostile(t *testing.T, h Harness) {
	v := h.New(t)
	longest := "customer:" + strings.Repeat("x", domain.MaxIdentifierBytes)
	if first, again := person(t, v, acme, longest), person(t, v, acme, longest); first != again {
		t.Error("the longest identifier leads to two people")
	}
	// The colon between kind and value must not be able to move.
	if person(t, v, acme, "a:b:c") == person(t, v, acme, "a:b:c:") {
		t.Error("two identifiers lead to one person")
	}
	for name, lookup := range map[string]commands.Lookup{
		"no identifier":       {Controller: acme, Open: true},
		"no value":            {Controller: acme, Identifier: domain.Identifier{Kind: "email"}, Open: true},
		"a bad controller":    {Controller: "A b/c", Identifier: identifier(t, "customer:1"), Open: true},
		"an empty controller": {Identifier: identifier(t, "customer:1"), Open: true},
	} {
		_, err := v.Resolve(t.Context(), []commands.Lookup{open(t, acme, "customer:1"), lookup})
		wantError(t, name, err, domain.ErrInvalid)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Resolve(ctx, []commands.Lookup{open(t, acme, "customer:2")})
	wantError(t, "an ended context", err, domain.ErrUnavailable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func concurrent(t *testing.T, h Harness) {
	v := h.New(t)
	const callers, people = 8, 60
	answers := make([][]domain.SubjectKey, callers)
	var group sync.WaitGroup
	for c := range callers {
		var lookups []commands.Lookup
		for n := range people {
			// Each caller comes from another side and asks for everybody twice.
			lookups = append(lookups, open(t, acme, fmt.Sprint("customer:", (n*7+c*13)%people)))
		}
		group.Go(func() {
			for from := 0; from < people; from += 20 {
				keys, err := v.Resolve(t.Context(), slices.Concat(lookups[from:from+20], lookups[from:from+20]))
				if err != nil {
					t.Error(err)
					return
				}
				if !slices.Equal(keys[:20], keys[20:]) {
					t.Error("one call gave two keys for one identifier")
				}
				answers[c] = append(answers[c], keys[:20]...)
			}
		})
	}
	group.Wait()
	distinct := make(map[domain.SubjectKey]bool)
	for n := range people {
		want := resolve(t, v, ask(t, acme, fmt.Sprint("customer:", n)))[0]
		distinct[want] = true
		for c := range callers {
			for i, key := range answers[c] {
				if (i*7+c*13)%people == n && key != want {
					t.Fatalf("callers got different keys for person %d", n)
				}
			}
		}
	}
	if len(distinct) != people || distinct[0] {
		t.Errorf("%d keys for %d people", len(distinct), people)
	}
}

func linking(t *testing.T, h Harness) {
	v := h.New(t)
	ada := person(t, v, acme, "email:ada@example.org")
	if got := link(t, v, acme, "email:ada@example.org", "customer:1"); !slices.Equal(got, []domain.SubjectKey{ada}) {
		t.Error("a new identifier made another dossier")
	}
	if person(t, v, acme, "customer:1") != ada || resolve(t, v, ask(t, brown, "customer:1"))[0] != 0 {
		t.Error("the linked identifier does not lead to the person, or leads there for another controller")
	}
	second, third, fourth := person(t, v, acme, "customer:2"), person(t, v, acme, "customer:3"), person(t, v, acme, "customer:4")
	// Two pairs first, then the pairs: linking is transitive, and its direction does not matter.
	link(t, v, acme, "customer:2", "email:ada@example.org")
	link(t, v, acme, "customer:4", "customer:3")
	all := []domain.SubjectKey{ada, second, third, fourth}
	if got := link(t, v, acme, "customer:3", "customer:1"); !slices.Equal(got, all) {
		t.Errorf("%d keys joined, want 4, oldest first", len(got))
	}
	if got := link(t, v, acme, "customer:1", "customer:4"); !slices.Equal(got, all) {
		t.Error("linking again changed something")
	}
	if got := link(t, v, acme, "customer:1", "customer:1"); !slices.Equal(got, all) {
		t.Error("linking an identifier with itself changed something")
	}
	for _, text := range []string{"email:ada@example.org", "customer:1", "customer:2", "customer:3", "customer:4"} {
		if got := keysOf(t, v, acme, text); !slices.Equal(got, all) {
			t.Errorf("%d keys, want 4, oldest first", len(got))
		}
	}
	if person(t, v, acme, "customer:3") != third {
		t.Error("an identifier leads to another dossier after linking")
	}
	link(t, v, acme, "customer:1", "phone:+441632960001")
	for _, key := range all {
		wantIdentifiers(t, v, key, "email:ada@example.org", "customer:1", "phone:+441632960001", "customer:2", "customer:3", "customer:4")
	}
	_, err := v.Link(t.Context(), acme, identifier(t, "customer:99"), identifier(t, "customer:1"))
	wantError(t, "linking to nobody", err, domain.ErrNotFound)
	_, err = v.Link(t.Context(), brown, identifier(t, "customer:1"), identifier(t, "customer:2"))
	wantError(t, "linking another controller's people", err, domain.ErrNotFound)
	_, err = v.Keys(t.Context(), acme, identifier(t, "customer:99"))
	wantError(t, "keys of nobody", err, domain.ErrNotFound)
}

func wantIdentifiers(t *testing.T, v Vault, key domain.SubjectKey, want ...string) {
	t.Helper()
	ids, err := v.Identifiers(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, id := range ids {
		got = append(got, id.Kind+":"+id.Value.Reveal())
	}
	if !slices.Equal(got, want) {
		t.Errorf("identifiers %q, want %q", got, want)
	}
}
