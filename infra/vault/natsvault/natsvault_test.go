package natsvault_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/vault/natsvault"
	"github.com/jigowatt/daybook/infra/vault/vaulttest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
}

func kek(t testing.TB, b byte) keys.KEK {
	t.Helper()
	key, err := keys.New(bytes.Repeat([]byte{b}, keys.Size))
	must(t, err)
	return key
}

// placed is a vault and the server that it is kept on.
type placed struct {
	*natsvault.Vault
	server *bus.Server
	dir    string
}

func serve(t testing.TB, dir string) *bus.Server {
	t.Helper()
	s, err := bus.Embedded(t.Context(), bus.Config{StoreDir: dir, DontListen: true})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func on(t testing.TB, dir string) placed {
	t.Helper()
	s := serve(t, dir)
	return placed{open(t, s.Conn(), natsvault.Config{}), s, dir}
}

func open(t testing.TB, nc *nats.Conn, config natsvault.Config) *natsvault.Vault {
	t.Helper()
	v, err := natsvault.Open(t.Context(), nc, kek(t, 1), config)
	must(t, err)
	t.Cleanup(func() { _ = v.Close() })
	return v
}

// files gives the content of all files below a directory.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	content := map[string][]byte{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			content[path], err = os.ReadFile(path)
		}
		if errors.Is(err, fs.ErrNotExist) { // the server replaces some
			err = nil
		}
		return err
	}))
	return content
}

func TestContract(t *testing.T) {
	vaulttest.Run(t, vaulttest.Harness{
		New: func(t *testing.T) vaulttest.Vault { return on(t, t.TempDir()) },
		Reopen: func(t *testing.T, v vaulttest.Vault) vaulttest.Vault {
			p := v.(placed)
			must(t, p.Close())
			must(t, p.server.Close())
			return on(t, p.dir)
		},
		Copy: func(t *testing.T, v vaulttest.Vault) vaulttest.Vault {
			from, to := v.(placed).dir, t.TempDir()
			must(t, os.CopyFS(to, os.DirFS(from)))
			return on(t, to)
		},
		Files: func(t *testing.T, v vaulttest.Vault) map[string][]byte { return files(t, v.(placed).dir) },
	})
}

func TestAVaultBelongsToItsKey(t *testing.T) {
	s := serve(t, t.TempDir())
	if is, err := natsvault.Exists(t.Context(), s.Conn(), ""); is || err != nil {
		t.Errorf("before: %t, %v", is, err)
	}
	open(t, s.Conn(), natsvault.Config{})
	if is, err := natsvault.Exists(t.Context(), s.Conn(), ""); !is || err != nil {
		t.Errorf("after: %t, %v", is, err)
	}
	if _, err := natsvault.Open(t.Context(), s.Conn(), kek(t, 2), natsvault.Config{}); !errors.Is(err, keys.ErrWrongKey) {
		t.Errorf("another key opened the vault with %v", err)
	}
	if _, err := natsvault.Open(t.Context(), s.Conn(), kek(t, 1), natsvault.Config{Replicas: 3}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("one copy where three are asked for: %v", err)
	}
}
