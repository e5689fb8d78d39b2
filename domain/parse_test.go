package domain_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// reads adapts a parser to the table below.
func reads[T any](parse func(string) (T, error)) func(string) error {
	return func(s string) error {
		_, err := parse(s)
		return err
	}
}

// long gives a value of so many bytes.
func long(prefix string, bytes int) string { return prefix + strings.Repeat("a", bytes-len(prefix)) }

// Each row is one parser with what it takes and what it refuses; the neighbours of every limit stand on both sides.
func TestWhatThePapersSayIsReadAndNothingElse(t *testing.T) {
	for _, row := range []struct {
		rule    string
		parse   func(string) error
		takes   []string
		refuses []string
	}{
		{
			"Art. 6(1): a basis is (a) to (f), or the UK's (ea)", reads(domain.ParseBasis),
			[]string{"A6-1-a", "A6-1-b", "A6-1-c", "A6-1-d", "A6-1-e", "A6-1-f", "A6-1-ea"},
			[]string{"", "A6-1-g", "A6-1-A", "a6-1-a", "A6-1-", "A6-1-a ", "consent", "A9-2-a", "A6-1-eb"},
		},
		{
			"a controller's regime is UK or EU", reads(domain.ParseRegime),
			[]string{"UK", "EU"}, []string{"", "uk", "GB", "EEA", "UK "},
		},
		{
			"Art. 9(2): a condition is (a) to (j)", reads(domain.ParseCondition),
			[]string{"A9-2-a", "A9-2-g", "A9-2-j"}, []string{"", "A9-2-k", "A9-2-`", "A9-2-", "A9-2-aa", "A9-1-a", "a9-2-a", "A9-2-A"},
		},
		{
			"a category is prefix:Term", reads(domain.ParseCategory),
			[]string{"pd:Name", "pd:EmailAddress", "fenland:Frame-Number2", long("pd:", domain.MaxCategoryBytes)},
			[]string{"", "Name", ":Name", "pd:", "PD:Name", "pd:Na me", "pd:Näme", "pd:a:b", "pd:a@b", "-pd:Name", long("pd:", domain.MaxCategoryBytes+1)},
		},
		{
			"a name is 1 to 32 of a-z, 0-9 and hyphen, and begins with a letter or a digit", reads(domain.ParseName[domain.ControllerID]),
			[]string{"a", "0", "fenland-cycles", "a-", long("", domain.MaxName)},
			[]string{"", "-a", "A", "a.b", "a b", "a_b", "a*", "a>", "ä", "a\n", "a/b", "ada@example.org", long("", domain.MaxName+1)},
		},
		{
			"an id is 1 to 64 of letters, digits and . _ : -", reads(domain.ParseID),
			[]string{"0199a0c2-0000-7000-8000-000000000001", "A.b_c:d-e", "-", long("", domain.MaxIDBytes)},
			[]string{"", "a b", "a/1", "ada@example.org", "ä", "a\x00", "a+b", long("", domain.MaxIDBytes+1)},
		},
		{
			"a location is two capitals", reads(domain.ParseLocation),
			[]string{"GB", "DE", "AA", "ZZ"}, []string{"", "G", "GBR", "gb", "G1", "EEA", "@A", "[A", "ÄÄ"},
		},
		{
			"a nation of the United Kingdom is a code of ISO 3166-2", reads(domain.ParseNation),
			[]string{"GB-EAW", "GB-SCT", "GB-NIR"}, []string{"", "GB", "GB-ENG", "Scotland", "gb-sct"},
		},
		{
			"a territory is a country or EEA", reads(domain.ParseTerritory),
			[]string{"GB", "EEA"}, []string{"", "eea", "EU ", "EEAA", "EE A", "Europe"},
		},
		{
			"Art. 4(2): an operation goes by its DPV name", reads(domain.ParseOperation),
			[]string{"Collect", "DiscloseByTransmission", "Delete"}, []string{"", "collect", "Disclosed", "Remove", "Read", "Collect "},
		},
		{
			"a position is a whole number counted from 0", reads(domain.ParsePosition),
			[]string{"0", "1", "9223372036854775807"}, []string{"", "-1", "+1", "1.0", "0x1", "9223372036854775808", " 1", "1_000"},
		},
		{
			"Art. 5(1)(e): a retention period runs from one of eight events", reads(domain.ParseTrigger),
			[]string{"recorded", "order-closed", "enquiry-answered", "quote-declined", "contract-ended", "consent-withdrawn"},
			[]string{"", "Recorded", "forever", "order closed"},
		},
		{
			"a period is ISO 8601 without a time part", reads(domain.ParsePeriod),
			[]string{"P7Y", "P1Y6M", "P30D", "P2W", "P1Y2M3W4D", "P0D", "P9999Y"},
			[]string{"", "P", "PY", "7Y", "P7", "P-7Y", "P+7Y", "P7y", "P1M1Y", "P1Y1Y", "PT1H", "P1DT1H", "P10000Y", "P1.5Y", "P1Y ", "P٣Y"},
		},
		{
			"a finding goes by its code", reads(domain.ParseFinding),
			[]string{"no-instruction", "reported-late"}, []string{"", "No-Instruction", "no instruction", "unknown"},
		},
		{
			"a person is kind:value", reads(domain.ParseIdentifier),
			[]string{"email:ada@example.org", "customer:4711", "ip:192.0.2.7", "ip:2001:db8::7", "phone:+441632960001", "customer:ünïcode", long("customer:", domain.MaxIdentifierBytes+len("customer:"))},
			[]string{
				"", "4711", ":4711", "customer:", "customer: \t ", "Email:ada@example.org", "customer:a\x00b", "customer:a\nb", "customer:\xff",
				"email:ada", "email:@example.org", "email:ada@", "ip:999.0.2.11", "ip:host", "phone:none", "phone:+",
				long("customer:", domain.MaxIdentifierBytes+len("customer:")+1),
			},
		},
		{
			"a text of the register is 1 to 200 bytes on one line, without an address", domain.ValidText,
			[]string{"Fenland Cycles Ltd", "Ä & Ö", long("", domain.MaxTextBytes)},
			[]string{"", "  ", "a\nb", "a\rb", "a\x00b", "ada@example.org", long("", domain.MaxTextBytes+1)},
		},
	} {
		t.Run(row.rule, func(t *testing.T) {
			for _, s := range row.takes {
				if err := row.parse(s); err != nil {
					t.Errorf("%q is refused: %v", s, err)
				}
			}
			for _, s := range row.refuses {
				refusedQuietly(t, s, row.parse(s))
			}
			// Somebody's address put in the wrong place is refused by all but the one that asks for addresses.
			if canary := "canary-7f3@example.org"; row.parse("email:"+canary) != nil {
				refusedQuietly(t, canary, row.parse(canary))
			}
		})
	}
}

// refusedQuietly checks that a value is refused as invalid, with a hint for people, and is repeated nowhere.
func refusedQuietly(t *testing.T, value string, err error) {
	t.Helper()
	if !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("%q is answered with %v, want it invalid", value, err)
		return
	}
	said := err.Error() + errors.FlattenHints(err) + errors.FlattenDetails(err)
	if len(value) > 8 && strings.Contains(said, value) {
		t.Errorf("the refusal repeats the value: %s", said)
	}
}

func TestEveryBasisHasItsArticleAndWords(t *testing.T) {
	for basis, want := range map[domain.Basis][2]string{
		domain.Consent:                      {"Art. 6(1)(a)", "consent"},
		domain.Contract:                     {"Art. 6(1)(b)", "contract"},
		domain.LegalObligation:              {"Art. 6(1)(c)", "legal obligation"},
		domain.VitalInterests:               {"Art. 6(1)(d)", "vital interests"},
		domain.PublicTask:                   {"Art. 6(1)(e)", "public task"},
		domain.LegitimateInterests:          {"Art. 6(1)(f)", "legitimate interests"},
		domain.RecognisedLegitimateInterest: {"Art. 6(1)(ea)", "recognised legitimate interest"},
		"":                                  {"", ""},
		"A6-1-x":                            {"", ""},
	} {
		if got := [2]string{basis.Article(), basis.Words()}; got != want {
			t.Errorf("%q stands for %q, want %q", basis, got, want)
		}
	}
}

func TestACategoryIsSpecialWhereArticle9ListsIt(t *testing.T) {
	for category, want := range map[domain.Category]bool{
		"pd:Health": true, "pd:Religion": true, "pd:TradeUnionMembership": true, "pd:Genetic": true, "pd:SexualOrientation": true,
		"pd:EthnicOrigin": true, "pd:PoliticalOpinion": true, "pd:Biometric": true, "pd:PhilosophicalBelief": true,
		"pd:EmailAddress": false, "pd:Name": false, "fenland:Health": false, "": false,
	} {
		if category.Special() != want {
			t.Errorf("%s: special is %v, want %v", category, !want, want)
		}
	}
}

func TestACategoryReadsAsWords(t *testing.T) {
	for category, want := range map[domain.Category]string{
		"pd:EmailAddress": "Email Address", "pd:Name": "Name", "pd:DNACode": "DNACode", "fenland:Frame-Number2": "Frame-Number2", "": "",
	} {
		if got := category.Term(); got != want {
			t.Errorf("%s reads as %q, want %q", category, got, want)
		}
	}
}
