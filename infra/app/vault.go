package app

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/vault"
	"github.com/jigowatt/daybook/infra/vault/natsvault"
)

// people is a vault as the ledger uses it, wherever it is kept: who is who, and the ledger's own secrets.
type people interface {
	commands.Vault
	// Secret gives the random secret with a name, made on the first call, wrapped and durable; domain.ErrConflict for another size.
	Secret(ctx context.Context, name string, size int) ([]byte, error)
}

// openVault opens the vault of the data directory, before the embedded server is started on what it says was kept. With a server
// elsewhere, that one is asked first.
func (a *App) openVault(ctx context.Context) error {
	if a.cfg.NATSURL != "" {
		return nil
	}
	return a.openOwnVault(ctx)
}

func (a *App) openOwnVault(ctx context.Context) error {
	key, err := a.loadKey(ctx, vault.Exists(a.cfg.path("vault")))
	if err != nil {
		return err
	}
	v, err := vault.Open(a.cfg.path("vault"), key, vault.Config{Now: a.cfg.Now})
	if err != nil {
		return err
	}
	a.closers.add(v.Close)
	a.vault = v
	return nil
}

// openSharedVault opens the vault of a ledger on a server elsewhere: the server's, where it has one or is to have one, and else that of
// the data directory.
func (a *App) openSharedVault(ctx context.Context) error {
	if a.cfg.NATSURL == "" || a.vault != nil {
		return nil
	}
	shared, err := natsvault.Exists(ctx, a.bus.services, a.cfg.Name)
	if err != nil {
		return err
	}
	own := vault.Exists(a.cfg.path("vault"))
	switch {
	case own && (shared || a.cfg.SharedVault):
		return errors.WithHint(errors.Wrap(domain.ErrConflict, "the ledger has a vault in its directory"),
			"Whoever is known to the directory's vault is not known to one on the server. Leave --shared-vault out, or use a new data directory.")
	case !shared && !a.cfg.SharedVault:
		return a.openOwnVault(ctx)
	}
	key, err := a.loadKey(ctx, shared)
	if err != nil {
		return errors.WithHint(err, "Every process of the ledger needs the same key-encryption key: copy keys/kek of the first one.")
	}
	v, err := natsvault.Open(ctx, a.bus.services, key, natsvault.Config{Name: a.cfg.Name, Replicas: a.cfg.Replicas, Now: a.cfg.Now})
	if err != nil {
		return err
	}
	a.closers.add(v.Close)
	a.vault = v
	return nil
}

// loadKey gives the key-encryption key, and makes one where there is no vault that needs the old one.
func (a *App) loadKey(ctx context.Context, needed bool) (keys.KEK, error) {
	loaded, err := keys.Load(keys.Config{Dir: a.cfg.path("keys"), NoCreate: needed})
	if err != nil {
		return keys.KEK{}, errors.Wrap(err, "key-encryption key")
	}
	a.Note = loaded.Note
	if loaded.Created {
		a.cfg.Logger.WarnContext(ctx, "a new key-encryption key was made; back it up apart from the data")
	}
	return loaded.Key, nil
}
