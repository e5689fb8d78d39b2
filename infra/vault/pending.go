package vault

import (
	"bytes"
	"slices"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// indexedMeta names the dossier up to which the index is complete; see pending.
const indexedMeta = "indexed"

// pending is the part of the index that is not in its places in the file yet. Entries of a random order each come to a page of
// their own: one by one they cost more than all else about a new dossier. So they wait, and are put in by order of their places,
// when so many wait that several come to one page. Nothing is lost by a crash: each dossier's row says what the index has to
// say of it, so that a start reads the dossiers after those of which the index is known to be complete.
//
// Only whoever holds Vault.writing changes it.
type pending struct {
	mu       sync.RWMutex
	entries  map[dossierkey.MAC]domain.SubjectKey
	dossiers map[domain.SubjectKey]int64

	// The round that is going on: what waited when it began, in the order of the places. A little of it is put in with each
	// transaction, so that none takes long.
	macs []dossierkey.MAC
	keys []domain.SubjectKey
	upTo int64 // when it ends, the index is complete up to this dossier
}

func newPending() *pending {
	return &pending{entries: make(map[dossierkey.MAC]domain.SubjectKey), dossiers: make(map[domain.SubjectKey]int64)}
}

func (p *pending) key(mac dossierkey.MAC) domain.SubjectKey {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.entries[mac]
}

func (p *pending) dossier(key domain.SubjectKey) int64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.dossiers[key]
}

// fill sets the keys of the entries that wait, and gives the places of the others.
func (p *pending) fill(macs []dossierkey.MAC, keys []domain.SubjectKey, places []int) (misses []int) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, i := range places {
		if keys[i] = p.entries[macs[i]]; keys[i] == 0 {
			misses = append(misses, i)
		}
	}
	return misses
}

func (p *pending) add(mac dossierkey.MAC, key domain.SubjectKey, dossier int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entries[mac], p.dossiers[key] = key, dossier
}

func (p *pending) drop(macs []dossierkey.MAC, keys []domain.SubjectKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, mac := range macs {
		delete(p.entries, mac)
	}
	for _, key := range keys {
		delete(p.dossiers, key)
	}
}

// begin begins a round with everything that waits.
func (p *pending) begin(upTo int64) {
	p.macs, p.keys, p.upTo = p.macs[:0], p.keys[:0], upTo
	for mac := range p.entries {
		p.macs = append(p.macs, mac)
	}
	for key := range p.dossiers {
		p.keys = append(p.keys, key)
	}
	slices.SortFunc(p.macs, func(a, b dossierkey.MAC) int {
		if d := int(bucketOf(a)) - int(bucketOf(b)); d != 0 {
			return d
		}
		return bytes.Compare(a[:], b[:])
	})
	slices.Sort(p.keys)
}

// placed is what one transaction put in its places.
type placed struct{ macs, keys int }

// settle puts twice as much in its places as the transaction adds, so that what waits stays below three halves of the limit.
func (tx *change) settle() error {
	p := tx.v.pending
	if len(p.macs)+len(p.keys) == 0 {
		if len(p.dossiers) < tx.v.config.Pending {
			return nil
		}
		p.begin(tx.v.lastDossier)
	}
	some := 2*len(tx.made) + 64
	for _, mac := range p.macs[:min(some, len(p.macs))] {
		tx.placed.macs++
		if key := p.entries[mac]; key != 0 { // else the person was forgotten since the round began
			if err := tx.place(mac, key); err != nil {
				return err
			}
		}
	}
	for _, key := range p.keys[:min(some, len(p.keys))] {
		tx.placed.keys++
		if dossier := p.dossiers[key]; dossier != 0 {
			if err := run(tx.conn, insertSubject, int64(key), dossier); err != nil {
				return err
			}
		}
	}
	if tx.placed.macs == len(p.macs) && tx.placed.keys == len(p.keys) {
		return setIndexed(tx.conn, p.upTo)
	}
	return nil
}

// place enters what is not in the file's index yet: it is, where a crash came between its transaction and the end of the round.
func (tx *change) place(mac dossierkey.MAC, key domain.SubjectKey) error {
	known, at, err := tx.chain.find(tx.head(bucketOf(mac)), mac)
	if err != nil || known != 0 {
		return err
	}
	return tx.enter(at, mac, key)
}

// settled takes over what a committed transaction put in.
func (p *pending) settled(n placed) {
	p.drop(p.macs[:n.macs], p.keys[:n.keys])
	p.macs, p.keys = p.macs[n.macs:], p.keys[n.keys:]
}

func setIndexed(conn *sqlite.Conn, dossier int64) error {
	var value [8]byte
	putInteger(value[:], 0, dossier)
	return run(conn, setMeta, indexedMeta, value[:])
}

// loadPending reads the dossiers that may be missing from the index.
func (v *Vault) loadPending(conn *sqlite.Conn) error {
	indexed, err := queryBytes(conn, selectMeta, indexedMeta)
	if err != nil {
		return err
	}
	if len(indexed) != 8 {
		return errors.AssertionFailedf("what the vault says of its index is missing or damaged")
	}
	stmt, err := conn.Prepare(selectDossiersAfter)
	if err != nil {
		return err
	}
	stmt.BindInt64(1, integerAt(indexed, 0))
	var row [dossierSealedAt]byte
	for id := integerAt(indexed, 0) + 1; ; id++ {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		n := stmt.ColumnBytes(1, row[:])
		if stmt.ColumnInt64(0) != id || n != len(row) || row[0] != rowVersion && row != [dossierSealedAt]byte{} {
			return errors.AssertionFailedf("dossier %d of the vault is gone or was changed", errors.Safe(id))
		}
		if row[0] == rowVersion { // else its person was forgotten
			v.pending.add(dossierRow(row[:]).mac(), dossierRow(row[:]).key(), id)
		}
	}
}
