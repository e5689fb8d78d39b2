package vault

import (
	"context"
	"encoding/binary"
	"io"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// change is a writing transaction, and what memory takes over once it is committed. It is owned by whoever holds writing.
type change struct {
	v           *Vault
	conn        *sqlite.Conn
	chain       blocks
	heads       map[uint16]int64 // that moved
	lastDossier int64
	made        []madeDossier
	fresh       map[dossierkey.MAC]domain.SubjectKey // of the dossiers made
	drawn       map[domain.SubjectKey]bool           // for them
	placed      placed
}

// madeDossier is a new dossier with its key.
type madeDossier struct {
	id      int64
	mac     dossierkey.MAC
	subject domain.SubjectKey
	raw     dossierkey.Raw
}

func (v *Vault) begin(conn *sqlite.Conn) *change {
	return &change{v: v, conn: conn, chain: blocks{conn: conn}, lastDossier: v.lastDossier,
		heads: make(map[uint16]int64), fresh: make(map[dossierkey.MAC]domain.SubjectKey), drawn: make(map[domain.SubjectKey]bool)}
}

// write does one writing transaction and makes memory say what the file says since. The caller holds writing.
func (v *Vault) write(ctx context.Context, do func(tx *change) error) (*change, error) {
	var tx *change
	err := v.db.Write(ctx, func(conn *sqlite.Conn) error {
		tx = v.begin(conn)
		if err := do(tx); err != nil {
			return err
		}
		return tx.writeHeads()
	})
	if err == nil {
		v.publish(tx)
	}
	return tx, err
}

// publish makes memory say what the file says since the commit.
func (v *Vault) publish(tx *change) {
	for bucket, block := range tx.heads {
		v.heads[bucket].Store(block)
	}
	v.lastDossier = tx.lastDossier
	v.changes.Add(1)
	for n := range tx.made {
		v.pending.add(tx.made[n].mac, tx.made[n].subject, tx.made[n].id)
	}
	// After the heads: who finds an entry waiting no more finds it by its head.
	v.pending.settled(tx.placed)
}

// writeHeads writes the rows of the heads that moved.
func (tx *change) writeHeads() error {
	var row [headsPerRow * 8]byte
	rows := make(map[int]bool)
	for bucket := range tx.heads {
		rows[int(bucket)/headsPerRow] = true
	}
	for id := range rows {
		for n := range headsPerRow {
			putInteger(row[:], n*8, tx.head(uint16(id*headsPerRow+n)))
		}
		if err := run(tx.conn, updateHead, int64(id), row[:]); err != nil {
			return err
		}
	}
	return nil
}

func (tx *change) head(bucket uint16) int64 {
	if block, ok := tx.heads[bucket]; ok {
		return block
	}
	return tx.v.heads[bucket].Load()
}

// find gives the subject key of an index entry, or 0 and a place where it can be entered.
func (tx *change) find(mac dossierkey.MAC) (domain.SubjectKey, place, error) {
	if key := tx.v.pending.key(mac); key != 0 {
		return key, place{}, nil
	}
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
	key, err := tx.newSubject()
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
	tx.made = append(tx.made, madeDossier{tx.lastDossier, mac, key, raw})
	tx.fresh[mac] = key
	return key, nil
}

const maxTries = 8

// newSubject draws subject keys until one was never given out. 63 bits clash once in a very long time; eight clashes in a
// row mean that the randomness is none.
func (tx *change) newSubject() (domain.SubjectKey, error) {
	var raw [8]byte
	for range maxTries {
		if _, err := io.ReadFull(tx.v.config.Random, raw[:]); err != nil {
			return 0, errors.Wrap(err, "make a subject key")
		}
		key := domain.SubjectKey(binary.LittleEndian.Uint64(raw[:]) >> 1)
		if key == 0 || tx.v.pending.dossier(key) != 0 || tx.drawn[key] {
			continue
		}
		if _, found, err := queryInt(tx.conn, selectSubject, int64(key)); err != nil || !found {
			tx.drawn[key] = true
			return key, err
		}
	}
	return 0, errors.AssertionFailedf("the source of randomness gives the same subject keys again")
}
