package vault

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// Resolve implements commands.Vault. Beside its errors it returns domain.ErrInvalid for an identifier or a controller that
// could not be parsed. Where everything is known already, nothing is written.
func (v *Vault) Resolve(ctx context.Context, lookups []commands.Lookup) ([]domain.SubjectKey, error) {
	found := make([]domain.SubjectKey, len(lookups))
	macs, err := v.macs(ctx, lookups)
	if err != nil {
		return nil, err
	}
	misses := v.index.fill(macs, found, nil)
	if len(misses) == 0 {
		return found, nil
	}
	changes := v.changes.Load()
	if err := v.read(ctx, macs, found, misses); err != nil {
		return nil, errors.Wrap(err, "find people")
	}
	var opening []int
	for _, i := range misses {
		if found[i] == 0 && lookups[i].Open {
			opening = append(opening, i)
		}
	}
	if len(opening) == 0 {
		return found, nil
	}
	if err := v.open(ctx, lookups, macs, found, opening, changes); err != nil {
		return nil, errors.Wrap(err, "open dossiers")
	}
	return found, nil
}

// macs gives the index entry of each lookup, a zero one where the controller has no dossier yet: no identifier has that.
func (v *Vault) macs(ctx context.Context, lookups []commands.Lookup) ([]dossierkey.MAC, error) {
	macs := make([]dossierkey.MAC, len(lookups))
	var name domain.ControllerID
	var c *controller
	var h *hasher
	defer func() {
		if h != nil {
			c.hashers.Put(h)
		}
	}()
	for i := range lookups {
		if err := checkIdentifier(lookups[i].Identifier); err != nil {
			return nil, err
		}
		if c == nil || name != lookups[i].Controller {
			if h != nil {
				c.hashers.Put(h)
				h = nil
			}
			name = lookups[i].Controller
			if c = v.controller(name); c == nil && lookups[i].Open {
				if err := v.meet(ctx, lookups[i:]); err != nil {
					return nil, err
				}
				c = v.controller(name)
			}
			if c == nil {
				continue
			}
			h = c.hashers.Get().(*hasher)
		}
		macs[i] = h.mac(lookups[i].Identifier)
	}
	return macs, nil
}

func checkIdentifier(id domain.Identifier) error {
	if id.Kind == "" || len(id.Kind) > domain.MaxName || id.Value.IsZero() || len(id.Value.Reveal()) > domain.MaxIdentifierBytes {
		return errors.Wrap(domain.ErrInvalid, "identifier was not parsed")
	}
	return nil
}

// read looks into the file, and remembers what is there.
func (v *Vault) read(ctx context.Context, macs []dossierkey.MAC, found []domain.SubjectKey, places []int) error {
	v.lives.RLock()
	defer v.lives.RUnlock()
	read := places
	if places = v.pending.fill(macs, found, places); len(places) == 0 {
		return nil
	}
	// Heads are published after the commit that wrote their blocks, so a snapshot that begins later has all blocks.
	heads := make([]int64, len(places))
	for n, i := range places {
		heads[n] = v.heads[bucketOf(macs[i])].Load()
	}
	err := v.db.Read(ctx, func(conn *sqlite.Conn) error {
		chain := blocks{conn: conn}
		for n, i := range places {
			var err error
			if found[i], _, err = chain.find(heads[n], macs[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		v.index.put(macs, found, read)
	}
	return err
}

// open makes the dossiers that are still missing, in one transaction. Changes is how many there were before they were looked for.
func (v *Vault) open(ctx context.Context, lookups []commands.Lookup, macs []dossierkey.MAC, found []domain.SubjectKey, places []int, changes uint64) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	again := v.changes.Load() != changes
	tx, err := v.write(ctx, func(tx *change) (err error) {
		for _, i := range places {
			key := tx.fresh[macs[i]]
			if key == 0 && again {
				key, _, err = tx.find(macs[i])
			}
			if err == nil && key == 0 {
				key, err = tx.newDossier(v.controller(lookups[i].Controller), macs[i], lookups[i].Identifier)
			}
			if err != nil {
				return err
			}
			found[i] = key
		}
		return tx.settle()
	})
	if err != nil {
		return err
	}
	// Nobody can forget these people meanwhile: that takes writing, too.
	v.index.put(macs, found, places)
	for n := range tx.made {
		v.raws.put(tx.made[n].subject, &tx.made[n].raw)
	}
	clear(tx.made)
	return nil
}
