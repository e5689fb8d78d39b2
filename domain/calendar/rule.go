package calendar

import (
	"slices"
	"time"
)

// how says by which rule the law sets a holiday.
type how uint8

const (
	fixed       how = iota // month and day
	western                // days after Easter Sunday of the Gregorian calendar
	orthodox               // days after Easter Sunday of the Julian calendar
	nth                    // the n-th weekday of a month, the last where n is -1
	onOrAfter              // the first weekday on or after month and day
	brigid                 // 1 February where it is a Friday, else the first Monday of February (Ireland)
	sundayMoves            // month and day, the day before where it is a Sunday (the Netherlands)
	once                   // one day of one year
)

// rule is one holiday of one country.
type rule struct {
	name    string
	how     how
	month   time.Month
	day     int // of the month; the offset from Easter; n; the year is in from
	weekday time.Weekday
	from    int // first year, 0 for always
	until   int // last year, 0 for ever
	not     []int
	// inLieu gives the next free weekday as a substitute where the day falls on a weekend.
	inLieu bool
}

func on(month time.Month, day int, name string) rule {
	return rule{name: name, how: fixed, month: month, day: day}
}
func easter(days int, name string) rule { return rule{name: name, how: western, day: days} }
func pascha(days int, name string) rule { return rule{name: name, how: orthodox, day: days} }
func only(d Date, name string) rule {
	return rule{name: name, how: once, from: d.Year, month: d.Month, day: d.Day}
}
func (r rule) since(year int) rule      { r.from = year; return r }
func (r rule) to(year int) rule         { r.until = year; return r }
func (r rule) except(years ...int) rule { r.not = years; return r }
func (r rule) orSubstitute() rule       { r.inLieu = true; return r }
func number(n int, weekday time.Weekday, month time.Month, name string) rule {
	return rule{name: name, how: nth, month: month, day: n, weekday: weekday}
}
func first(weekday time.Weekday, month time.Month, day int, name string) rule {
	return rule{name: name, how: onOrAfter, month: month, day: day, weekday: weekday}
}

// in gives the day of the rule in a year, and whether the rule holds in that year.
func (r rule) in(year int) (Date, bool) {
	if r.from != 0 && year < r.from || r.until != 0 && year > r.until || slices.Contains(r.not, year) {
		return Date{}, false
	}
	switch r.how {
	case fixed:
		return NewDate(year, r.month, r.day), true
	case western:
		return easterSunday(year).AddDays(r.day), true
	case orthodox:
		return orthodoxEasterSunday(year).AddDays(r.day), true
	case nth:
		if r.day < 0 {
			last := NewDate(year, r.month+1, 0)
			return last.AddDays(-(int(last.Weekday()-r.weekday) + 7) % 7), true
		}
		return onwards(NewDate(year, r.month, 1), r.weekday).AddDays(7 * (r.day - 1)), true
	case onOrAfter:
		return onwards(NewDate(year, r.month, r.day), r.weekday), true
	case brigid:
		if d := NewDate(year, time.February, 1); d.Weekday() == time.Friday {
			return d, true
		}
		return onwards(NewDate(year, time.February, 1), time.Monday), true
	case sundayMoves:
		d := NewDate(year, r.month, r.day)
		if d.Weekday() == time.Sunday {
			return d.AddDays(-1), true
		}
		return d, true
	case once:
		return NewDate(year, r.month, r.day), year == r.from
	}
	return Date{}, false
}

func onwards(d Date, weekday time.Weekday) Date {
	return d.AddDays((int(weekday-d.Weekday()) + 7) % 7)
}

// easterSunday gives Easter Sunday of the Gregorian calendar, by the anonymous algorithm as Meeus gives it.
func easterSunday(year int) Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return NewDate(year, time.Month(n/31), n%31+1)
}

// orthodoxEasterSunday gives Easter Sunday of the Julian calendar as a date of the Gregorian, 13 days apart from 1900 to 2099.
func orthodoxEasterSunday(year int) Date {
	d := (19*(year%19) + 15) % 30
	e := (2*(year%4) + 4*(year%7) - d + 34) % 7
	n := d + e + 114
	return NewDate(year, time.Month(n/31), n%31+1+13)
}

func weekend(d Date) bool {
	return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
}
