package memvault

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

func (v *Vault) ready(key domain.SubjectKey) (*dossierkey.Key, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, err := v.find(key)
	if err != nil {
		return nil, err
	}
	return d.key, nil
}

// Seal implements commands.Vault.
func (v *Vault) Seal(_ context.Context, key domain.SubjectKey, aad string, plain domain.Personal) (domain.Sealed, error) {
	ready, err := v.ready(key)
	if err != nil {
		return nil, err
	}
	return ready.Seal(aad, plain), nil
}

// Open implements commands.Vault.
func (v *Vault) Open(_ context.Context, key domain.SubjectKey, aad string, sealed domain.Sealed) (domain.Personal, error) {
	ready, err := v.ready(key)
	if err != nil {
		return domain.Personal{}, err
	}
	return ready.Open(aad, sealed)
}

// Digest implements commands.Vault.
func (v *Vault) Digest(_ context.Context, key domain.SubjectKey, content []byte) ([8]byte, error) {
	ready, err := v.ready(key)
	if err != nil {
		return [8]byte{}, err
	}
	return ready.Digest(content), nil
}

// Secret gives the random secret with a name and makes it where there is none, as the vault on disk does.
func (v *Vault) Secret(_ context.Context, name string, size int) ([]byte, error) {
	if _, err := domain.ParseName[string](name); err != nil || size < 1 || size > 4096 {
		return nil, errors.Wrap(domain.ErrInvalid, "name or size of a secret in memory")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.secrets[name] == nil {
		v.secrets[name] = make([]byte, size)
		_, _ = rand.Read(v.secrets[name]) // never fails
	}
	if len(v.secrets[name]) != size {
		return nil, errors.Wrap(domain.ErrConflict, "the secret in memory has another size")
	}
	return slices.Clone(v.secrets[name]), nil
}
