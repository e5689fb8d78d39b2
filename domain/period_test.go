package domain_test

import (
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
)

func TestAPeriodEndsByTheCalendar(t *testing.T) {
	for _, row := range []struct{ rule, from, period, want string }{
		{"Reg. 1182/71, Art. 3(2)(c): a month that lacks the day ends on its last", "2026-01-31", "P1M", "2026-02-28"},
		{"a leap year's February has 29 days", "2028-01-31", "P1M", "2028-02-29"},
		{"the last day but one of January ends alike", "2026-01-30", "P1M", "2026-02-28"},
		{"a month that has the day ends on it", "2026-01-28", "P1M", "2026-02-28"},
		{"three months from 30 November end in February", "2026-11-30", "P3M", "2027-02-28"},
		{"a month from 30 April ends on 30 May", "2026-04-30", "P1M", "2026-05-30"},
		{"a year from a leap day ends on 28 February", "2028-02-29", "P1Y", "2029-02-28"},
		{"four years from a leap day end on one", "2028-02-29", "P4Y", "2032-02-29"},
		{"1900 was no leap year and 2000 was", "1896-02-29", "P4Y", "1900-02-28"},
		{"seven years", "2026-11-23", "P7Y", "2033-11-23"},
		{"thirteen months cross two years", "2026-12-31", "P14M", "2028-02-29"},
		{"days are counted after months", "2026-01-31", "P1M1D", "2026-03-01"},
		{"weeks are seven days", "2026-02-27", "P2W", "2026-03-13"},
		{"days cross a year", "2026-12-31", "P1D", "2027-01-01"},
		{"no period ends where it begins", "2026-01-31", "P0D", "2026-01-31"},
	} {
		t.Run(row.rule, func(t *testing.T) {
			from, err := time.Parse(time.DateOnly, row.from)
			if err != nil {
				t.Fatal(err)
			}
			from = from.Add(13*time.Hour + 7*time.Nanosecond)
			p, err := domain.ParsePeriod(row.period)
			if err != nil {
				t.Fatal(err)
			}
			end := p.After(from)
			if got := end.Format(time.DateOnly); got != row.want {
				t.Errorf("%s after %s is %s, want %s", row.period, row.from, got, row.want)
			}
			if end.Sub(end.Truncate(24*time.Hour)) != 13*time.Hour+7*time.Nanosecond {
				t.Errorf("the time of the day became %s", end.Format(time.RFC3339Nano))
			}
		})
	}
}

func TestAPeriodIsWrittenAsItIsRead(t *testing.T) {
	for in, want := range map[string]string{
		"P7Y": "P7Y", "P1Y6M": "P1Y6M", "P30D": "P30D", "P2W": "P14D", "P1W1D": "P8D", "P0D": "P0D", "P0Y": "P0D", "P12M": "P12M",
		"P1428W": "P9996D",
	} {
		p, err := domain.ParsePeriod(in)
		if err != nil || p.String() != want {
			t.Errorf("%s is written %s, want %s: %v", in, p, want, err)
			continue
		}
		text, err := p.MarshalText()
		var back domain.Period
		if err != nil || back.UnmarshalText(text) != nil || back != p || back.IsZero() != (want == "P0D") {
			t.Errorf("%s is read back as %s", text, back)
		}
	}
}

// What could be written and not read again would stop the ledger for ever.
func TestAPeriodThatCouldNotBeReadAgainIsRefused(t *testing.T) {
	for _, in := range []string{"P1429W", "P9999W", "P1428W4D", "P9999W9999D"} {
		p, err := domain.ParsePeriod(in)
		if err == nil {
			if _, err := domain.ParsePeriod(p.String()); err != nil {
				t.Errorf("%s is taken and written %s, which is refused", in, p)
			}
		}
	}
}
