package domain_test

import (
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

func TestEqualIdentifiersHaveOneNormalForm(t *testing.T) {
	for _, row := range []struct{ rule, in, kind, value string }{
		{"an e-mail address is trimmed and in lower case", "email:  Ada@Example.ORG ", "email", "ada@example.org"},
		{"an e-mail address may hold colons and two at signs", `email:"a@b:c"@example.org`, "email", `"a@b:c"@example.org`},
		{"an IPv4 address is canonical", "ip:192.0.2.7", "ip", "192.0.2.7"},
		{"an IPv4 address mapped into IPv6 is the IPv4 address", "ip:::ffff:192.0.2.7", "ip", "192.0.2.7"},
		{"an IPv6 address is canonical", "ip:2001:0DB8:0:0:0:0:0:0007", "ip", "2001:db8::7"},
		{"an IPv6 address loses its zone", "ip:fe80::1%eth0", "ip", "fe80::1"},
		{"a phone number loses its punctuation", "phone: +44 (1632) 960-001", "phone", "+441632960001"},
		{"whatever else is trimmed and keeps its case", "customer: AbC 7 ", "customer", "AbC 7"},
	} {
		id, err := domain.ParseIdentifier(row.in)
		if err != nil {
			t.Errorf("%s: %v", row.rule, err)
			continue
		}
		if id.Kind != row.kind || id.Value.Reveal() != row.value {
			t.Errorf("%s: got %s and %q, want %s and %q", row.rule, id.Kind, id.Value.Reveal(), row.kind, row.value)
		}
	}
}

// The bound of 256 bytes holds for the normal form too: lower case may be longer.
func TestTheNormalFormKeepsTheLimit(t *testing.T) {
	id, err := domain.ParseIdentifier("email:" + strings.Repeat("Ⱥ", 120) + "@example.org")
	if err == nil && len(id.Value.Reveal()) > domain.MaxIdentifierBytes {
		t.Errorf("the normal form has %d bytes", len(id.Value.Reveal()))
	}
}

func TestAMaskedIdentifierShowsTheFirstCharacterAndTheLastLabel(t *testing.T) {
	for in, want := range map[string]string{
		"email:ada@example.org": "email:a•••.org",
		"email:ada@localhost":   "email:a•••",
		"email:a.da@localhost":  "email:a•••",
		"customer:4711":         "customer:4•••",
		"customer:ünal":         "customer:ü•••",
		"ip:192.0.2.7":          "ip:1•••",
	} {
		id, err := domain.ParseIdentifier(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := id.Masked().Reveal(); got != want {
			t.Errorf("%s is masked as %q, want %q", in, got, want)
		}
	}
	if got := (domain.Identifier{Kind: "email"}).Masked().Reveal(); got != "email:" {
		t.Errorf("an empty identifier is masked as %q", got)
	}
}

func TestASubjectKeyIsThirteenCharactersBothWays(t *testing.T) {
	for _, key := range []domain.SubjectKey{0, 1, 31, 32, 0x1122334455667788, math.MaxInt64, math.MaxUint64} {
		text, err := key.MarshalText()
		if err != nil || len(text) != 13 || string(text) != key.String() {
			t.Fatalf("%d is written %q (%q): %v", uint64(key), text, key.String(), err)
		}
		var back domain.SubjectKey
		if err := back.UnmarshalText(text); err != nil || back != key {
			t.Errorf("%q is read %d, want %d: %v", text, uint64(back), uint64(key), err)
		}
	}
}

func TestASubjectKeyHasOneSpelling(t *testing.T) {
	good := domain.SubjectKey(1).String()
	for rule, text := range map[string]string{
		"shorter": good[:12], "longer": good + "0", "empty": "", "in capitals": "ABCDEFGHJKMNP", "with a letter that is left out": good[:12] + "u",
		"with a line feed": good[:12] + "\n", "with padding": good[:12] + "=", "with a stray last bit": good[:12] + "3",
	} {
		var key domain.SubjectKey
		if err := key.UnmarshalText([]byte(text)); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: %q is read as %d, %v; want it invalid", rule, text, uint64(key), err)
		}
	}
}

func TestSourcesAndSealsNameWhatTheyAreFor(t *testing.T) {
	if got := domain.ServiceSource("fenland-cycles", "webshop"); got != "/fenland-cycles/webshop" {
		t.Errorf("the source is %q", got)
	}
	if domain.SealedFor("/a/b", "c") == domain.SealedFor("/a/b", "d") || domain.SealedFor("/a/b", "c") == domain.SealedFor("/a/c", "c") {
		t.Error("two events seal alike")
	}
}
