package vault

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// Seal implements commands.Vault. Like Open and Digest it returns domain.ErrNotFound where the key was never given out.
func (v *Vault) Seal(ctx context.Context, key domain.SubjectKey, aad string, plain domain.Personal) (domain.Sealed, error) {
	ready, err := v.ready(ctx, key)
	if err != nil {
		return nil, errors.Wrap(err, "seal")
	}
	return ready.Seal(aad, plain), nil
}

// Open implements commands.Vault.
func (v *Vault) Open(ctx context.Context, key domain.SubjectKey, aad string, sealed domain.Sealed) (domain.Personal, error) {
	ready, err := v.ready(ctx, key)
	if err != nil {
		return domain.Personal{}, errors.Wrap(err, "open sealed")
	}
	return ready.Open(aad, sealed)
}

// Digest implements commands.Vault.
func (v *Vault) Digest(ctx context.Context, key domain.SubjectKey, content []byte) ([8]byte, error) {
	ready, err := v.ready(ctx, key)
	if err != nil {
		return [8]byte{}, errors.Wrap(err, "digest")
	}
	return ready.Digest(content), nil
}

// ready gives a data key that can be used at once.
func (v *Vault) ready(ctx context.Context, key domain.SubjectKey) (*dossierkey.Key, error) {
	if ready := v.keys.get(key); ready != nil {
		return ready, nil
	}
	v.lives.RLock()
	defer v.lives.RUnlock()
	var row dossierRow
	err := v.db.Read(ctx, func(conn *sqlite.Conn) (err error) {
		row, err = subjectRow(conn, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	ready, err := row.unwrap(v.kek)
	if err == nil {
		v.keys.put(key, ready)
	}
	return ready, err
}

// subjectRow gives the dossier that a key stands for.
func subjectRow(conn *sqlite.Conn, key domain.SubjectKey) (dossierRow, error) {
	stmt, err := conn.Prepare(selectSubjectRow)
	if err != nil {
		return nil, err
	}
	stmt.BindInt64(1, int64(key))
	found, err := stmt.Step()
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, errors.WithStack(errNeverGiven)
	case stmt.ColumnInt64(0) == 0:
		return nil, errors.CombineErrors(errors.WithStack(domain.ErrForgotten), stmt.Reset())
	}
	row := make(dossierRow, stmt.ColumnLen(1))
	stmt.ColumnBytes(1, row)
	if len(row) < dossierSealedAt || row[0] != rowVersion || row.key() != key {
		return nil, errors.AssertionFailedf("dossier %d of the vault is damaged", errors.Safe(stmt.ColumnInt64(0)))
	}
	return row, stmt.Reset()
}
