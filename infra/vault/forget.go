package vault

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// Forget implements commands.Vault: it forgets the whole person, with all dossiers and identifiers that were linked. When it
// returns nil, the wrapped keys, index entries and sealed identifiers are in none of the vault's files any more; what stays is
// that each key was forgotten, and when. It returns domain.ErrNotFound where the key was never given out, and
// domain.ErrUnavailable where the destruction is not complete: forget again then.
func (v *Vault) Forget(ctx context.Context, key domain.SubjectKey) error {
	defer v.copies.stop()() // a reading that goes on keeps pages from before
	if err := v.destroy(ctx, key); err != nil && !errors.Is(err, domain.ErrForgotten) {
		return errors.Wrap(err, "forget")
	}
	// The write-ahead log still has pages from before. This also completes an earlier call that got no further than here.
	return errors.Wrap(v.db.Checkpoint(ctx), "forget")
}

func (v *Vault) destroy(ctx context.Context, key domain.SubjectKey) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	// Whoever reads before this is waited for, so that nothing gets into a cache again afterwards.
	v.lives.Lock()
	defer v.lives.Unlock()
	var gone []domain.SubjectKey
	var entries []dossierkey.MAC
	_, err := v.write(ctx, func(tx *change) error {
		conn := tx.conn
		dossier, err := v.dossierOf(conn, key)
		if err != nil {
			return err
		}
		ids, rows, err := ring(conn, dossier)
		if err != nil {
			return err
		}
		now := v.config.Now().UnixMilli()
		for n, row := range rows {
			macs, err := tx.overwrite(ids[n], row)
			if err != nil {
				return err
			}
			entries, gone = append(entries, macs...), append(gone, row.key())
			if err := run(conn, forgetSubject, int64(row.key()), now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.pending.drop(entries, gone)
	for _, key := range gone {
		v.raws.drop(key)
		v.keys.drop(key)
	}
	for _, mac := range entries {
		v.index.drop(mac)
	}
	return nil
}

// overwrite puts zeros where a dossier, its aliases and its index entries were, and gives the entries.
func (tx *change) overwrite(id int64, row dossierRow) ([]dossierkey.MAC, error) {
	entries := []dossierkey.MAC{row.mac()}
	ids, aliases, err := aliasesOf(tx.conn, row)
	if err != nil {
		return nil, err
	}
	for n, alias := range aliases {
		entries = append(entries, alias.mac())
		if err := run(tx.conn, updateAlias, ids[n], make([]byte, len(alias))); err != nil {
			return nil, err
		}
	}
	for _, mac := range entries {
		key, at, err := tx.chain.find(tx.head(bucketOf(mac)), mac)
		if err == nil && key != 0 {
			err = tx.chain.put(at, dossierkey.MAC{}, 0)
		}
		if err != nil {
			return nil, err
		}
		if key == 0 && tx.v.pending.key(mac) == 0 {
			return nil, errors.AssertionFailedf("dossier %d of the vault has no index entry", errors.Safe(id))
		}
	}
	return entries, run(tx.conn, updateDossier, id, make([]byte, len(row)))
}
