package commands_test

import (
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
)

func link(known, also string) commands.Link {
	return commands.Link{Controller: "fenland", Known: person(known), Also: person(also), By: "anna"}
}

// keys gives the subject keys to which an identifier leads.
func (w *world) keys(id string) []domain.SubjectKey {
	w.Helper()
	keys, err := w.vault.Keys(w.Context(), "fenland", person(id))
	if err != nil {
		w.Fatal(err)
	}
	return keys
}

func (w *world) linkedAt(at domain.Position) dossier.IdentifierLinked {
	w.Helper()
	events, _ := w.events()
	f, ok := events[at].Fact.(dossier.IdentifierLinked)
	if !ok {
		w.Fatalf("position %d has %+v", at, events[at].Event)
	}
	return f
}

func TestASecondIdentifierOfOnePerson(t *testing.T) {
	w := declared(t)
	w.recorded(action("a", of("email:ada@example.org")))
	ada := w.keys("email:ada@example.org")[0]

	linked, err := w.ledger.Link(t.Context(), link("email:ada@example.org", "customer:7"))
	if err != nil || linked.Joined || linked.Position != facts+1 {
		t.Fatalf("an identifier that nobody knew is linked %+v: %v", linked, err)
	}
	want := dossier.IdentifierLinked{Controller: "fenland", Subject: ada, Identifier: "customer", By: "anna"}
	if got := w.linkedAt(linked.Position); got != want {
		t.Errorf("recorded %+v, want %+v", got, want)
	}
	w.recorded(action("b", of("customer:7")))
	events, _ := w.events()
	if got := events[len(events)-1].Fact.(dossier.ActionRecorded).Subject; got != ada {
		t.Errorf("the second identifier leads to %d, want %d", got, ada)
	}

	if again, err := w.ledger.Link(t.Context(), link("email:ada@example.org", "customer:7")); err != nil || w.linkedAt(again.Position) != want {
		t.Errorf("said again, it is recorded otherwise: %+v, %v", again, err)
	}
	w.check()
}

func TestTwoDossiersThatAreOnePersons(t *testing.T) {
	w := declared(t)
	w.recorded(action("a", of("email:ada@example.org")))
	w.recorded(action("b", of("customer:7")))
	ada, seven := w.keys("email:ada@example.org")[0], w.keys("customer:7")[0]

	// The vault makes the link before the ledger records it. Where recording fails, saying it again must still say all of it.
	w.log.Inject(memlog.Lost)
	if _, err := w.ledger.Link(t.Context(), link("email:ada@example.org", "customer:7")); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("a link that was not recorded is answered with %v", err)
	}
	want := dossier.IdentifierLinked{Controller: "fenland", Subject: ada, Joined: seven, Identifier: "customer", By: "anna"}
	for range 2 {
		linked, err := w.ledger.Link(t.Context(), link("email:ada@example.org", "customer:7"))
		if err != nil || !linked.Joined || w.linkedAt(linked.Position) != want {
			t.Errorf("recorded %+v, want %+v: %v", w.linkedAt(linked.Position), want, err)
		}
	}
	if keys := w.keys("customer:7"); len(keys) != 2 {
		t.Errorf("the person has the keys %v, want both", keys)
	}
	w.check()
}

func TestAnIdentifierLinkedToItself(t *testing.T) {
	w := declared(t)
	w.recorded(action("a", of("email:ada@example.org")))
	if linked, err := w.ledger.Link(t.Context(), link("email:ada@example.org", "email:ada@example.org")); err != nil || linked.Joined {
		t.Errorf("linked %+v: %v", linked, err)
	}
}

func TestNobodyIsLinkedToAStranger(t *testing.T) {
	w := declared(t)
	w.recorded(action("a", of("customer:7")))
	before := w.log.End()
	for rule, l := range map[string]commands.Link{
		"whom nobody knows":              link("email:nobody@example.org", "customer:7"),
		"whom another controller knows":  {Controller: "other", Known: person("customer:7"), Also: person("customer:8")},
		"both of whom nobody ever met":   link("email:nobody@example.org", "email:none@example.org"),
		"of a controller without people": {Controller: "third", Known: person("customer:7"), Also: person("customer:7")},
	} {
		if _, err := w.ledger.Link(t.Context(), l); !errors.Is(err, domain.ErrNotFound) || errors.FlattenHints(err) == "" {
			t.Errorf("to somebody %s: answered with %v", rule, err)
		}
	}
	if w.log.End() != before {
		t.Errorf("the log ends at %d, want %d", w.log.End(), before)
	}
}
