package commands

import (
	"strings"
	"sync"

	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json"

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

// evolve takes in an event and gives what it changed, keyed by dossier.
func (s *standings) evolve(e domain.Event) map[domain.SubjectKey]dossier.Standing {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, standing := range changed {
		if standing.IsZero() {
			delete(s.of, key)
		} else {
			s.of[key] = standing
		}
	}
	return changed
}

// personPrefix begins the keys under which standings are kept.
const personPrefix = "person "

// kept gives what a memory is to keep.
func kept(changed map[domain.SubjectKey]dossier.Standing) ([]Kept, error) {
	list := make([]Kept, 0, len(changed))
	for key, standing := range changed {
		k := Kept{Key: personPrefix + key.String()}
		if !standing.IsZero() {
			value, err := json.Marshal(standing, json.Deterministic(true))
			if err != nil {
				return nil, errors.Wrap(err, "keep a standing")
			}
			k.Value = value
		}
		list = append(list, k)
	}
	return list, nil
}

// load reads what a memory kept.
func (s *standings) load(m Memory) error {
	return m.Kept(func(k Kept) error {
		name, ok := strings.CutPrefix(k.Key, personPrefix)
		if !ok {
			return nil
		}
		var key domain.SubjectKey
		var standing dossier.Standing
		if err := errors.CombineErrors(key.UnmarshalText([]byte(name)), json.Unmarshal(k.Value, &standing)); err != nil {
			return errors.NewAssertionErrorWithWrappedErrf(err, "a standing in the memory is damaged")
		}
		s.of[key] = standing
		return nil
	})
}
