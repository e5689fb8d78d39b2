package vault_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/keys"
	"github.com/jigowatt/daybook/infra/vault"
)

func backedUp(t testing.TB, v placed) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := v.Copy(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func restored(t testing.TB, backup []byte) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "vault")
	if err := vault.Restore(t.Context(), dir, bytes.NewReader(backup)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestACopySaysOfWhomItHasKeys(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), vault.Config{Pending: 50})
	keys := resolve(t, v, lookups(t, 0, 200))
	for _, key := range keys[:3] {
		if err := v.Forget(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	content, err := vault.Inspect(bytes.NewReader(backedUp(t, v)), kek(t, 1))
	if err != nil || len(content.Live) != 197 || len(content.Forgotten) != 3 {
		t.Fatalf("%d live and %d forgotten: %v", len(content.Live), len(content.Forgotten), err)
	}
	for n, key := range keys {
		if _, live := slices.BinarySearch(content.Live, key); live == (n < 3) || !content.Knows(key) {
			t.Errorf("key %d: live %v", n, live)
		}
	}
}

// Whoever puts an older copy back and forgets again has destroyed as much as the first time.
func TestForgettingInARestoredCopyLeavesNoByte(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), vault.Config{Pending: 50})
	keys := resolve(t, v, lookups(t, 0, 300))
	backup := backedUp(t, v)
	secret := wrappedKey(t, backup, keys[7])
	if err := v.Forget(t.Context(), keys[7]); err != nil {
		t.Fatal(err)
	}
	again := open(t, restored(t, backup), vault.Config{})
	if err := again.Forget(t.Context(), keys[7]); err != nil {
		t.Fatal(err)
	}
	for name, content := range files(t, again.dir) {
		if bytes.Contains(content, secret) {
			t.Errorf("%s still has the wrapped key", name)
		}
	}
	if got := resolve(t, again, lookups(t, 8, 9)); got[0] != keys[8] {
		t.Error("somebody else was forgotten, too")
	}
}

// wrappedKey finds the wrapped data key of a person in a copy: it stands 49 bytes behind the subject key in its row.
func wrappedKey(t testing.TB, backup []byte, key domain.SubjectKey) []byte {
	t.Helper()
	row := []byte{1, byte(key), byte(key >> 8), byte(key >> 16), byte(key >> 24), byte(key >> 32), byte(key >> 40), byte(key >> 48), byte(key >> 56)}
	at := bytes.Index(backup, row)
	if at < 0 {
		t.Fatal("the copy does not have the dossier")
	}
	return backup[at+64 : at+96]
}

func TestWhatIsNoWholeCopyIsRefused(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), vault.Config{})
	resolve(t, v, lookups(t, 0, 20))
	whole := backedUp(t, v)
	for name, content := range map[string][]byte{
		"nothing": nil, "something else": []byte("daybook-vault-copy-1\n"), "a torn one": whole[:len(whole)/2],
		"one without its end": whole[:len(whole)-9], "one with an end that lies": append(slices.Clone(whole[:len(whole)-1]), 1),
	} {
		dir := filepath.Join(t.TempDir(), "vault")
		if err := vault.Restore(t.Context(), dir, bytes.NewReader(content)); !errors.Is(err, vault.ErrCopy) || vault.Exists(dir) {
			t.Errorf("%s is restored: %v", name, err)
		}
		if _, err := vault.Inspect(bytes.NewReader(content), kek(t, 1)); !errors.Is(err, vault.ErrCopy) {
			t.Errorf("%s is inspected: %v", name, err)
		}
	}
	if _, err := vault.Inspect(bytes.NewReader(whole), kek(t, 2)); !errors.Is(err, keys.ErrWrongKey) {
		t.Errorf("another key-encryption key: %v", err)
	}
	if err := vault.Restore(t.Context(), v.dir, bytes.NewReader(whole)); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("over a vault: %v", err)
	}
}

// forgetful forgets somebody when the first bytes of a copy are written.
type forgetful struct {
	t    *testing.T
	v    placed
	key  domain.SubjectKey
	done chan error // nil until it began
}

func (f *forgetful) Write(p []byte) (int, error) {
	if f.done == nil {
		f.done = make(chan error, 1)
		go func() { f.done <- f.v.Forget(f.t.Context(), f.key) }()
		for { // until the copy is told to end
			if err := f.v.Copy(f.t.Context(), &bytes.Buffer{}); err != nil {
				break
			}
		}
	}
	return len(p), nil
}

// A copy under way would know whoever is forgotten meanwhile, and would keep the file from being overwritten.
func TestForgettingEndsACopy(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), vault.Config{})
	keys := resolve(t, v, lookups(t, 0, 4000)) // more than one write of a copy
	out := &forgetful{t: t, v: v, key: keys[5]}
	if err := v.Copy(t.Context(), out); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("the copy went on: %v", err)
	}
	if err := <-out.done; err != nil {
		t.Errorf("forgetting did not: %v", err)
	}
}

func TestLostKeysAreNobodysAnyMore(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), vault.Config{})
	known := resolve(t, v, lookups(t, 0, 2))
	lost, err := v.Lost(t.Context(), []domain.SubjectKey{known[0], 4711, 4711})
	if err != nil || lost != 1 {
		t.Errorf("%d lost: %v", lost, err)
	}
	if _, err := v.Identifiers(t.Context(), 4711); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("a lost key: %v", err)
	}
	if ids, err := v.Identifiers(t.Context(), known[0]); err != nil || len(ids) != 1 {
		t.Errorf("a known key: %v", err)
	}
}
