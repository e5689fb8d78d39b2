package vault

import (
	"context"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

var (
	errNobody     = errors.Wrap(domain.ErrNotFound, "nobody is known by this identifier")
	errNeverGiven = errors.Wrap(domain.ErrNotFound, "the subject key was never given out")
	errTooMany    = errors.Wrap(domain.ErrConflict, "too many dossiers or identifiers of one person")
)

// Keys implements commands.Vault.
func (v *Vault) Keys(ctx context.Context, name domain.ControllerID, id domain.Identifier) (found []domain.SubjectKey, err error) {
	if err := checkIdentifier(id); err != nil {
		return nil, err
	}
	c := v.controller(name)
	if c == nil {
		return nil, errors.WithStack(errNobody)
	}
	mac := c.mac(id)
	one := make([]domain.SubjectKey, 1)
	if err := v.read(ctx, []dossierkey.MAC{mac}, one, []int{0}); err != nil {
		return nil, errors.Wrap(err, "keys of a person")
	}
	if one[0] == 0 {
		return nil, errors.WithStack(errNobody)
	}
	err = v.db.Read(ctx, func(conn *sqlite.Conn) error {
		dossier, err := v.dossierOf(conn, one[0])
		if errors.Is(err, domain.ErrForgotten) {
			return errors.WithStack(errNobody) // meanwhile
		}
		if err == nil {
			found, err = keysOf(conn, dossier)
		}
		return err
	})
	return found, errors.Wrap(err, "keys of a person")
}

// dossierOf gives the id of the dossier that a key stands for. It returns domain.ErrForgotten, and domain.ErrNotFound where
// the key was never given out. Nothing may have been read in the transaction before but what the key was had from: what waits is
// looked at before the snapshot is.
func (v *Vault) dossierOf(conn *sqlite.Conn, key domain.SubjectKey) (int64, error) {
	if dossier := v.pending.dossier(key); dossier != 0 {
		return dossier, nil
	}
	dossier, found, err := queryInt(conn, selectSubject, int64(key))
	switch {
	case err != nil:
		return 0, err
	case !found:
		return 0, errors.WithStack(errNeverGiven)
	case dossier == 0:
		return 0, errors.WithStack(domain.ErrForgotten)
	default:
		return dossier, nil
	}
}

// keysOf gives the keys of all dossiers of a person, oldest first: ids are given in the order of opening.
func keysOf(conn *sqlite.Conn, dossier int64) ([]domain.SubjectKey, error) {
	ids, rows, err := ring(conn, dossier)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]domain.SubjectKey, len(ids))
	for n, id := range ids {
		byID[id] = rows[n].key()
	}
	slices.Sort(ids)
	found := make([]domain.SubjectKey, len(ids))
	for n, id := range ids {
		found[n] = byID[id]
	}
	return found, nil
}

// Identifiers implements commands.Vault: those of the oldest dossier first, in the order in which they became known. It
// returns domain.ErrNotFound where the key was never given out.
func (v *Vault) Identifiers(ctx context.Context, key domain.SubjectKey) (known []domain.Identifier, err error) {
	err = v.db.Read(ctx, func(conn *sqlite.Conn) error {
		dossier, err := v.dossierOf(conn, key)
		if err != nil {
			return err
		}
		ids, _, err := ring(conn, dossier)
		if err != nil {
			return err
		}
		slices.Sort(ids)
		for _, id := range ids {
			if known, err = v.appendIdentifiers(conn, known, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Wrap(err, "identifiers of a person")
	}
	return known, nil
}

func (v *Vault) appendIdentifiers(conn *sqlite.Conn, known []domain.Identifier, dossier int64) ([]domain.Identifier, error) {
	row, err := readDossier(conn, dossier)
	if err != nil {
		return nil, err
	}
	key, err := row.ready(v.kek)
	if err != nil {
		return nil, err
	}
	id, err := key.Identifier(row.mac(), row.sealed())
	if err != nil {
		return nil, err
	}
	known = append(known, id)
	_, aliases, err := aliasesOf(conn, row)
	if err != nil {
		return nil, err
	}
	for _, alias := range slices.Backward(aliases) {
		if id, err = key.Identifier(alias.mac(), alias.sealed()); err != nil {
			return nil, err
		}
		known = append(known, id)
	}
	return known, nil
}

// Link implements commands.Vault. It returns domain.ErrConflict where one person would get more than 1,024 dossiers, or one
// dossier more than 1,024 further identifiers.
func (v *Vault) Link(ctx context.Context, name domain.ControllerID, known, also domain.Identifier) (joined []domain.SubjectKey, err error) {
	if err := errors.CombineErrors(checkIdentifier(known), checkIdentifier(also)); err != nil {
		return nil, err
	}
	c := v.controller(name)
	if c == nil {
		return nil, errors.WithStack(errNobody)
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	_, err = v.write(ctx, func(tx *change) error {
		dossier, err := tx.link(c.mac(known), c.mac(also), also)
		if err == nil {
			joined, err = keysOf(tx.conn, dossier)
		}
		return err
	})
	if err != nil {
		return nil, errors.Wrap(err, "link identifiers")
	}
	return joined, nil
}

// link gives the dossier of the known identifier.
func (tx *change) link(known, also dossierkey.MAC, id domain.Identifier) (int64, error) {
	key, _, err := tx.find(known)
	if err != nil {
		return 0, err
	}
	if key == 0 {
		return 0, errors.WithStack(errNobody)
	}
	dossier, err := tx.v.dossierOf(tx.conn, key)
	if err != nil {
		return 0, err
	}
	other, at, err := tx.find(also)
	switch {
	case err != nil:
		return 0, err
	case other == 0:
		if err := tx.newAlias(dossier, also, id); err != nil {
			return 0, err
		}
		return dossier, tx.enter(at, also, key)
	default:
		second, err := tx.v.dossierOf(tx.conn, other)
		if err != nil {
			return 0, err
		}
		return dossier, tx.join(dossier, second)
	}
}

// join makes one ring of two: each of the two dossiers goes on where the other did.
func (tx *change) join(first, second int64) error {
	ids, rows, err := ring(tx.conn, first)
	if err != nil || slices.Contains(ids, second) {
		return err
	}
	others, theirs, err := ring(tx.conn, second)
	if err != nil {
		return err
	}
	if len(ids)+len(others) > maxPersonDossier {
		return errors.WithStack(errTooMany)
	}
	a, b := rows[0], theirs[0]
	next := a.next()
	putInteger(a, ringAt, b.next())
	putInteger(b, ringAt, next)
	return errors.CombineErrors(run(tx.conn, updateDossier, first, []byte(a)), run(tx.conn, updateDossier, second, []byte(b)))
}

func (tx *change) newAlias(dossier int64, mac dossierkey.MAC, id domain.Identifier) error {
	row, err := readDossier(tx.conn, dossier)
	if err != nil {
		return err
	}
	ids, _, err := aliasesOf(tx.conn, row)
	if err != nil {
		return err
	}
	if len(ids) == maxAliases {
		return errors.WithStack(errTooMany)
	}
	key, err := row.ready(tx.v.kek)
	if err != nil {
		return err
	}
	var buffer [maxAliasRow]byte
	alias := buffer[:aliasSealedAt]
	alias[0] = rowVersion
	putInteger(alias, aliasDossierAt, dossier)
	putInteger(alias, aliasNextAt, row.aliases())
	copy(alias[aliasMACAt:], mac[:])
	if err := run(tx.conn, insertAlias, key.AppendIdentifier(alias, mac, id)); err != nil {
		return err
	}
	putInteger(row, aliasHeadAt, tx.conn.LastInsertRowID())
	return run(tx.conn, updateDossier, dossier, []byte(row))
}
