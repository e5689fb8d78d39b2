package keys_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/keys"
)

func raw(b byte) []byte       { return bytes.Repeat([]byte{b}, keys.Size) }
func text(b byte) string      { return base64.StdEncoding.EncodeToString(raw(b)) }
func none(string) string      { return "" }
func key(b byte) keys.KEK     { k, _ := keys.New(raw(b)); return k }
func same(a, b keys.KEK) bool { return !a.IsZero() && !b.IsZero() && a.Fits(b.Check()) == nil }

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := errors.CombineErrors(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), mode)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestWhereTheKeyComesFrom(t *testing.T) {
	for name, rule := range map[string]struct {
		variable, credential, file string
		mode                       os.FileMode
		noCreate                   bool
		want                       keys.KEK
		source                     string
		fails                      error
	}{
		"the environment comes first":       {text(1), text(2), text(3), 0o600, false, key(1), "environment", nil},
		"then the credential":               {"", text(2), text(3), 0o600, false, key(2), "credential", nil},
		"a credential may be raw":           {"", string(raw(2)), "", 0, false, key(2), "credential", nil},
		"then the file":                     {"", "", text(3) + "\n", 0o600, false, key(3), "file", nil},
		"a stricter file is fine":           {"", "", text(3), 0o400, true, key(3), "file", nil},
		"base64url without padding is fine": {base64.RawURLEncoding.EncodeToString(raw(0xff)), "", "", 0, false, key(0xff), "environment", nil},
		"a bad variable is not passed over": {"short", "", text(3), 0o600, false, keys.KEK{}, "environment", domain.ErrInvalid},
		"a short key is refused":            {"", "", text(3)[:20], 0o600, false, keys.KEK{}, "file", domain.ErrInvalid},
		"an empty file is refused":          {"", "", " ", 0o600, false, keys.KEK{}, "file", domain.ErrInvalid},
		"a file for the group is refused":   {"", "", text(3), 0o640, false, keys.KEK{}, "file", keys.ErrExposed},
		"a file for everybody is refused":   {"", "", text(3), 0o604, false, keys.KEK{}, "file", keys.ErrExposed},
		"a lost key is not replaced":        {"", "", "", 0, true, keys.KEK{}, "", keys.ErrMissing},
	} {
		t.Run(name, func(t *testing.T) {
			dir, credentials := filepath.Join(t.TempDir(), "keys"), t.TempDir()
			if rule.credential != "" {
				write(t, filepath.Join(credentials, keys.Credential), rule.credential, 0o440)
			}
			if rule.file != "" {
				write(t, filepath.Join(dir, "kek"), rule.file, rule.mode)
			}
			env := map[string]string{keys.Variable: rule.variable, "CREDENTIALS_DIRECTORY": credentials}
			loaded, err := keys.Load(keys.Config{Dir: dir, NoCreate: rule.noCreate, Getenv: func(n string) string { return env[n] }})
			if !errors.Is(err, rule.fails) {
				t.Fatalf("got %v, want %v", err, rule.fails)
			}
			if rule.fails != nil {
				if errors.FlattenHints(err) == "" {
					t.Error("no hint what to do")
				}
				return
			}
			if !same(loaded.Key, rule.want) || loaded.Source != rule.source || loaded.Created || loaded.Note != "" {
				t.Errorf("got source %q, created %v, note %q, or another key", loaded.Source, loaded.Created, loaded.Note)
			}
		})
	}
}

func TestTheFirstStartMakesAKeyThatStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "keys")
	first, err := keys.Load(keys.Config{Dir: dir, Getenv: none})
	if err != nil {
		t.Fatal(err)
	}
	if !first.Created || !strings.Contains(first.Note, "Back it up") {
		t.Errorf("created %v, note %q", first.Created, first.Note)
	}
	second, err := keys.Load(keys.Config{Dir: dir, Getenv: none, NoCreate: true})
	if err != nil || second.Created || second.Note != "" || !same(first.Key, second.Key) {
		t.Errorf("the key did not stay: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files, want the key alone: %v", len(entries), err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "kek"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("mode %v, want %v: %v", info.Mode(), mode, err)
		}
	}
}

func TestWrappedKeysAreBoundToTheirOwner(t *testing.T) {
	wrapped := key(1).Wrap([]byte("a person's key"), []byte("owner"))
	if got, err := key(1).Unwrap(wrapped, []byte("owner")); err != nil || string(got) != "a person's key" {
		t.Fatalf("got %q, %v", got, err)
	}
	changed := append([]byte(nil), wrapped...)
	changed[len(changed)-1] ^= 1
	for name, unwrap := range map[string]func() ([]byte, error){
		"another owner":   func() ([]byte, error) { return key(1).Unwrap(wrapped, []byte("other")) },
		"another key":     func() ([]byte, error) { return key(2).Unwrap(wrapped, []byte("owner")) },
		"changed bytes":   func() ([]byte, error) { return key(1).Unwrap(changed, []byte("owner")) },
		"too few bytes":   func() ([]byte, error) { return key(1).Unwrap(wrapped[:10], []byte("owner")) },
		"no bytes at all": func() ([]byte, error) { return key(1).Unwrap(nil, []byte("owner")) },
	} {
		if got, err := unwrap(); !errors.HasAssertionFailure(err) || got != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := key(1).Fits(key(2).Check()); !errors.Is(err, keys.ErrWrongKey) {
		t.Errorf("got %v, want the wrong key", err)
	}
}

func TestAKeyIsNeverShown(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	k, err := keys.New(secret)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).InfoContext(t.Context(), "test", slog.Any("key", k), slog.Any("loaded", keys.Loaded{Key: k}))
	shown := []string{logged.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, k), fmt.Sprintf(verb, struct{ k keys.KEK }{k}), fmt.Sprintf(verb, &k))
	}
	if b, err := json.Marshal(k); err == nil {
		t.Errorf("marshalled as %q", b)
	}
	for _, s := range shown {
		for _, form := range []string{string(secret), fmt.Sprintf("%x", secret)[:16], "48 49 50", "0x30, 0x31"} {
			if strings.Contains(s, form) {
				t.Errorf("shown: %s", s)
			}
		}
	}
}
