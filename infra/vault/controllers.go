package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"io"
	"sync"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// controllers holds the blind index key of each controller, in the form of hashes that took the key in already: a fresh one
// would cost six times as much. There are as many as the register has controllers.
type controllers struct {
	mu     sync.RWMutex
	byName map[domain.ControllerID]*controller
}

type controller struct {
	id      int64
	hashers sync.Pool // of *hasher
}

type hasher struct {
	hash hash.Hash
	text []byte
	sum  [sha256.Size]byte
}

func newController(id int64, key []byte) *controller {
	return &controller{id: id, hashers: sync.Pool{New: func() any {
		return &hasher{hash: hmac.New(sha256.New, key), text: make([]byte, 0, domain.MaxName+1+domain.MaxIdentifierBytes)}
	}}}
}

// mac is the index entry of an identifier.
func (h *hasher) mac(id domain.Identifier) dossierkey.MAC {
	h.hash.Reset()
	h.text = dossierkey.AppendText(h.text[:0], id)
	_, _ = h.hash.Write(h.text)
	clear(h.text)
	h.hash.Sum(h.sum[:0])
	return dossierkey.MAC(h.sum[:])
}

func (c *controller) mac(id domain.Identifier) dossierkey.MAC {
	h := c.hashers.Get().(*hasher)
	defer c.hashers.Put(h)
	return h.mac(id)
}

func (v *Vault) controller(name domain.ControllerID) *controller {
	v.controllers.mu.RLock()
	defer v.controllers.mu.RUnlock()
	return v.controllers.byName[name]
}

func indexOwner(name domain.ControllerID) []byte { return []byte("index:" + string(name)) }

func (v *Vault) loadControllers(conn *sqlite.Conn) error {
	v.controllers.byName = make(map[domain.ControllerID]*controller)
	stmt, err := conn.Prepare(selectControllers)
	if err != nil {
		return err
	}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		wrapped := make([]byte, stmt.ColumnLen(2))
		stmt.ColumnBytes(2, wrapped)
		name := domain.ControllerID(stmt.ColumnText(1))
		key, err := v.kek.Unwrap(wrapped, indexOwner(name))
		if err != nil {
			return errors.Wrapf(err, "index key of controller %s", name)
		}
		v.controllers.byName[name] = newController(stmt.ColumnInt64(0), key)
	}
}

// meet makes index keys for controllers that are to get their first dossier.
func (v *Vault) meet(ctx context.Context, lookups []commands.Lookup) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	made := make(map[domain.ControllerID]*controller)
	err := v.db.Write(ctx, func(conn *sqlite.Conn) error {
		for i := range lookups {
			name := lookups[i].Controller
			if !lookups[i].Open || made[name] != nil || v.controller(name) != nil {
				continue
			}
			if _, err := domain.ParseName[domain.ControllerID](string(name)); err != nil {
				return errors.Wrap(err, "controller")
			}
			key := make([]byte, sha256.Size)
			if _, err := io.ReadFull(v.config.Random, key); err != nil {
				return errors.Wrap(err, "make an index key")
			}
			id := int64(len(v.controllers.byName) + len(made) + 1)
			if err := run(conn, insertController, id, string(name), v.kek.Wrap(key, indexOwner(name))); err != nil {
				return err
			}
			made[name] = newController(id, key)
		}
		return nil
	})
	if err != nil {
		return errors.Wrap(err, "make index keys")
	}
	v.controllers.mu.Lock()
	defer v.controllers.mu.Unlock()
	for name, c := range made {
		v.controllers.byName[name] = c
	}
	return nil
}
