package natsvault

import (
	"context"
	"encoding/binary"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

var (
	errNobody     = errors.Wrap(domain.ErrNotFound, "nobody is known to the shared vault by this identifier")
	errNeverGiven = errors.Wrap(domain.ErrNotFound, "the shared vault never gave out the subject key")
	errTooMany    = errors.Wrap(domain.ErrConflict, "too many dossiers or identifiers of one person for the shared vault")
)

// ready gives a data key that can be used at once.
func (v *Vault) ready(ctx context.Context, key domain.SubjectKey) (*dossierkey.Key, error) {
	if ready := v.people.key(key); ready != nil {
		return ready, nil
	}
	since := v.people.since()
	d, err := v.dossier(ctx, key)
	if err != nil {
		return nil, err
	}
	var raw dossierkey.Raw
	defer clear(raw[:])
	unwrapped, err := v.kek.Unwrap(d.wrapped, owner(key))
	if err != nil || copy(raw[:], unwrapped) != len(raw) {
		return nil, errors.CombineErrors(err, errors.AssertionFailedf("a data key of the shared vault is damaged"))
	}
	clear(unwrapped)
	ready, err := dossierkey.New(&raw)
	if err == nil {
		v.people.putKey(since, key, ready)
	}
	return ready, err
}

const ageBytes = 8

// dossier is what is kept of one, beside its first index entry.
type dossier struct {
	age     uint64 // grows in the order of opening, as far as the clocks of the processes agree
	wrapped []byte
}

// dossier reads a dossier. It returns domain.ErrForgotten, and domain.ErrNotFound where the key was never given out.
func (v *Vault) dossier(ctx context.Context, key domain.SubjectKey) (dossier, error) {
	e, found, err := v.bucket.get(ctx, "dossier."+name(key))
	if err != nil {
		return dossier{}, err
	}
	// After the key: where somebody was forgotten meanwhile, this is seen.
	gone, err := v.isForgotten(ctx, key)
	switch {
	case err != nil:
		return dossier{}, err
	case gone:
		return dossier{}, errors.WithStack(domain.ErrForgotten)
	case !found:
		return dossier{}, errors.WithStack(errNeverGiven)
	case len(e.value) <= dossierkey.MACSize+ageBytes:
		return dossier{}, errors.AssertionFailedf("entry %d of the shared vault is damaged", errors.Safe(e.seq))
	}
	return dossier{binary.BigEndian.Uint64(e.value[dossierkey.MACSize:]), e.value[dossierkey.MACSize+ageBytes:]}, nil
}

func (v *Vault) isForgotten(ctx context.Context, key domain.SubjectKey) (bool, error) {
	_, gone, err := v.bucket.get(ctx, "forgotten."+name(key))
	return gone, err
}
