package vault_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cockroachdb/errors"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
	"github.com/jigowatt/daybook/infra/vault"
)

// sameBucket gives index entries that all meet in one chain of blocks.
func sameBucket(from, to int) (macs []vault.MAC, keys []domain.SubjectKey) {
	for n := from; n < to; n++ {
		var mac vault.MAC
		binary.BigEndian.PutUint64(mac[8:], uint64(n))
		macs, keys = append(macs, mac), append(keys, domain.SubjectKey(n+1))
	}
	return macs, keys
}

func TestChainsOfBlocks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vault")
	v := open(t, dir, vault.Config{})
	// 16, 32, 80, 160, 160 … slots: the first number that does not fit any more is tried each time.
	for _, step := range []struct{ entries, chain int }{{1, 1}, {16, 1}, {17, 2}, {48, 2}, {49, 3}, {128, 3}, {129, 4}, {288, 4}, {1000, 9}} {
		macs, keys := sameBucket(0, step.entries)
		known, err := v.Find(t.Context(), macs)
		if err != nil {
			t.Fatal(err)
		}
		from := slices.Index(known, 0)
		if err := v.Enter(t.Context(), macs[from:], keys[from:]); err != nil {
			t.Fatal(err)
		}
		if got, err := v.Find(t.Context(), macs); err != nil || !slices.Equal(got, keys) {
			t.Fatalf("%d entries: some are lost: %v", step.entries, err)
		}
		if got, err := v.ChainLength(t.Context()); err != nil || got != step.chain {
			t.Errorf("%d entries: a chain of %d blocks, want %d: %v", step.entries, got, step.chain, err)
		}
	}
	// Free slots, wherever they are, are used again before the chain grows.
	macs, keys := sameBucket(0, 1000)
	if err := v.Enter(t.Context(), macs[100:200], make([]domain.SubjectKey, 100)); err != nil {
		t.Fatal(err)
	}
	others, theirs := sameBucket(2000, 2100)
	if err := v.Enter(t.Context(), others, theirs); err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = open(t, dir, vault.Config{})
	want := slices.Concat(keys[:100], make([]domain.SubjectKey, 100), keys[200:], theirs)
	if got, err := v.Find(t.Context(), slices.Concat(macs, others)); err != nil || !slices.Equal(got, want) {
		t.Errorf("entries are lost or came back: %v", err)
	}
	if got, err := v.ChainLength(t.Context()); err != nil || got != 9 {
		t.Errorf("a chain of %d blocks, want 9: %v", got, err)
	}
}

// TestASubjectKeyIsNeverGivenTwice draws the same number as subject key again and again before it draws others.
func TestASubjectKeyIsNeverGivenTwice(t *testing.T) {
	zero, one := make([]byte, 8), binary.LittleEndian.AppendUint64(nil, 1<<1)
	key := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	draws := io.MultiReader(bytes.NewReader(slices.Concat(
		key(9),      // the controller's index key
		one, key(1), // the first person
		one, zero, one, // 1 is taken and 0 is nobody's
		one[:7], []byte{7}, key(2), // the second person
	)), constant{})
	v := open(t, filepath.Join(t.TempDir(), "vault"), vault.Config{Random: draws})
	found := resolve(t, v, lookups(t, 0, 2))
	if found[0] != 1 || found[1] <= 1 {
		t.Error("another key than the one drawn, or one key twice")
	}
	if _, err := v.Resolve(t.Context(), lookups(t, 2, 4)); !errors.HasAssertionFailure(err) {
		t.Errorf("got %v from a broken source of randomness", err)
	}
	// Nothing of the call that failed may stay.
	asked := lookups(t, 0, 4)
	for i := range asked {
		asked[i].Open = false
	}
	if got := resolve(t, v, asked); !slices.Equal(got, []domain.SubjectKey{found[0], found[1], 0, 0}) {
		t.Error("a transaction was not rolled back")
	}
}

// constant is a source of randomness that is none.
type constant struct{}

func (constant) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 0x55
	}
	return len(b), nil
}

func edit(t *testing.T, dir, query string, args ...any) {
	t.Helper()
	conn, err := zombiezen.OpenConn("file:"+filepath.Join(dir, "vault.db")+"?vfs=pagesum", zombiezen.OpenReadWrite|zombiezen.OpenURI)
	if err != nil {
		t.Fatal(err)
	}
	err = sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
	if err = errors.CombineErrors(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestDamage(t *testing.T) {
	for name, rule := range map[string]struct {
		query string
		do    func(v placed, key domain.SubjectKey) error
	}{
		"a wrapped key of another dossier": {
			"UPDATE dossier SET body = (SELECT body FROM dossier WHERE id = 2) WHERE id = 1", seal},
		"a dossier cut short":          {"UPDATE dossier SET body = x'01' WHERE id = 1", seal},
		"a dossier that is missing":    {"DELETE FROM dossier WHERE id = 1", seal},
		"a dossier of another version": {"UPDATE dossier SET body = zeroblob(200)", seal},
		"a block cut short":            {"UPDATE block SET body = x'0102'", find},
		"a block that is missing":      {"DELETE FROM block", find},
		"a ring that does not close": {
			"UPDATE dossier SET body = (SELECT body FROM dossier WHERE id = 2)", identifiers},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "vault")
			v := open(t, dir, vault.Config{Pending: 1})
			found := resolve(t, v, lookups(t, 0, 2))
			resolve(t, v, lookups(t, 2, 3)) // puts the index entries of the first two in their places
			resolve(t, v, lookups(t, 3, 4)) // and says so
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			edit(t, dir, "DELETE FROM dossier WHERE id > 2")
			edit(t, dir, rule.query)
			if err := rule.do(open(t, dir, vault.Config{}), found[0]); !errors.HasAssertionFailure(err) {
				t.Errorf("got %v, want an assertion failure", err)
			}
		})
	}
}

func TestADamagedDossierThatWaitsForItsIndexEntryIsFoundAtTheStart(t *testing.T) {
	for name, query := range map[string]string{
		"cut short":          "UPDATE dossier SET body = x'01' WHERE id = 2",
		"missing":            "DELETE FROM dossier WHERE id = 2",
		"of another version": "UPDATE dossier SET body = x'02' || zeroblob(200) WHERE id = 2",
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "vault")
			v := open(t, dir, vault.Config{})
			resolve(t, v, lookups(t, 0, 3))
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			edit(t, dir, query)
			if _, err := vault.Open(dir, kek(t, 1), vault.Config{}); !errors.HasAssertionFailure(err) {
				t.Errorf("got %v, want an assertion failure", err)
			}
		})
	}
}

// TestWhoWaitsForAnIndexEntryIsKnownAfterACrash copies the files at every step of several rounds, as a crash would leave them.
func TestWhoWaitsForAnIndexEntryIsKnownAfterACrash(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), vault.Config{Pending: 200})
	var all []commands.Lookup
	var known []domain.SubjectKey
	for n := range 12 {
		asked := lookups(t, 70*n, 70*(n+1))
		known = append(known, resolve(t, v, asked)...)
		all = append(all, asked...)
		if err := v.Forget(t.Context(), known[70*n+3]); err != nil {
			t.Fatal(err)
		}
		known[70*n+3] = 0
		crashed := open(t, copyOf(t, v.dir), vault.Config{Pending: 200})
		asked = slices.Clone(all)
		for i := range asked {
			asked[i].Open = false
		}
		if got := resolve(t, crashed, asked); !slices.Equal(got, known) {
			t.Fatalf("step %d: somebody is lost, doubled or came back", n)
		}
		for i, key := range known {
			if key != 0 && i%50 == 0 {
				if err := seal(crashed, key); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func seal(v placed, key domain.SubjectKey) error {
	_, err := v.Seal(context.Background(), key, "event", domain.NewPersonal("x"))
	return err
}

func find(v placed, _ domain.SubjectKey) error {
	id, err := domain.ParseIdentifier("email:person-0@example.org")
	if err == nil {
		_, err = v.Keys(context.Background(), "acme", id)
	}
	return err
}

func identifiers(v placed, key domain.SubjectKey) error {
	_, err := v.Identifiers(context.Background(), key)
	return err
}

// TestEveryFlippedBitOfAWrappedKeyIsFound changes the wrapped key and the sealed identifier in the file, byte by byte.
func TestEveryFlippedBitOfAWrappedKeyIsFound(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vault")
	v := open(t, dir, vault.Config{})
	key := resolve(t, v, lookups(t, 0, 1))[0]
	traces, err := v.Traces(t.Context(), key)
	if err := errors.CombineErrors(err, v.Close()); err != nil {
		t.Fatal(err)
	}
	var body []byte
	for name, content := range files(t, dir) {
		if at := bytes.Index(content, traces[0]); name == "vault.db" && at > 0 {
			body = content[at-49 : at+len(traces[0])+len(traces[2])]
		}
	}
	if body == nil || body[0] != 1 {
		t.Fatal("the dossier is not where it was expected")
	}
	for at := 49; at < len(body); at += 7 {
		changed := slices.Clone(body)
		changed[at] ^= 0x10
		edit(t, dir, "UPDATE dossier SET body = ?", changed)
		v := open(t, dir, vault.Config{})
		if err := identifiers(v, key); !errors.HasAssertionFailure(err) {
			t.Errorf("byte %d: got %v, want an assertion failure", at, err)
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAVaultOfALaterVersionIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vault")
	if err := open(t, dir, vault.Config{}).Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, "PRAGMA user_version=99")
	if _, err := vault.Open(dir, kek(t, 1), vault.Config{}); !errors.Is(err, sqlite.ErrNewer) {
		t.Errorf("got %v", err)
	}
}

// TestAnInterruptedForgettingIsFinished copies the files between the commit and the checkpoint of a destruction, where a
// crash would leave them.
func TestAnInterruptedForgettingIsFinished(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), vault.Config{Random: rand.Reader})
	key := resolve(t, v, lookups(t, 0, 50))[7]
	of, err := v.Traces(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	traces := make(map[string]domain.SubjectKey)
	for _, trace := range of {
		traces[string(trace)] = key
	}
	if err := v.Destroy(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	crashed := copyOf(t, v.dir)
	if len(sweep(files(t, crashed), traces)) == 0 {
		t.Fatal("the log holds nothing from before: the test proves nothing")
	}
	again := open(t, crashed, vault.Config{})
	if held := sweep(files(t, crashed), traces); len(held) != 0 {
		t.Errorf("after opening again: %v", held)
	}
	if err := again.Forget(t.Context(), key); err != nil {
		t.Error(err)
	}
	if err := seal(again, key); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("got %v", err)
	}
}
