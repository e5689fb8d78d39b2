package vault_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/vault"
	"github.com/jigowatt/daybook/infra/vault/vaulttest"
)

// placed remembers where a vault's files are.
type placed struct {
	*vault.Vault
	dir string
}

func kek(t testing.TB, b byte) keys.KEK {
	t.Helper()
	key, err := keys.New(bytes.Repeat([]byte{b}, keys.Size))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func open(t testing.TB, dir string, config vault.Config) placed {
	t.Helper()
	v, err := vault.Open(dir, kek(t, 1), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return placed{v, dir}
}

func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	content := make(map[string][]byte)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if content[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return content
}

func copyOf(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	for name, content := range files(t, dir) {
		if err := os.WriteFile(filepath.Join(to, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func lookups(t testing.TB, from, to int) []commands.Lookup {
	t.Helper()
	var asked []commands.Lookup
	for n := from; n < to; n++ {
		id, err := domain.ParseIdentifier(fmt.Sprintf("email:person-%d@example.org", n))
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, commands.Lookup{Controller: "acme", Identifier: id, Open: true})
	}
	return asked
}

func resolve(t testing.TB, v placed, asked []commands.Lookup) []domain.SubjectKey {
	t.Helper()
	found, err := v.Resolve(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestContract(t *testing.T) {
	for name, config := range map[string]vault.Config{
		"as it is configured by default":        {},
		"with caches that hold next to nothing": {IndexCache: 1, KeyCache: 1, ReadyCache: 1, PageCache: 64},
		"with an index that hardly waits":       {IndexCache: 1, KeyCache: 1, ReadyCache: 1, Pending: 1},
		"with an index that waits a little":     {IndexCache: 1, KeyCache: 1, ReadyCache: 1, Pending: 100},
	} {
		t.Run(name, func(t *testing.T) {
			vaulttest.Run(t, vaulttest.Harness{
				New: func(t *testing.T) vaulttest.Vault { return open(t, filepath.Join(t.TempDir(), "vault"), config) },
				Reopen: func(t *testing.T, v vaulttest.Vault) vaulttest.Vault {
					if err := v.(placed).Close(); err != nil {
						t.Fatal(err)
					}
					return open(t, v.(placed).dir, config)
				},
				Copy: func(t *testing.T, v vaulttest.Vault) vaulttest.Vault {
					return open(t, copyOf(t, v.(placed).dir), config)
				},
				Backup: func(t *testing.T, v vaulttest.Vault) vaulttest.Vault {
					return open(t, restored(t, backedUp(t, v.(placed))), config)
				},
				Files: func(t *testing.T, v vaulttest.Vault) map[string][]byte { return files(t, v.(placed).dir) },
			})
		})
	}
}

func TestWhatOpenRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vault")
	if vault.Exists(dir) {
		t.Error("a vault exists before it was made")
	}
	v := open(t, dir, vault.Config{})
	want := resolve(t, v, lookups(t, 0, 3))
	if !vault.Exists(dir) {
		t.Error("the vault does not exist")
	}
	if _, err := vault.Open(dir, kek(t, 1), vault.Config{}); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("a second process: got %v", err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Resolve(t.Context(), lookups(t, 7, 8)); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("after closing: got %v", err)
	}
	if _, err := vault.Open(dir, kek(t, 2), vault.Config{}); !errors.Is(err, keys.ErrWrongKey) {
		t.Errorf("another key-encryption key: got %v", err)
	}
	if _, err := vault.Open(dir, keys.KEK{}, vault.Config{}); !errors.HasAssertionFailure(err) {
		t.Errorf("no key-encryption key: got %v", err)
	}
	if got := resolve(t, open(t, dir, vault.Config{}), lookups(t, 0, 3)); got[0] != want[0] || got[2] != want[2] {
		t.Error("what was refused did harm")
	}
}

func TestFilesAreReadableByTheirOwnerOnly(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), vault.Config{})
	resolve(t, v, lookups(t, 0, 3))
	for name := range files(t, v.dir) {
		if info, err := os.Stat(filepath.Join(v.dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v: %v", name, info.Mode(), err)
		}
	}
}

// TestForgettingLeavesNoByte fills the index until its blocks are full, chained and written many times over, because it is
// there that copies would stay behind.
func TestForgettingLeavesNoByte(t *testing.T) {
	const people, batch, every = 8_000, 400, 80
	v := open(t, filepath.Join(t.TempDir(), "vault"), vault.Config{PageCache: 256, IndexCache: 1 << 20, KeyCache: 1 << 20})
	all := lookups(t, 0, people)
	var found []domain.SubjectKey
	for from := 0; from < people; from += batch {
		found = append(found, resolve(t, v, all[from:from+batch])...)
		// Links and people forgotten early, so that slots are used again.
		if _, err := v.Link(t.Context(), "acme", all[from].Identifier, all[from/2+1].Identifier); err != nil {
			t.Fatal(err)
		}
		alias := lookups(t, people+from, people+from+1)[0].Identifier
		if _, err := v.Link(t.Context(), "acme", all[from].Identifier, alias); err != nil {
			t.Fatal(err)
		}
	}
	traces := make(map[string]domain.SubjectKey)
	var gone []domain.SubjectKey
	for n := 0; n < people; n += every {
		of, err := v.Traces(t.Context(), found[n])
		if errors.Is(err, domain.ErrForgotten) {
			continue // with somebody they were linked to
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, trace := range of {
			traces[string(trace)] = found[n]
		}
		gone = append(gone, found[n])
		if n%(2*every) == 0 {
			if err := v.Forget(t.Context(), found[n]); err != nil {
				t.Fatal(err)
			}
			if v.Cached(found[n]) {
				t.Error("a cache still knows the forgotten")
			}
		}
	}
	if held := sweep(files(t, v.dir), traces); len(held) == 0 {
		t.Fatal("the sweep finds nothing before everybody is forgotten: it proves nothing")
	}
	for _, key := range gone {
		if err := v.Forget(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if held := sweep(files(t, v.dir), traces); len(held) != 0 {
		t.Errorf("%d of %d traces are still there: %v", len(held), len(traces), held)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if held := sweep(files(t, v.dir), traces); len(held) != 0 {
		t.Errorf("%d traces are there after closing", len(held))
	}
}

// sweep looks for traces anywhere in files, and says in which it found how many. It goes through each file once: a trace is
// known by its first 16 bytes, and of longer ones any 16 bytes count.
func sweep(content map[string][]byte, traces map[string]domain.SubjectKey) map[string]int {
	pieces := make(map[[16]byte]bool)
	for trace := range traces {
		for at := 0; at+16 <= len(trace); at += 16 {
			pieces[[16]byte([]byte(trace)[at:])] = true
		}
	}
	held := make(map[string]int)
	for name, bytes := range content {
		for at := 0; at+16 <= len(bytes); at++ {
			if pieces[[16]byte(bytes[at:])] {
				held[name]++
			}
		}
	}
	return held
}
