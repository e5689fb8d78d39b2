package vault

import (
	"encoding/binary"
	"io"

	"github.com/cockroachdb/errors"
	zombiezen "zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// change is a writing transaction, and what memory takes over once it is committed. It is owned by whoever holds writing.
type change struct {
	v           *Vault
	conn        *sqlite.Conn
	chain       blocks
	heads       map[uint16]int64
	lastDossier int64
	made        []madeDossier
}

// madeDossier is a new dossier's key.
type madeDossier struct {
	subject domain.SubjectKey
	raw     dossierkey.Raw
}

func (v *Vault) begin(conn *sqlite.Conn) *change {
	return &change{v: v, conn: conn, chain: blocks{conn: conn}, heads: make(map[uint16]int64), lastDossier: v.lastDossier}
}

// publish makes memory say what the file says since the commit.
func (v *Vault) publish(tx *change) {
	for bucket, block := range tx.heads {
		v.heads[bucket].Store(block)
	}
	v.lastDossier = tx.lastDossier
}

func (tx *change) head(bucket uint16) int64 {
	if block, ok := tx.heads[bucket]; ok {
		return block
	}
	return tx.v.heads[bucket].Load()
}

// find gives the subject key of an index entry, or 0 and a place where it can be entered.
func (tx *change) find(mac dossierkey.MAC) (domain.SubjectKey, place, error) {
	return tx.chain.find(tx.head(bucketOf(mac)), mac)
}

// enter makes an index entry lead to a subject key, at the free place that find gave.
func (tx *change) enter(at place, mac dossierkey.MAC, key domain.SubjectKey) error {
	if at.block != 0 {
		return tx.chain.put(at, mac, key)
	}
	bucket := bucketOf(mac)
	block, err := tx.chain.grow(tx.head(bucket), mac, key)
	if err == nil {
		tx.heads[bucket] = block
	}
	return err
}

// newDossier opens a dossier for an identifier that leads nowhere yet.
func (tx *change) newDossier(c *controller, mac dossierkey.MAC, id domain.Identifier) (domain.SubjectKey, error) {
	tx.lastDossier++
	key, err := tx.newSubject(tx.lastDossier)
	if err != nil {
		return 0, err
	}
	var raw dossierkey.Raw
	defer clear(raw[:])
	if _, err := io.ReadFull(tx.v.config.Random, raw[:]); err != nil {
		return 0, errors.Wrap(err, "make a data key")
	}
	ready, err := dossierkey.New(&raw)
	if err != nil {
		return 0, err
	}
	var buffer [maxDossierRow]byte
	row := buffer[:wrappedAt]
	row[0] = rowVersion
	putInteger(row, dossierKeyAt, int64(key))
	putInteger(row, controllerAt, c.id)
	putInteger(row, ringAt, tx.lastDossier)
	copy(row[dossierMACAt:], mac[:])
	aad := ownerOf(key)
	row = tx.v.kek.AppendWrap(row, raw[:], aad[:])
	row = ready.AppendIdentifier(row, mac, id)
	if err := run(tx.conn, insertDossier, tx.lastDossier, row); err != nil {
		return 0, err
	}
	tx.made = append(tx.made, madeDossier{key, raw})
	return key, nil
}

const maxTries = 8

// newSubject draws subject keys until one was never given out. 63 bits clash once in a very long time; eight clashes in a
// row mean that the randomness is none.
func (tx *change) newSubject(dossier int64) (domain.SubjectKey, error) {
	var raw [8]byte
	for range maxTries {
		if _, err := io.ReadFull(tx.v.config.Random, raw[:]); err != nil {
			return 0, errors.Wrap(err, "make a subject key")
		}
		key := int64(binary.LittleEndian.Uint64(raw[:]) >> 1)
		if key == 0 {
			continue
		}
		err := run(tx.conn, insertSubject, key, dossier)
		if err == nil || zombiezen.ErrCode(err).ToPrimary() != zombiezen.ResultConstraint {
			return domain.SubjectKey(key), err
		}
	}
	return 0, errors.AssertionFailedf("the source of randomness gives the same subject keys again")
}
