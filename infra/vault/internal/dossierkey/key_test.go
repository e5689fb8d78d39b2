package dossierkey_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// Digests are remembered for ever: they must come out as the standard library's would.
func TestADigestIsAnHMACUnderAKeyExpandedFromTheDataKey(t *testing.T) {
	raw := dossierkey.Raw(bytes.Repeat([]byte{1, 2, 3, 250}, dossierkey.Size/4))
	key, err := dossierkey.New(&raw)
	if err != nil {
		t.Fatal(err)
	}
	derived, err := hkdf.Expand(sha256.New, raw[:], "daybook digest v1", sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{0, 1, 31, 32, 55, 56, 63, 64, 65, 1000, 65_535} {
		content := bytes.Repeat([]byte{7}, length)
		want := hmac.New(sha256.New, derived)
		want.Write(content)
		if got := key.Digest(content); !bytes.Equal(got[:], want.Sum(nil)[:8]) {
			t.Errorf("a digest of %d bytes is %x", length, got)
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	raw, content := dossierkey.Raw{1}, make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		key, err := dossierkey.New(&raw)
		if err != nil {
			b.Fatal(err)
		}
		key.Digest(content)
	}
}
