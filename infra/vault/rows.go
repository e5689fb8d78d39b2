package vault

import (
	"encoding/binary"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// A row's first byte is its version; a row that was overwritten begins with 0.
const rowVersion = 1

const wrappedSize = dossierkey.Size + keys.Overhead

// dossierRow is a dossier's body as it is stored: fixed fields, then the sealed identifier that opened the dossier.
type dossierRow []byte

const (
	dossierKeyAt     = 1                                 // subject key
	controllerAt     = dossierKeyAt + 8                  // id of the controller
	ringAt           = controllerAt + 8                  // next dossier of the same person, round and round; itself where alone
	aliasHeadAt      = ringAt + 8                        // the newest alias, or 0
	dossierMACAt     = aliasHeadAt + 8                   // index entry
	wrappedAt        = dossierMACAt + dossierkey.MACSize // wrapped data key
	dossierSealedAt  = wrappedAt + wrappedSize           // sealed identifier
	aliasDossierAt   = 1                                 // dossier that the alias leads to
	aliasNextAt      = aliasDossierAt + 8                // the next older alias of the dossier, or 0
	aliasMACAt       = aliasNextAt + 8                   // index entry
	aliasSealedAt    = aliasMACAt + dossierkey.MACSize   // sealed identifier
	maxSealed        = domain.MaxName + 1 + domain.MaxIdentifierBytes + dossierkey.Overhead
	maxDossierRow    = dossierSealedAt + maxSealed
	maxAliasRow      = aliasSealedAt + maxSealed
	maxPersonDossier = 1024 // dossiers of one person
	maxAliases       = 1024 // further identifiers of one dossier
)

func integerAt(row []byte, at int) int64         { return int64(binary.LittleEndian.Uint64(row[at:])) }
func putInteger(row []byte, at int, v int64)     { binary.LittleEndian.PutUint64(row[at:], uint64(v)) }
func (r dossierRow) key() domain.SubjectKey      { return domain.SubjectKey(integerAt(r, dossierKeyAt)) }
func (r dossierRow) next() int64                 { return integerAt(r, ringAt) }
func (r dossierRow) aliases() int64              { return integerAt(r, aliasHeadAt) }
func (r dossierRow) mac() dossierkey.MAC         { return dossierkey.MAC(r[dossierMACAt:]) }
func (r dossierRow) wrapped() []byte             { return r[wrappedAt:dossierSealedAt] }
func (r dossierRow) sealed() []byte              { return r[dossierSealedAt:] }
func (r dossierRow) owner() [len(owner) + 8]byte { return ownerOf(r.key()) }

const owner = "dossier:"

// ownerOf is what a data key is bound to.
func ownerOf(key domain.SubjectKey) (aad [len(owner) + 8]byte) {
	copy(aad[:], owner)
	binary.BigEndian.PutUint64(aad[len(owner):], uint64(key))
	return aad
}

// unwrap gives a dossier's data key, which the caller should overwrite after use.
func (r dossierRow) unwrap(kek keys.KEK) (*dossierkey.Raw, error) {
	aad := r.owner()
	raw, err := kek.Unwrap(r.wrapped(), aad[:])
	if err != nil {
		return nil, err
	}
	return (*dossierkey.Raw)(raw), nil
}

// ready gives a dossier's data key ready for use.
func (r dossierRow) ready(kek keys.KEK) (*dossierkey.Key, error) {
	raw, err := r.unwrap(kek)
	if err != nil {
		return nil, err
	}
	defer clear(raw[:])
	return dossierkey.New(raw)
}

type aliasRow []byte

func (r aliasRow) next() int64         { return integerAt(r, aliasNextAt) }
func (r aliasRow) mac() dossierkey.MAC { return dossierkey.MAC(r[aliasMACAt:]) }
func (r aliasRow) sealed() []byte      { return r[aliasSealedAt:] }

func readDossier(conn *sqlite.Conn, id int64) (dossierRow, error) {
	row, err := readRow(conn, selectDossier, id)
	if err == nil && (len(row) < dossierSealedAt || row[0] != rowVersion) {
		return nil, errors.AssertionFailedf("dossier %d of the vault is missing or damaged", errors.Safe(id))
	}
	return row, err
}

func readAlias(conn *sqlite.Conn, id int64) (aliasRow, error) {
	row, err := readRow(conn, selectAlias, id)
	if err == nil && (len(row) < aliasSealedAt || row[0] != rowVersion) {
		return nil, errors.AssertionFailedf("alias %d of the vault is missing or damaged", errors.Safe(id))
	}
	return row, err
}

// ring gives all dossiers of a person, beginning with the one asked for.
func ring(conn *sqlite.Conn, first int64) (ids []int64, rows []dossierRow, err error) {
	for id := first; ; {
		row, err := readDossier(conn, id)
		if err != nil {
			return nil, nil, err
		}
		ids, rows = append(ids, id), append(rows, row)
		if id = row.next(); id == first {
			return ids, rows, nil
		}
		if len(ids) == maxPersonDossier {
			return nil, nil, errors.AssertionFailedf("the dossiers of a person do not close to a ring at %d", errors.Safe(first))
		}
	}
}

// aliasesOf gives all aliases of a dossier, newest first.
func aliasesOf(conn *sqlite.Conn, dossier dossierRow) (ids []int64, rows []aliasRow, err error) {
	for id := dossier.aliases(); id != 0; {
		row, err := readAlias(conn, id)
		if err != nil {
			return nil, nil, err
		}
		if len(ids) == maxAliases {
			return nil, nil, errors.AssertionFailedf("the aliases of a dossier do not end at %d", errors.Safe(id))
		}
		ids, rows = append(ids, id), append(rows, row)
		id = row.next()
	}
	return ids, rows, nil
}

// readRow gives nil where there is no such row.
func readRow(conn *sqlite.Conn, query string, id int64) ([]byte, error) {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	stmt.BindInt64(1, id)
	found, err := stmt.Step()
	if err != nil || !found {
		return nil, err
	}
	row := make([]byte, stmt.ColumnLen(0))
	stmt.ColumnBytes(0, row)
	return row, stmt.Reset()
}

func run(conn *sqlite.Conn, query string, args ...any) error {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	for i, arg := range args {
		switch v := arg.(type) {
		case int64:
			stmt.BindInt64(i+1, v)
		case string:
			stmt.BindText(i+1, v)
		case []byte:
			stmt.BindBytes(i+1, v)
		default:
			return errors.AssertionFailedf("no such argument of a statement")
		}
	}
	if _, err := stmt.Step(); err != nil {
		return err
	}
	return stmt.Reset()
}
