package commands

import (
	"context"
	"slices"
	"strconv"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// task is one action, or one command of another kind, on its way through the pipeline.
type task struct {
	sub   *submission
	index int
	key   MessageKey
	plain [8]byte

	subjects []domain.SubjectKey // one a person, in the order named
	kinds    []string            // of the identifiers, likewise
	sealed   []domain.Sealed     // details for each person, nil where there are none

	claim   *claim // the message is new: its own claim
	repeats *claim // the message is a repetition: the claim it repeats
	differs bool   // the repetition has other content than the claim
}

func (t *task) action() *Action { return &t.sub.actions[t.index] }

func (t *task) fail(err error) {
	if t.sub.command != nil {
		t.sub.fail(err)
		return
	}
	t.sub.settle(t.index, Outcome{Err: err})
}

// claim holds the place of a message until it is remembered on disk.
type claim struct {
	seen Seen // Subject and digests are the resolver's, the rest the sequencer's
	// recorded says that the memory knows the message: seen is whole. Until then subjects are those of the message.
	recorded bool
	subjects []domain.SubjectKey
	// refused is why the resolver did not take the message on, and failed why the sequencer did not; each is its stage's own.
	refused, failed error
}

// resolver is the first stage. It alone adds claims, so that of two messages with one id exactly one is new.
type resolver struct {
	log    Log
	vault  Vault
	memory Memory
	claims *claims
	// maxAction bounds an action in bytes.
	maxAction int
}

// resolve makes tasks of submissions. What it can answer itself it settles: unusable actions, repetitions of what is on disk,
// and all that the vault could not resolve. An error ends the epoch.
func (r *resolver) resolve(ctx context.Context, subs []*submission) ([]*task, error) {
	all := make([]*task, 0, len(subs))
	var fresh, repeats []*task
	for _, sub := range subs {
		if sub.command != nil {
			all = append(all, &task{sub: sub})
			continue
		}
		for i := range sub.actions {
			a := &sub.actions[i]
			if err := a.check(r.maxAction); err != nil {
				sub.settle(i, Outcome{Err: err})
				continue
			}
			plain, err := plainDigest(a)
			if err != nil {
				sub.settle(i, Outcome{Err: err})
				continue
			}
			all = append(all, &task{sub: sub, index: i, key: messageKey(a.Source(), a.ID), plain: plain})
		}
	}
	if err := r.tell(all); err != nil {
		for _, t := range all {
			t.fail(ErrReset)
		}
		return nil, err
	}
	for _, t := range all {
		switch {
		case t.repeats != nil:
			repeats = append(repeats, t)
		case t.claim != nil:
			fresh = append(fresh, t)
		}
	}
	gone := r.identify(ctx, fresh)
	for t := range r.verify(ctx, repeats) {
		gone[t] = true
	}
	if len(gone) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(t *task) bool { return gone[t] }), nil
}

// tell tells new messages from repetitions: first against the claims, then against the memory. A claim is dropped only after
// the memory has it, so that no message falls between the two.
func (r *resolver) tell(tasks []*task) error {
	var unknown []*task
	var keys []MessageKey
	r.claims.mu.Lock()
	for _, t := range tasks {
		if t.sub.command != nil {
			continue
		}
		if c, held := r.claims.byKey[t.key]; held {
			t.repeats = c
			continue
		}
		t.claim = &claim{}
		r.claims.byKey[t.key] = t.claim
		unknown = append(unknown, t)
		keys = append(keys, t.key)
	}
	r.claims.mu.Unlock()
	if len(keys) == 0 {
		return nil
	}
	seen, err := r.memory.Find(keys)
	if err != nil {
		return errors.Wrap(err, "find messages in memory")
	}
	for i, t := range unknown {
		if seen[i].Position != Nowhere {
			t.claim.seen, t.claim.recorded = seen[i], true
			t.repeats, t.claim = t.claim, nil
			r.claims.drop(t.key)
		}
	}
	return nil
}

// identify turns the identifiers of new actions into subject keys, opening dossiers, and seals their details. It gives the
// tasks that it settled.
func (r *resolver) identify(ctx context.Context, fresh []*task) map[*task]bool {
	gone := map[*task]bool{}
	if len(fresh) == 0 {
		return gone
	}
	keys, err := r.vault.Resolve(ctx, lookups(fresh, true))
	for _, t := range fresh {
		if err == nil {
			keys = t.assign(keys)
			err = r.seal(ctx, t)
			if err != nil {
				r.refuse(t, err)
				gone[t], err = true, nil
			}
			continue
		}
		r.refuse(t, errors.Wrap(err, "resolve people"))
		gone[t] = true
	}
	return gone
}

func (r *resolver) refuse(t *task, err error) {
	t.claim.refused = err
	r.claims.drop(t.key)
	t.fail(err)
}

func (r *resolver) seal(ctx context.Context, t *task) error {
	a := t.action()
	if !a.Details.IsZero() {
		t.sealed = make([]domain.Sealed, len(t.subjects))
		for i, key := range t.subjects {
			sealed, err := r.vault.Seal(ctx, key, domain.SealedFor(a.Source(), eventID(a.ID, i)), a.Details)
			if err != nil {
				return errors.Wrap(err, "seal details")
			}
			t.sealed[i] = sealed
		}
	}
	personal, err := personalDigest(ctx, r.vault, t.subjects, a.Details)
	t.claim.subjects = t.subjects
	t.claim.seen = Seen{Subject: t.subjects[0], Plain: t.plain, Personal: personal}
	return err
}

// assign takes the keys of the task's subjects off the front and gives the rest. A person named twice counts once. What names nobody is
// about the key 0.
func (t *task) assign(keys []domain.SubjectKey) []domain.SubjectKey {
	subjects := t.action().Subjects
	if len(subjects) == 0 {
		t.subjects, t.kinds = []domain.SubjectKey{0}, []string{""}
		return keys
	}
	t.subjects = make([]domain.SubjectKey, 0, len(subjects))
	t.kinds = make([]string, 0, len(subjects))
	var known map[domain.SubjectKey]bool
	if len(subjects) > 8 {
		known = make(map[domain.SubjectKey]bool, len(subjects))
	}
	for i, key := range keys[:len(subjects)] {
		if known[key] || known == nil && slices.Contains(t.subjects, key) {
			continue
		}
		if known != nil {
			known[key] = true
		}
		t.subjects = append(t.subjects, key)
		t.kinds = append(t.kinds, subjects[i].Kind)
	}
	return keys[len(subjects):]
}

func lookups(tasks []*task, open bool) []Lookup {
	list := make([]Lookup, 0, len(tasks))
	for _, t := range tasks {
		a := t.action()
		for _, id := range a.Subjects {
			list = append(list, Lookup{Controller: a.Controller, Identifier: id, Open: open})
		}
	}
	return list
}

// eventID gives the id of the event for an action's nth person.
func eventID(action string, n int) string {
	if n == 0 {
		return action
	}
	return action + "/" + strconv.Itoa(n)
}
