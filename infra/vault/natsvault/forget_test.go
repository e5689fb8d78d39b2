package natsvault_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/natsvault"
)

func lookup(t testing.TB, text string) commands.Lookup {
	t.Helper()
	id, err := domain.ParseIdentifier(text)
	must(t, err)
	return commands.Lookup{Controller: "acme", Identifier: id, Open: true}
}

func person(t testing.TB, v *natsvault.Vault, n int) domain.SubjectKey {
	t.Helper()
	keys, err := v.Resolve(t.Context(), []commands.Lookup{lookup(t, fmt.Sprintf("email:person-%d@example.org", n))})
	must(t, err)
	return keys[0]
}

// until waits for a condition.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("it never came to be that %s", what)
		case <-tick.C:
		}
	}
}

// held counts the traces that are in files.
func held(content map[string][]byte, traces [][]byte) (n int, where string) {
	for name, c := range content {
		for _, trace := range traces {
			if bytes.Contains(c, trace) {
				n, where = n+1, name
			}
		}
	}
	return n, where
}

// crowd makes people, each with a second identifier, and gives their keys and traces.
func crowd(t testing.TB, v *natsvault.Vault, people int) (keys []domain.SubjectKey, traces [][]byte) {
	t.Helper()
	for n := range people {
		key := person(t, v, n)
		_, err := v.Link(t.Context(), "acme", lookup(t, fmt.Sprintf("email:person-%d@example.org", n)).Identifier,
			lookup(t, fmt.Sprintf("customer:%d", n)).Identifier)
		must(t, err)
		more, err := v.Traces(t.Context(), key)
		must(t, err)
		keys, traces = append(keys, key), append(traces, more...)
	}
	return keys, traces
}

// The server writes down once in a while which keys a bucket has; it does so at once when it stops.
func TestForgettingLeavesNoByte(t *testing.T) {
	dir := t.TempDir()
	p := on(t, dir)
	keys, traces := crowd(t, p.Vault, 60)
	must(t, p.Close())
	must(t, p.server.Close()) // so that it has written down which keys there are
	p = on(t, dir)
	stays := traces[len(traces)-7:]
	if n, _ := held(files(t, dir), traces); n < 6*len(keys) { // the entry of a second identifier stands in keys only
		t.Fatalf("the sweep finds %d of %d traces before anybody is forgotten: it proves nothing", n, len(traces))
	}
	for _, key := range keys[:59] {
		must(t, p.Forget(t.Context(), key))
	}
	gone := traces[:len(traces)-7]
	n, where := held(files(t, dir), gone)
	t.Logf("at once: %d of %d traces are left (%s)", n, len(gone), where)
	must(t, p.Close())
	must(t, p.server.Close())
	if n, where := held(files(t, dir), gone); n > 0 {
		t.Errorf("%d of %d traces of the forgotten are left, in %s", n, len(gone), where)
	}
	if n, _ := held(files(t, dir), stays); n < 6 {
		t.Error("who was not forgotten has gone too")
	}
}

func TestTwoProcessesOpenOneDossierForOnePerson(t *testing.T) {
	s := serve(t, t.TempDir())
	var vaults []*natsvault.Vault
	for range 3 {
		nc, err := s.Dial()
		must(t, err)
		t.Cleanup(nc.Close)
		vaults = append(vaults, open(t, nc, natsvault.Config{}))
	}
	answers := make([][]domain.SubjectKey, len(vaults))
	var opening sync.WaitGroup
	for i, v := range vaults {
		opening.Go(func() {
			for n := range 100 {
				answers[i] = append(answers[i], person(t, v, n))
			}
		})
	}
	opening.Wait()
	for n := range 100 {
		if answers[0][n] != answers[1][n] || answers[0][n] != answers[2][n] {
			t.Fatalf("person %d has different keys in different processes", n)
		}
	}
}

func TestWhatAnotherProcessForgotIsNotRemembered(t *testing.T) {
	s := serve(t, t.TempDir())
	nc, err := s.Dial()
	must(t, err)
	t.Cleanup(nc.Close)
	one, other := open(t, s.Conn(), natsvault.Config{}), open(t, nc, natsvault.Config{})
	key := person(t, one, 1)
	if person(t, other, 1) != key {
		t.Fatal("two keys")
	}
	sealed, err := other.Seal(t.Context(), key, "event", domain.NewPersonal("a detail"))
	must(t, err)
	if !other.Remembers(key) {
		t.Fatal("nothing is remembered: this proves nothing")
	}
	must(t, one.Forget(t.Context(), key))
	until(t, "another process has heard of it", func() bool { return !other.Remembers(key) })
	if _, err := other.Open(t.Context(), key, "event", sealed); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("another process opens with %v", err)
	}
	if again := person(t, other, 1); again == key {
		t.Error("a person who is seen again has the old key")
	}
}

func TestAnInterruptedForgettingIsFinishedByRepeatingIt(t *testing.T) {
	dir := t.TempDir()
	p := on(t, dir)
	keys, traces := crowd(t, p.Vault, 1)
	must(t, p.SayForgotten(t.Context(), keys[0]))
	if _, err := p.Seal(t.Context(), keys[0], "event", domain.NewPersonal("x")); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("sealing for somebody who is half forgotten: %v", err)
	}
	must(t, p.Forget(t.Context(), keys[0]))
	must(t, p.Close())
	must(t, p.server.Close())
	if n, where := held(files(t, dir), traces); n > 0 {
		t.Errorf("%d traces are left in %s", n, where)
	}
}
