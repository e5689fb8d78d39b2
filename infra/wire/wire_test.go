package wire_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/jigowatt/daybook/infra/wire"
)

func TestSubjectsAreReadAsTheyAreWritten(t *testing.T) {
	for _, kind := range []wire.Kind{wire.Record, wire.Ask, wire.Inbox, wire.Orders, wire.Claims, wire.Beat} {
		want := wire.Subject{Kind: kind, Controller: "fenland-cycles", Service: "webshop"}
		if got, ok := wire.ParseSubject(want.String()); !ok || got != want {
			t.Errorf("%s is read as %+v, %v", want, got, ok)
		}
	}
	if got := wire.Pattern(wire.Record); got != "daybook.v1.record.*.*" {
		t.Error(got)
	}
}

func TestWhatIsNoSubjectOfTheContractIsNotRead(t *testing.T) {
	for _, s := range []string{"", "daybook.v1.record", "daybook.v1.record.a", "daybook.v1.record.a.b.c", "daybook.v2.record.a.b", "daybook.v1.drop.a.b",
		"daybook.v1.record.A.b", "daybook.v1.record..b", "daybook.v1.record.a.", "daybook.v1.record.*.b", "daybook.v1.record.a.>", "daybook.v1.record.-a.b",
		"daybook.v1.record." + strings.Repeat("a", 33) + ".b", "daybook.v1.key", "Daybook.v1.record.a.b"} {
		if got, ok := wire.ParseSubject(s); ok {
			t.Errorf("%q is read as %+v", s, got)
		}
	}
}

func TestNamesAreMadeOfSoberCharacters(t *testing.T) {
	for _, tt := range []struct {
		s                               string
		name, id, token, code, isSource bool
	}{
		{"webshop", true, true, true, true, true},
		{"7", true, true, true, true, true},
		{"-", false, true, true, true, true},
		{"pd:EmailAddress", false, true, true, true, true},
		{"/a/b", false, false, true, false, true},
		{"/~a", false, false, false, false, true},
		{"ada@example.org", false, false, false, false, false},
		{"two words", false, false, false, false, false},
		{"", false, false, false, false, false},
		{strings.Repeat("a", 33), false, true, true, false, true},
		{strings.Repeat("a", 65), false, false, false, false, true},
		{strings.Repeat("a", 257), false, false, false, false, false},
	} {
		got := []bool{wire.ValidName(tt.s), wire.ValidID(tt.s), wire.ValidToken(tt.s), wire.ValidCode(tt.s), wire.ValidSource([]byte(tt.s))}
		want := []bool{tt.name, tt.id, tt.token, tt.code, tt.isSource}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q: %v, want %v", tt.s, got, want)
				break
			}
		}
	}
}

func TestASealedBodyOpensOnlyWhereItWasSealedFor(t *testing.T) {
	private, err := wire.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if private, err = wire.ParsePrivateKey(raw); err != nil {
		t.Fatal(err)
	}
	other, err := wire.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	key, body := wire.NewKey(private.PublicKey()), []byte(`{"id":"canary-7f3@example.org"}`)
	sealed, err := wire.Seal(key, "acme", "billing", wire.ContentEvent, body)
	if err != nil || bytes.Contains(sealed, []byte("canary")) || bytes.Contains(sealed, []byte("cloudevents")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if len(sealed) > len(body)+wire.SealOverhead+len(wire.ContentEvent) {
		t.Errorf("sealing adds %d bytes", len(sealed)-len(body))
	}
	if id, ok := wire.SealedFor(sealed); !ok || id != key.ID {
		t.Errorf("sealed for %s, the key is %s", id, key.ID)
	}
	contentType, got, err := wire.Open(private, "acme", "billing", sealed)
	if err != nil || contentType != wire.ContentEvent || !bytes.Equal(got, body) {
		t.Fatalf("%q %q %v", contentType, got, err)
	}
	refused := map[string]func() error{
		"another controller": func() error { _, _, err := wire.Open(private, "acme2", "billing", sealed); return err },
		"another service":    func() error { _, _, err := wire.Open(private, "acme", "b", sealed); return err },
		"the border moved":   func() error { _, _, err := wire.Open(private, "acmeb", "illing", sealed); return err },
		"another key":        func() error { _, _, err := wire.Open(other, "acme", "billing", sealed); return err },
		"cut off":            func() error { _, _, err := wire.Open(private, "acme", "billing", sealed[:20]); return err },
		"nothing":            func() error { _, _, err := wire.Open(private, "acme", "billing", nil); return err },
	}
	for name, open := range refused {
		if err := open(); !errors.Is(err, wire.ErrUnopened) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, _, err := wire.Open(private, "acme", "billing", changed); !errors.Is(err, wire.ErrUnopened) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
}

func TestAKeyThatIsNotWhatItSaysCannotSeal(t *testing.T) {
	private, err := wire.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*wire.Key){
		"another KEM":  func(k *wire.Key) { k.KEM = 16 },
		"another KDF":  func(k *wire.Key) { k.KDF = 2 },
		"another AEAD": func(k *wire.Key) { k.AEAD = 1 },
		"another id":   func(k *wire.Key) { k.ID = strings.Repeat("0", 16) },
		"a short key":  func(k *wire.Key) { k.Key = k.Key[:31] },
		"a zero key":   func(k *wire.Key) { *k = wire.Key{} },
	} {
		key := wire.NewKey(private.PublicKey())
		if key.Check() != nil {
			t.Fatal("the key itself cannot seal")
		}
		change(&key)
		if _, err := wire.Seal(key, "a", "b", wire.ContentEvent, nil); !errors.Is(err, wire.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := wire.Seal(wire.NewKey(private.PublicKey()), "a", "b", strings.Repeat("x", 256), nil); !errors.Is(err, wire.ErrContentType) {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	private, err := wire.ParsePrivateKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := wire.Seal(wire.NewKey(private.PublicKey()), "a", "b", wire.ContentEvent, []byte("{}"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if contentType, _, err := wire.Open(private, "a", "b", b); err == nil && contentType != wire.ContentEvent {
			t.Fatal("opened something that was never sealed")
		}
	})
}

func FuzzParseSubject(f *testing.F) {
	f.Add("daybook.v1.record.a.b")
	f.Add("daybook.v1.heartbeat.a-1.b.c")
	f.Fuzz(func(t *testing.T, s string) {
		if subject, ok := wire.ParseSubject(s); ok && subject.String() != s {
			t.Fatalf("%q is read as %q", s, subject)
		}
	})
}
