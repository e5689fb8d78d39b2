package domain_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// What is read once is read again alike from its own text: otherwise equal things would not be equal, and what is written
// down could not be read back.
func FuzzParsersAreStable(f *testing.F) {
	for _, s := range []string{
		"", "P1Y2M3W4D", "P9999W", "email:Ada@Example.org", "email:Ⱥ@İ.org", "ip:::ffff:192.0.2.7", "ip:fe80::1%eth0", "phone:+44 (0)1632",
		"customer:\u00a04711", "pd:EmailAddress", "EEA", "GB", "9223372036854775807", "A6-1-ea", "A9-2-j", "0000000000002", "a-b", "A.b_c:d",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := domain.ParsePeriod(s); kind(t, err) {
			if again, err := domain.ParsePeriod(p.String()); err != nil || again != p {
				t.Errorf("%q is written %q and read %v: %v", s, p.String(), again, err)
			}
		}
		if id, err := domain.ParseIdentifier(s); kind(t, err) {
			value := id.Value.Reveal()
			again, err := domain.ParseIdentifier(id.Kind + ":" + value)
			if err != nil || again.Kind != id.Kind || again.Value.Reveal() != value || len(value) > domain.MaxIdentifierBytes {
				t.Errorf("%q becomes %q, and that %q: %v", s, value, again.Value.Reveal(), err)
			}
			if masked := id.Masked().Reveal(); !strings.HasPrefix(masked, id.Kind+":") {
				t.Errorf("%q is masked as %q", s, masked)
			}
		}
		if p, err := domain.ParsePosition(s); kind(t, err) && p.String() != strings.TrimLeft(s, "0") && p != 0 {
			t.Errorf("%q is written %s", s, p)
		}
		var key domain.SubjectKey
		if err := key.UnmarshalText([]byte(s)); kind(t, err) && key.String() != s {
			t.Errorf("%q is written %s", s, key)
		}
		var sealed domain.Sealed
		if err := sealed.UnmarshalText([]byte(s)); kind(t, err) {
			text, _ := sealed.MarshalText()
			var again domain.Sealed
			if again.UnmarshalText(text) != nil || string(again) != string(sealed) {
				t.Errorf("%q is read back otherwise", s)
			}
		}
		for _, parse := range []func(string) error{
			reads(domain.ParseBasis), reads(domain.ParseCondition), reads(domain.ParseCategory), reads(domain.ParseID),
			reads(domain.ParseLocation), reads(domain.ParseTerritory), reads(domain.ParseOperation), reads(domain.ParseFinding),
			reads(domain.ParseName[domain.ServiceID]),
		} {
			if kind(t, parse(s)) && (s == "" || strings.ContainsAny(s, "@ \n\x00")) {
				t.Errorf("%q is taken for a name", s)
			}
		}
	})
}

// kind says whether something was read; what was not is invalid and nothing else.
func kind(t *testing.T, err error) bool {
	t.Helper()
	if err != nil && !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("refused with %v, want it invalid", err)
	}
	return err == nil
}
