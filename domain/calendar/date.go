package calendar

import (
	"strconv"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Date is a day of the calendar, without a time and without a zone. The zero value means that there is none.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// NewDate gives the date with the numbers; a day beyond the end of the month runs on into the next, as time.Date does it.
func NewDate(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateOf gives the day on which the instant falls in the location that it carries. Bring it there first:
// DateOf(t.In(location of calendar.Zone())).
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads 2026-09-03, in the years 1000 to 9999. It returns ErrInvalid.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1000 {
		return Date{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "date"), "Write a date as 2026-09-03.")
	}
	return DateOf(t), nil
}

// Time gives midnight UTC of the day, for arithmetic and for formatting.
func (d Date) Time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// IsZero says that there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Compare orders dates: negative where d is earlier than o, 0 where they are one day, positive where it is later.
func (d Date) Compare(o Date) int { return d.Time().Compare(o.Time()) }

// Before says that d is an earlier day than o.
func (d Date) Before(o Date) bool { return d.Compare(o) < 0 }

// After says that d is a later day than o.
func (d Date) After(o Date) bool { return d.Compare(o) > 0 }

// Weekday gives the day of the week.
func (d Date) Weekday() time.Weekday { return d.Time().Weekday() }

// AddDays gives the date n days later, earlier where n is negative.
func (d Date) AddDays(n int) Date { return NewDate(d.Year, d.Month, d.Day+n) }

// DaysSince gives the number of days from o to d.
func (d Date) DaysSince(o Date) int { return int(d.Time().Sub(o.Time()) / (24 * time.Hour)) }

// AddMonths gives the same day of the month n months later or, where that month lacks the day, its last
// (Reg. 1182/71, Art. 3(2)(c)).
func (d Date) AddMonths(n int) Date {
	return DateOf(domain.Period{Months: n}.After(d.Time()))
}

// String writes 2026-09-03.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

// Words writes 3 September 2026.
func (d Date) Words() string {
	if d.IsZero() {
		return "no date"
	}
	return strconv.Itoa(d.Day) + " " + d.Month.String() + " " + strconv.Itoa(d.Year)
}

// LongWords writes Thursday 3 September 2026.
func (d Date) LongWords() string {
	if d.IsZero() {
		return d.Words()
	}
	return d.Weekday().String() + " " + d.Words()
}

// SafeValue marks the date as free of personal data.
func (d Date) SafeValue() {}

// MarshalText writes 2026-09-03, and nothing for no date.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes. It returns ErrInvalid.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	*d = parsed
	return err
}
