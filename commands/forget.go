package commands

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/custody"
	"github.com/jigowatt/daybook/domain/dossier"
)

// Forget is the command to forget a person, with every dossier that was found to be theirs under the controller (Art. 17(1)).
type Forget struct {
	Controller domain.ControllerID
	Person     domain.Identifier
	By         domain.ContactID // who said so; may be empty
	Case       string           // may be empty
}

// Forget records that the person is forgotten, and then destroys their keys and what led to them. Once it is recorded it is carried
// out, at the next start if not before, and whoever asks again completes it. It returns domain.ErrNotFound for somebody whom the ledger
// does not know, domain.ErrConflict where a hold stands, domain.ErrInvalid, and domain.ErrUnavailable.
func (l *Ledger) Forget(ctx context.Context, c Forget) (Settled, error) {
	// Nobody's dossiers are joined between the looking up of keys and their destruction.
	release, err := l.alone(ctx)
	if err != nil {
		return Settled{}, err
	}
	defer release()
	keys, err := l.cfg.Vault.Keys(ctx, c.Controller, c.Person)
	if err != nil {
		return Settled{}, errors.Wrap(err, "find the person to forget")
	}
	fact := custody.PersonForgotten{Controller: c.Controller, Subjects: keys, By: c.By, Case: c.Case}
	if err := fact.Check(); err != nil {
		return Settled{}, err
	}
	ctx = context.WithoutCancel(ctx) // half of it would be neither
	settled, err := l.decided(ctx, func(on deciding) ([]domain.Fact, error) {
		for _, key := range keys {
			if slices.ContainsFunc(on.standings.get(key).Holds, func(h dossier.HoldPlaced) bool { return h.Until.IsZero() || on.now.Before(h.Until) }) {
				return nil, errors.WithHint(errors.Wrap(domain.ErrConflict, "a hold stands on the person's data"),
					"Article 17(3): release the hold first, if its reason is gone.")
			}
		}
		if on.forgetting.asked(keys[0]) {
			return nil, nil // and it was not carried out
		}
		return []domain.Fact{fact}, nil
	})
	if err != nil {
		return Settled{}, err
	}
	return settled, l.matters.Load().forgetting.destroy(ctx, l.cfg.Vault, keys)
}

// forgetting holds who was recorded to be forgotten, until it is known that their keys are destroyed: a crash may come between.
type forgetting struct {
	mu   sync.Mutex
	open map[string][]domain.SubjectKey // by the key under which a memory keeps it; under mu
	done map[string]bool                // of those that are open; under mu
}

func newForgetting() *forgetting {
	return &forgetting{open: map[string][]domain.SubjectKey{}, done: map[string]bool{}}
}

// forgettingPrefix begins the keys under which a memory keeps them.
const forgettingPrefix = "forgetting "

func forgettingKey(first domain.SubjectKey) string { return forgettingPrefix + first.String() }

// asked says that it was recorded, and is not known to be done, that the person of a key is forgotten.
func (f *forgetting) asked(key domain.SubjectKey) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, keys := range f.open {
		if !f.done[name] && slices.Contains(keys, key) {
			return true
		}
	}
	return false
}

// evolve takes in an event and gives what a memory is to keep of it: the new one, and no longer those that are done.
func (f *forgetting) evolve(e domain.Event) (kept []Kept) {
	fact, is := e.Fact.(custody.PersonForgotten)
	if !is || len(fact.Subjects) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.done {
		delete(f.open, name)
		kept = append(kept, Kept{Key: name})
	}
	clear(f.done)
	name := forgettingKey(fact.Subjects[0])
	f.open[name] = fact.Subjects
	value, err := json.Marshal(fact.Subjects)
	if err != nil {
		return kept // keys are text, so that this cannot be; a start without it destroys them by the log
	}
	return append(kept, Kept{Key: name, Value: value})
}

// take reads one thing that a memory kept.
func (f *forgetting) take(k Kept) error {
	if !strings.HasPrefix(k.Key, forgettingPrefix) {
		return nil
	}
	var keys []domain.SubjectKey
	if err := json.Unmarshal(k.Value, &keys); err != nil {
		return errors.NewAssertionErrorWithWrappedErrf(err, "who is to be forgotten is damaged in the memory")
	}
	f.open[k.Key] = keys
	return nil
}

// finish destroys what a crash left, and what came back in an older copy of the vault.
func (f *forgetting) finish(ctx context.Context, vault Vault) error {
	f.mu.Lock()
	var open [][]domain.SubjectKey
	for _, keys := range f.open {
		open = append(open, keys)
	}
	f.mu.Unlock()
	for _, keys := range open {
		if err := f.destroy(ctx, vault, keys); err != nil {
			return err
		}
	}
	return nil
}

// destroy destroys the keys of one person, each of them: in an older copy of the vault they may not be joined yet. A key that a vault
// never gave out is nothing to destroy.
func (f *forgetting) destroy(ctx context.Context, vault Vault, keys []domain.SubjectKey) error {
	for _, key := range keys {
		if err := vault.Forget(ctx, key); err != nil && !errors.Is(err, domain.ErrNotFound) {
			return errors.WithHint(errors.Wrap(err, "destroy the keys of a person"),
				"That the person is forgotten is recorded; their keys are not destroyed yet. Ask again, or start the ledger again.")
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done[forgettingKey(keys[0])] = true
	return nil
}
