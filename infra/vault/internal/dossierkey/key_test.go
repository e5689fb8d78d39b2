package dossierkey_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/vault/internal/dossierkey"
)

// What tells repetitions from conflicts rests in the memory of ledgers: it must stay what the standards say it is.
func TestADigestIsHMACUnderAKeyExpandedFromTheDataKey(t *testing.T) {
	raw := dossierkey.Raw(bytes.Repeat([]byte{7, 200}, dossierkey.Size/2))
	key, err := dossierkey.New(&raw)
	if err != nil {
		t.Fatal(err)
	}
	under, err := hkdf.Expand(sha256.New, raw[:], "daybook digest v1", sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 55, 56, 64, 447, 448, 449, 16 << 10} {
		content := bytes.Repeat([]byte("detail "), size/7+1)[:size]
		mac := hmac.New(sha256.New, under)
		mac.Write(content)
		if got, want := key.Digest(content), [8]byte(mac.Sum(nil)); got != want {
			t.Errorf("%d bytes gave %x, want %x", size, got, want)
		}
	}
}

func TestADigestTakesNoMemory(t *testing.T) {
	key, err := dossierkey.New(&dossierkey.Raw{1})
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 200)
	if n := testing.AllocsPerRun(100, func() { key.Digest(content) }); n > 0 {
		t.Errorf("a digest took %v pieces of memory", n)
	}
}

func TestWhatIsSealedIsBoundToItsPlace(t *testing.T) {
	key, err := dossierkey.New(&dossierkey.Raw{1})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "short", string(bytes.Repeat([]byte("long "), 4000))} {
		sealed := key.Seal("here", domain.NewPersonal(text))
		if len(sealed) != len(text)+dossierkey.Overhead {
			t.Errorf("%d bytes were sealed in %d", len(text), len(sealed))
		}
		if plain, err := key.Open("here", sealed); err != nil || plain.Reveal() != text {
			t.Errorf("what was sealed opened as %d bytes of %d, %v", len(plain.Reveal()), len(text), err)
		}
		if _, err := key.Open("elsewhere", sealed); err == nil {
			t.Error("what was sealed here opened elsewhere")
		}
	}
}
