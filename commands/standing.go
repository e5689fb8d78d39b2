package commands

import (
	"iter"
	"strings"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// standings holds what stands about people, all of it in memory: most people have nothing. The sequencer writes, whoever asks
// reads; a standing itself is never changed.
type standings struct {
	mu sync.RWMutex
	of map[domain.SubjectKey]dossier.Standing // guarded by mu
}

func newStandings() *standings { return &standings{of: map[domain.SubjectKey]dossier.Standing{}} }

// root gives the dossier under which what stands about the person is kept.
func (s *standings) root(key domain.SubjectKey) domain.SubjectKey {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for range maxJoined {
		next := s.of[key].SameAs
		if next == 0 {
			break
		}
		key = next
	}
	return key
}

// maxJoined bounds how many times one after the other a person's dossiers were found to be somebody's known before.
const maxJoined = 64

// get gives what stands about a person.
func (s *standings) get(key domain.SubjectKey) dossier.Standing {
	key = s.root(key)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.of[key]
}

// StandingAfter gives what stands about a person after the events about them, in their order: what Ledger.Standing said when they were
// all that was recorded of the person.
func StandingAfter(key domain.SubjectKey, events iter.Seq[domain.Event]) dossier.Standing {
	s := newStandings()
	for e := range events {
		s.evolve(e)
	}
	return s.get(key)
}

// evolve takes in an event and gives what a memory is to keep of it.
func (s *standings) evolve(e domain.Event) []Kept {
	changed := s.changed(e)
	if len(changed) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Kept, 0, len(changed))
	for key, standing := range changed {
		k := Kept{Key: personPrefix + key.String()}
		if standing.IsZero() {
			delete(s.of, key)
		} else {
			s.of[key] = standing
			k.Value = standing.Encode()
		}
		list = append(list, k)
	}
	return list
}

// changed gives the standings that an event changes, keyed by dossier.
func (s *standings) changed(e domain.Event) map[domain.SubjectKey]dossier.Standing {
	changed := map[domain.SubjectKey]dossier.Standing{}
	switch f := e.Fact.(type) {
	case dossier.IdentifierLinked:
		first, joined := s.root(f.Subject), s.root(f.Joined)
		if f.Joined != 0 && first != joined {
			changed[first] = s.get(first).Join(s.get(joined))
			changed[joined] = dossier.Standing{SameAs: first}
		}
	case dossier.ActionRecorded:
		if dossier.Changes(f) || !s.get(f.Subject).IsZero() {
			changed[s.root(f.Subject)] = s.get(f.Subject).Evolve(e)
		}
	case dossier.Statement:
		if dossier.Changes(f) {
			key := f.Person().Subject
			changed[s.root(key)] = s.get(key).Evolve(e)
		}
	}
	return changed
}

// personPrefix begins the keys under which standings are kept.
const personPrefix = "person "

// take reads one thing that a memory kept. A standing that cannot be read is an assertion failure.
func (s *standings) take(k Kept) error {
	name, is := strings.CutPrefix(k.Key, personPrefix)
	if !is {
		return nil
	}
	var key domain.SubjectKey
	var standing dossier.Standing
	if err := errors.CombineErrors(key.UnmarshalText([]byte(name)), standing.Decode(k.Value)); err != nil {
		return errors.NewAssertionErrorWithWrappedErrf(err, "a standing in the memory is damaged")
	}
	s.of[key] = standing
	return nil
}

// matters is what stands beyond the state: about people, in cases, and of who is to be forgotten.
type matters struct {
	standings  *standings
	cases      *cases
	forgetting *forgetting
}

func newMatters() *matters { return &matters{newStandings(), newCases(), newForgetting()} }

// evolve takes in an event with its stored bytes, and gives what a memory is to keep of it.
func (m *matters) evolve(e domain.Recorded) []Kept {
	return append(append(m.standings.evolve(e.Event), m.cases.evolve(e)...), m.forgetting.evolve(e.Event)...)
}

// take reads one thing that a memory kept.
func (m *matters) take(k Kept) error {
	m.cases.take(k)
	return errors.CombineErrors(m.standings.take(k), m.forgetting.take(k))
}
