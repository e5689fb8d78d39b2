package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The bundle that the ledger's own tests hold every version to, and the key that signed it.
const (
	oldBundle = "../../infra/bundle/testdata/1.zip"
	oldKey    = "daybook/ledger+dec1f298+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
)

func TestABundleIsTakenAndAChangedOneIsNot(t *testing.T) {
	sound, err := os.ReadFile(oldBundle)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "bundle.zip")
	other, witness := newSigner("daybook/other", logKey), newSigner("w.example/1", witnessKey)
	for rule, row := range map[string]struct {
		key    string
		more   []string
		change func([]byte) []byte
		code   int
		says   string
	}{
		"as it was made":       {oldKey, nil, func(b []byte) []byte { return b }, 0, "byte for byte"},
		"with another key":     {other.key(), nil, func(b []byte) []byte { return b }, 3, "key"},
		"without its witness":  {oldKey, []string{"-witness", witness.key()}, func(b []byte) []byte { return b }, 3, "0 of the witnesses"},
		"cut off":              {oldKey, nil, func(b []byte) []byte { return b[:len(b)-40] }, 3, "no zip"},
		"a bit of the entries": {oldKey, nil, func(b []byte) []byte { b[400] ^= 1; return b }, 3, "events.jsonl"},
		"no bundle":            {oldKey, nil, func([]byte) []byte { return []byte("hello") }, 3, "no zip"},
		"without a key":        {"", nil, func(b []byte) []byte { return b }, 2, "-bundle"},
	} {
		write(t, file, row.change(append([]byte(nil), sound...)))
		code, out := run(t, append(append([]string{"-key", row.key, "-bundle"}, row.more...), file)...)
		if code != row.code || !strings.Contains(out, row.says) {
			t.Errorf("%s: exit code %d, want %d: %s", rule, code, row.code, out)
		}
	}
}
