package dossierkey

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Sealer does what commands.Vault asks of the data key of one person, which it finds by their subject key: the part of a vault that is
// the same wherever keys rest. Besides the errors named there its methods return domain.ErrNotFound where the key was never given out.
type Sealer func(ctx context.Context, key domain.SubjectKey) (*Key, error)

// Seal implements commands.Vault.
func (ready Sealer) Seal(ctx context.Context, key domain.SubjectKey, aad string, plain domain.Personal) (domain.Sealed, error) {
	k, err := ready(ctx, key)
	if err != nil {
		return nil, errors.Wrap(err, "seal")
	}
	return k.Seal(aad, plain), nil
}

// Open implements commands.Vault.
func (ready Sealer) Open(ctx context.Context, key domain.SubjectKey, aad string, sealed domain.Sealed) (domain.Personal, error) {
	k, err := ready(ctx, key)
	if err != nil {
		return domain.Personal{}, errors.Wrap(err, "open sealed")
	}
	return k.Open(aad, sealed)
}

// Digest implements commands.Vault.
func (ready Sealer) Digest(ctx context.Context, key domain.SubjectKey, content []byte) ([8]byte, error) {
	k, err := ready(ctx, key)
	if err != nil {
		return [8]byte{}, errors.Wrap(err, "digest")
	}
	return k.Digest(content), nil
}
