package vault

import (
	"context"
	"io"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
)

const maxSecret = 4096

// Secret gives the random secret with a name, of 1 to 4,096 bytes. The first call makes it, wrapped by the key-encryption key
// and durable before it returns; every later one gives the same. It returns domain.ErrInvalid for a bad name or size,
// domain.ErrConflict where the secret has another size, and domain.ErrUnavailable.
func (v *Vault) Secret(ctx context.Context, name string, size int) ([]byte, error) {
	if _, err := domain.ParseName[string](name); err != nil || size < 1 || size > maxSecret {
		return nil, errors.Wrap(domain.ErrInvalid, "name or size of a secret")
	}
	var secret []byte
	get := func(conn *sqlite.Conn) error {
		wrapped, err := queryBytes(conn, selectSecret, name)
		if err == nil && wrapped != nil {
			secret, err = v.kek.Unwrap(wrapped, []byte("secret:"+name))
		}
		return err
	}
	err := v.db.Read(ctx, get)
	if err == nil && secret == nil {
		err = v.db.Write(ctx, func(conn *sqlite.Conn) error {
			if err := get(conn); err != nil || secret != nil {
				return err
			}
			made := make([]byte, size)
			if _, err := io.ReadFull(v.config.Random, made); err != nil {
				return errors.Wrap(err, "make a secret")
			}
			secret = made
			return run(conn, insertSecret, name, v.kek.Wrap(made, []byte("secret:"+name)))
		})
	}
	switch {
	case err != nil:
		return nil, errors.Wrap(err, "secret")
	case len(secret) != size:
		return nil, errors.Wrap(domain.ErrConflict, "the secret has another size")
	default:
		return secret, nil
	}
}
