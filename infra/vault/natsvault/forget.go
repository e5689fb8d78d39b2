package natsvault

import (
	"bytes"
	"context"
	"encoding/binary"
	"strconv"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Forget implements commands.Vault: it forgets the whole person, with all dossiers and identifiers that were linked. When it returns
// nil, no process that reaches the server opens what was sealed, and the servers were told to overwrite wrapped keys, index entries
// and sealed identifiers on every copy; what stays is that each key was forgotten, when, and which were linked. README.md says when
// the last bytes are gone from the servers' files. It returns domain.ErrNotFound where the key was never given out, and
// domain.ErrUnavailable where the destruction is not complete: forget again then.
func (v *Vault) Forget(ctx context.Context, key domain.SubjectKey) error {
	if _, err := v.dossier(ctx, key); err != nil && !errors.Is(err, domain.ErrForgotten) {
		return errors.Wrap(err, "forget")
	}
	all, err := v.linked(ctx, key)
	if err != nil {
		return errors.Wrap(err, "forget")
	}
	now := strconv.AppendInt(nil, v.config.Now().UnixMilli(), 10)
	for _, key := range all { // first, so that a destruction that is interrupted leaves nobody who can be found
		if _, err := v.bucket.create(ctx, "forgotten."+name(key), now); err != nil {
			return errors.Wrap(err, "forget")
		}
		v.people.drop(key)
	}
	for _, key := range all {
		if err := v.destroyDossier(ctx, key); err != nil {
			return errors.Wrap(err, "forget")
		}
	}
	return nil
}

// destroyDossier overwrites a dossier: what leads to it first, its key last, so that what is left can always be found again.
func (v *Vault) destroyDossier(ctx context.Context, key domain.SubjectKey) error {
	names, err := v.bucket.under(ctx, "known."+name(key)+".")
	if err != nil {
		return err
	}
	for _, n := range names {
		e, found, err := v.bucket.get(ctx, "index."+n)
		if err != nil {
			return err
		}
		if found && bytes.HasPrefix(e.value, binary.BigEndian.AppendUint64(nil, uint64(key))) {
			if err := v.bucket.destroy(ctx, e.seq); err != nil {
				return err
			}
		}
		if err := v.destroyKey(ctx, "known."+name(key)+"."+n); err != nil {
			return err
		}
	}
	return v.destroyKey(ctx, "dossier."+name(key))
}

func (v *Vault) destroyKey(ctx context.Context, key string) error {
	e, found, err := v.bucket.get(ctx, key)
	if err != nil || !found {
		return err
	}
	return v.bucket.destroy(ctx, e.seq)
}
