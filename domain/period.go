package domain

import (
	"strconv"
	"time"

	"github.com/cockroachdb/errors"
)

// Period is a length of time by the calendar, as a retention rule names it: ISO 8601 without a time part (P7Y, P6M, P30D).
type Period struct{ Years, Months, Days int }

// ParsePeriod reads P7Y, P1Y6M, P30D or P2W, each number and the days together at most 9999, so that what String writes can be
// read again. It returns ErrInvalid.
func ParsePeriod(s string) (Period, error) {
	var p Period
	if len(s) < 3 || s[0] != 'P' {
		return p, errPeriod()
	}
	rest, order := s[1:], "YMWD"
	for rest != "" {
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		value, err := strconv.Atoi(rest[:n])
		if err != nil || n > 4 || n == len(rest) {
			return Period{}, errPeriod()
		}
		unit := rest[n]
		for order != "" && order[0] != unit {
			order = order[1:]
		}
		if order == "" {
			return Period{}, errPeriod()
		}
		order, rest = order[1:], rest[n+1:]
		switch unit {
		case 'Y':
			p.Years = value
		case 'M':
			p.Months = value
		case 'W':
			p.Days += 7 * value
		case 'D':
			p.Days += value
		}
	}
	if p.Days > 9999 {
		return Period{}, errPeriod()
	}
	return p, nil
}

func errPeriod() error {
	return errors.WithHint(errors.Wrap(ErrInvalid, "period"), "Write a period as ISO 8601 does: P7Y, P6M, P30D, each number at most 9999.")
}

// After gives the end of the period that begins at t. A month that lacks the day ends on its last day (Reg. 1182/71, Art. 3(2)(c)).
func (p Period) After(t time.Time) time.Time {
	y, m, d := t.Date()
	first := time.Date(y+p.Years, m+time.Month(p.Months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	if last := first.AddDate(0, 1, -1).Day(); d > last {
		d = last
	}
	return first.AddDate(0, 0, d-1+p.Days)
}

// IsZero says that there is no period.
func (p Period) IsZero() bool { return p == Period{} }

// String writes the period as ISO 8601 does.
func (p Period) String() string {
	if p.IsZero() {
		return "P0D"
	}
	b := []byte{'P'}
	for _, part := range []struct {
		n    int
		unit byte
	}{{p.Years, 'Y'}, {p.Months, 'M'}, {p.Days, 'D'}} {
		if part.n != 0 {
			b = append(strconv.AppendInt(b, int64(part.n), 10), part.unit)
		}
	}
	return string(b)
}

// MarshalText writes the period as ISO 8601 does.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePeriod reads.
func (p *Period) UnmarshalText(text []byte) error {
	parsed, err := ParsePeriod(string(text))
	*p = parsed
	return err
}
