package vault

import (
	"context"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// Traces gives what the vault's files hold of the person with a key and must not hold afterwards: wrapped keys, index entries
// and sealed identifiers of all dossiers.
func (v *Vault) Traces(ctx context.Context, key domain.SubjectKey) (traces [][]byte, err error) {
	err = v.db.Read(ctx, func(conn *sqlite.Conn) error {
		dossier, err := v.dossierOf(conn, key)
		if err != nil {
			return err
		}
		_, rows, err := ring(conn, dossier)
		if err != nil {
			return err
		}
		for _, row := range rows {
			mac := row.mac()
			traces = append(traces, row.wrapped(), mac[:], row.sealed())
			_, aliases, err := aliasesOf(conn, row)
			if err != nil {
				return err
			}
			for _, alias := range aliases {
				mac := alias.mac()
				traces = append(traces, mac[:], alias.sealed())
			}
		}
		return nil
	})
	return traces, err
}

// Cached says whether the caches hold anything of a key.
func (v *Vault) Cached(key domain.SubjectKey) bool {
	v.index.mu.RLock()
	defer v.index.mu.RUnlock()
	for _, e := range v.index.at {
		if e.key == key {
			return true
		}
	}
	return v.raws.get(key, new(dossierkey.Raw)) || v.keys.get(key) != nil
}

// ChainLength gives the longest chain of blocks.
func (v *Vault) ChainLength(ctx context.Context) (longest int, err error) {
	err = v.db.Read(ctx, func(conn *sqlite.Conn) error {
		chain := blocks{conn: conn}
		for bucket := range v.heads {
			length := 0
			for id := v.heads[bucket].Load(); id != 0; length++ {
				if err := chain.load(id); err != nil {
					return err
				}
				id = integerAt(chain.buffer[:], 0)
			}
			longest = max(longest, length)
		}
		return nil
	})
	return longest, err
}

// MAC is an index entry.
type MAC = dossierkey.MAC

// Enter makes index entries lead to keys, in one transaction, as opening dossiers does; key 0 takes an entry out again.
func (v *Vault) Enter(ctx context.Context, macs []MAC, keys []domain.SubjectKey) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	_, err := v.write(ctx, func(tx *change) error {
		for i, mac := range macs {
			_, at, err := tx.find(mac)
			if err != nil {
				return err
			}
			if keys[i] == 0 {
				err = tx.chain.put(at, MAC{}, 0)
			} else {
				err = tx.enter(at, mac, keys[i])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// Find reads index entries from the file.
func (v *Vault) Find(ctx context.Context, macs []MAC) ([]domain.SubjectKey, error) {
	found, places := make([]domain.SubjectKey, len(macs)), make([]int, len(macs))
	for i := range places {
		places[i] = i
	}
	return found, v.read(ctx, macs, found, places)
}

// Destroy is Forget without the checkpoint.
func (v *Vault) Destroy(ctx context.Context, key domain.SubjectKey) error { return v.destroy(ctx, key) }
