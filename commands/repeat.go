package commands

import (
	"context"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/domain/dossier"
)

// verify holds repetitions against what they repeat. It settles, and gives, those that are not to go on: repetitions of what is
// on disk. The others wait for that, conflicts too: what is never written contradicts nothing.
func (r *resolver) verify(ctx context.Context, repeats []*task) map[*task]bool {
	gone := map[*task]bool{}
	if len(repeats) == 0 {
		return gone
	}
	keys, err := r.vault.Resolve(ctx, lookups(repeats, false))
	for _, t := range repeats {
		failure := err
		if err == nil {
			n := len(t.action().Subjects)
			var same bool
			same, failure = r.same(ctx, t, keys[:n])
			keys, t.differs = keys[n:], !same
		}
		switch c := t.repeats; {
		case failure != nil:
			t.fail(failure)
			gone[t] = true
		case c.refused != nil:
			t.fail(c.refused)
			gone[t] = true
		case c.recorded:
			t.settleRepeated()
			gone[t] = true
		}
	}
	return gone
}

// settleRepeated answers a repetition of what is on disk: with the first receipt, or that the id was used for something else.
func (t *task) settleRepeated() {
	if t.differs {
		t.fail(errors.WithHint(ErrReused, "Give every action an id of its own; repeat an action unchanged."))
		return
	}
	t.sub.settle(t.index, Outcome{Receipt: receipt(t.action().ID, t.repeats.seen, true)})
}

// same says that a repetition has the content of what it repeats. Where one of the people was forgotten since, only what is not
// personal can still be compared.
func (r *resolver) same(ctx context.Context, t *task, keys []domain.SubjectKey) (bool, error) {
	// The rest of what is seen may be the sequencer's to write at this moment.
	first := &t.repeats.seen
	if t.repeats.refused != nil {
		return true, nil
	}
	if t.plain != first.Plain {
		return false, nil
	}
	if !slices.Contains(keys, 0) {
		t.assign(keys)
		personal, err := personalDigest(ctx, r.vault, t.subjects, t.action().Details)
		if err != nil && !errors.Is(err, domain.ErrForgotten) {
			return false, err
		}
		if err == nil && personal == first.Personal {
			return true, nil
		}
	}
	subjects := t.repeats.subjects
	if t.repeats.recorded {
		var err error
		if subjects, err = r.subjectsOf(ctx, *first); err != nil {
			return false, err
		}
	}
	for _, key := range subjects {
		if _, err := r.vault.Identifiers(ctx, key); errors.Is(err, domain.ErrForgotten) {
			return true, nil
		} else if err != nil {
			return false, errors.Wrap(err, "find out who was forgotten")
		}
	}
	return false, nil
}

// subjectsOf reads from the log whom a recorded action was about: only there all of them stand. Conflicts alone come this way.
func (r *resolver) subjectsOf(ctx context.Context, s Seen) ([]domain.SubjectKey, error) {
	if s.Events == 1 {
		return []domain.SubjectKey{s.Subject}, nil
	}
	subjects := make([]domain.SubjectKey, 0, s.Events)
	var decoder catalog.Decoder
	for batch, err := range r.log.Read(ctx, s.Position) {
		if err != nil {
			return nil, errors.Wrap(err, "read the recorded action")
		}
		for _, stored := range batch.Events {
			if len(subjects) == int(s.Events) {
				return subjects, nil
			}
			event, err := decoder.Decode(stored)
			if err != nil {
				return nil, errors.Wrap(err, "recorded action")
			}
			of, ok := event.Fact.(dossier.Statement)
			if !ok {
				return nil, errors.AssertionFailedf("the memory has a message at %s where the log has another event", s.Position)
			}
			subjects = append(subjects, of.Person().Subject)
		}
		if batch.CaughtUp {
			break
		}
	}
	return subjects, nil
}
