package vault

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

const fileName = "vault.db"

// Config says how much memory a vault may use and where it gets time and randomness. The zero value uses about 45 MiB, once
// as many people were seen.
type Config struct {
	// IndexCache is how many bytes remember where identifiers lead, 16 for each; 0 means 16 MiB, a million identifiers.
	IndexCache int
	// KeyCache is how many bytes remember data keys, 40 for each; 0 means 10 MiB, a quarter of a million people.
	KeyCache int
	// ReadyCache is how many data keys are kept ready for use, about 1.2 KiB each; 0 means 4,096.
	ReadyCache int
	// Pending is how many entries of the index wait to be put in their places, about 100 bytes each; 0 means 65,536.
	Pending int
	// PageCache is how many KiB of the file the writer, and each of two readers, keep; 0 means 4,096.
	PageCache int
	// Random is where subject keys, data keys and secrets come from; nil means crypto/rand.
	Random io.Reader
	// Now says when somebody was forgotten; nil means time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	for _, v := range []struct {
		value *int
		or    int
	}{{&c.IndexCache, 16 << 20}, {&c.KeyCache, 10 << 20}, {&c.ReadyCache, 4096}, {&c.PageCache, 4096}, {&c.Pending, 65_536}} {
		if *v.value <= 0 {
			*v.value = v.or
		}
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Vault is an open vault. All methods may be called concurrently.
type Vault struct {
	dossierkey.Sealer // by ready

	db     *sqlite.DB
	kek    keys.KEK
	config Config
	close  func() error // once

	controllers controllers
	index       *indexCache
	raws        *rawCache
	keys        *keyCache
	// lives is held by readers while they carry what they read into the caches, and by Forget while it destroys.
	lives sync.RWMutex
	// writing is held from the beginning of a writing transaction until heads and lastDossier say what the file says.
	writing     sync.Mutex
	heads       [buckets]atomic.Int64
	pending     *pending
	changes     atomic.Uint64 // how many there were since the start
	lastDossier int64         // owned by writing
	copies      copies
}

var _ commands.Vault = (*Vault)(nil)

// Exists says whether there is a vault in a folder, whose key-encryption key must not be replaced then.
func Exists(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, fileName))
	return err == nil && info.Size() > 0
}

// Open opens the vault in a folder and makes it (folder mode 0700, files 0600) where there is none. It returns
// keys.ErrWrongKey where the vault belongs to another key-encryption key, sqlite.ErrNewer where a later program made it, and
// domain.ErrUnavailable where another process has it open or the files cannot be used.
func Open(dir string, kek keys.KEK, config Config) (*Vault, error) {
	config = config.withDefaults()
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	db, err := sqlite.Open(filepath.Join(dir, fileName), sqlite.Config{
		Schema: schema, Version: schemaVersion,
		Readers: 2, SecureDelete: true, Synchronous: sqlite.Full,
		WriterCache: config.PageCache, ReaderCache: config.PageCache, CheckpointPages: 2048,
	})
	if err != nil {
		return nil, errors.CombineErrors(errors.Wrap(err, "open vault"), lock.Close())
	}
	v := &Vault{db: db, kek: kek, config: config,
		close: sync.OnceValue(func() error { return errors.CombineErrors(db.Close(), lock.Close()) }),
		index: newIndexCache(config.IndexCache), raws: newRawCache(config.KeyCache), keys: newKeyCache(config.ReadyCache), pending: newPending()}
	v.Sealer = v.ready
	if err := v.load(context.Background()); err != nil {
		return nil, errors.CombineErrors(errors.Wrap(err, "open vault"), v.Close())
	}
	return v, nil
}

// Close waits for what is going on and closes the vault. Closing twice is not an error.
func (v *Vault) Close() error { return v.close() }

// load reads what is kept in memory, and finishes a destruction that a crash interrupted: the pages from before it may still
// be in the write-ahead log.
func (v *Vault) load(ctx context.Context) error {
	if v.kek.IsZero() {
		return errors.AssertionFailedf("a vault needs a key-encryption key")
	}
	if err := v.db.Write(ctx, v.checkKey); err != nil {
		return err
	}
	if err := v.db.Checkpoint(ctx); err != nil {
		return err
	}
	return v.db.Read(ctx, func(conn *sqlite.Conn) error {
		if err := v.loadControllers(conn); err != nil {
			return err
		}
		last, _, err := queryInt(conn, selectLastDossier)
		if err != nil {
			return err
		}
		v.lastDossier = last
		if err := v.loadHeads(conn); err != nil {
			return err
		}
		return v.loadPending(conn)
	})
}

func (v *Vault) checkKey(conn *sqlite.Conn) error {
	check, err := queryBytes(conn, selectMeta, "check")
	if err != nil {
		return err
	}
	if check == nil {
		return errors.CombineErrors(run(conn, setMeta, "check", v.kek.Check()), setIndexed(conn, 0))
	}
	return v.kek.Fits(check)
}

func (v *Vault) loadHeads(conn *sqlite.Conn) error {
	stmt, err := conn.Prepare(selectHeads)
	if err != nil {
		return err
	}
	var heads [headsPerRow * 8]byte
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		row := stmt.ColumnInt64(0)
		if row < 0 || row >= buckets/headsPerRow || stmt.ColumnBytes(1, heads[:]) != len(heads) {
			return errors.AssertionFailedf("the vault's heads are damaged at row %d", errors.Safe(row))
		}
		for n := range headsPerRow {
			v.heads[int(row)*headsPerRow+n].Store(integerAt(heads[:], n*8))
		}
	}
}

func lockDir(dir string) (io.Closer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, errors.Mark(errors.Wrap(err, "make the vault's folder"), domain.ErrUnavailable)
	}
	path := filepath.Join(dir, "lock")
	// Made here, because whoever locks it would make it readable by others.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Mark(errors.Wrap(err, "make the vault's lock"), domain.ErrUnavailable)
	}
	if err := file.Close(); err != nil {
		return nil, errors.Mark(errors.Wrap(err, "close the vault's lock"), domain.ErrUnavailable)
	}
	lock, err := vfs.Default.Lock(path)
	if err != nil {
		return nil, errors.WithHint(errors.Mark(errors.Wrap(err, "lock the vault"), domain.ErrUnavailable),
			"Another daybook uses this data directory. Stop it, or use another directory with --data.")
	}
	return lock, nil
}

// queryInt gives the first column of the first row.
func queryInt(conn *sqlite.Conn, query string, args ...int64) (n int64, found bool, err error) {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return 0, false, err
	}
	for i, arg := range args {
		stmt.BindInt64(i+1, arg)
	}
	if found, err = stmt.Step(); err != nil || !found {
		return 0, false, err
	}
	n = stmt.ColumnInt64(0)
	return n, true, stmt.Reset()
}

// queryBytes gives the first column of the row with a name, or nil.
func queryBytes(conn *sqlite.Conn, query, name string) ([]byte, error) {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	stmt.BindText(1, name)
	found, err := stmt.Step()
	if err != nil || !found {
		return nil, err
	}
	value := make([]byte, stmt.ColumnLen(0))
	stmt.ColumnBytes(0, value)
	return value, stmt.Reset()
}
