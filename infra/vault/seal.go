package vault

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// ready gives a data key that can be used at once.
func (v *Vault) ready(ctx context.Context, key domain.SubjectKey) (*dossierkey.Key, error) {
	if ready := v.keys.get(key); ready != nil {
		return ready, nil
	}
	v.lives.RLock()
	defer v.lives.RUnlock()
	var raw dossierkey.Raw
	defer clear(raw[:])
	if !v.raws.get(key, &raw) {
		if err := v.unwrap(ctx, key, &raw); err != nil {
			return nil, err
		}
		v.raws.put(key, &raw)
	}
	ready, err := dossierkey.New(&raw)
	if err == nil {
		v.keys.put(key, ready)
	}
	return ready, err
}

// unwrap reads a data key from the file.
func (v *Vault) unwrap(ctx context.Context, key domain.SubjectKey, raw *dossierkey.Raw) error {
	var row dossierRow
	err := v.db.Read(ctx, func(conn *sqlite.Conn) error {
		// Two statements and no join: this SQLite prepares a join anew for every value that is bound.
		id, err := v.dossierOf(conn, key)
		if err != nil {
			return err
		}
		if row, err = readDossier(conn, id); err == nil && row.key() != key {
			return errors.AssertionFailedf("dossier %d of the vault belongs to another key", errors.Safe(id))
		}
		return err
	})
	if err != nil {
		return err
	}
	unwrapped, err := row.unwrap(v.kek)
	if err != nil {
		return err
	}
	defer clear(unwrapped[:])
	*raw = *unwrapped
	return nil
}
