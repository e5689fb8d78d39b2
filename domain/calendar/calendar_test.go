package calendar_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
)

var golden = flag.Bool("golden", false, "write the golden file of holidays anew; read the difference before you keep it")

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// The golden file was held against two independent holiday libraries. What changes in it changes deadlines.
func TestTheHolidaysOfEveryCalendarAreAsReviewed(t *testing.T) {
	const path = "testdata/holidays.txt"
	var b strings.Builder
	for _, c := range calendar.All() {
		b.WriteString("\n" + string(c) + " " + c.Title() + "\n")
		for year := calendar.FirstYear; year <= calendar.LastYear; year++ {
			for _, h := range c.Year(year) {
				b.WriteString(h.On.String() + " " + h.On.Weekday().String()[:3] + " " + h.Name + "\n")
			}
		}
	}
	if *golden {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, frozen := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(frozen)) {
		if i >= len(got) || i >= len(frozen) || got[i] != frozen[i] {
			t.Fatalf("line %d differs from what was reviewed", i+1)
		}
	}
}

// The weekdays on which offices are closed, as the governments list them for these years.
func TestTheHolidaysAreThoseThatTheGovernmentsList(t *testing.T) {
	for _, row := range []struct {
		rule     string
		calendar calendar.Calendar
		year     int
		weekdays string
	}{
		{"England and Wales 2026", calendar.EnglandAndWales, 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"},
		{"England and Wales 2027: Christmas and Boxing Day on a weekend", calendar.EnglandAndWales, 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28"},
		{"England and Wales 2028: New Year on a Saturday", calendar.EnglandAndWales, 2028, "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26"},
		{"Scotland 2026: Boxing Day's substitute and the World Cup", calendar.Scotland, 2026, "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28"},
		{"Scotland 2027: 2 January on a Saturday", calendar.Scotland, 2027, "01-01 01-04 03-26 05-03 05-31 08-02 11-30 12-27 12-28"},
		{"Scotland 2028: both of the New Year's days on a weekend", calendar.Scotland, 2028, "01-03 01-04 04-14 05-01 05-29 08-07 11-30 12-25 12-26"},
		{"Northern Ireland 2026: 12 July on a Sunday", calendar.NorthernIreland, 2026, "01-01 03-17 04-03 04-06 05-04 05-25 07-13 08-31 12-25 12-28"},
		{"the whole United Kingdom 2026: what is a holiday in all of it", calendar.UnitedKingdom, 2026, "01-01 04-03 05-04 05-25 12-25 12-28"},
		{"Germany 2026", "DE", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 12-25"},
		{"Ireland 2026", "IE", 2026, "01-01 02-02 03-17 04-06 05-04 06-01 08-03 10-26 12-25"},
		{"Ireland 2030: 1 February is a Friday", "IE", 2030, "01-01 02-01 04-22 05-06 06-03 08-05 10-28 12-25 12-26"},
		{"France 2026", "FR", 2026, "01-01 04-06 05-01 05-08 05-14 05-25 07-14 11-11 12-25"},
		{"Bulgaria 2026: days in lieu", "BG", 2026, "01-01 03-03 04-10 04-13 05-01 05-06 05-25 09-07 09-22 12-24 12-25 12-28"},
		{"Greece 2026: the Orthodox Easter", "GR", 2026, "01-01 01-06 02-23 03-25 04-10 04-13 05-01 06-01 10-28 12-25"},
		{"Slovakia 2026: two days of rest suspended", "SK", 2026, "01-01 01-06 04-03 04-06 05-01 12-24 12-25"},
		{"Sweden 2026", "SE", 2026, "01-01 01-06 04-03 04-06 05-01 05-14 12-25"},
		{"Denmark 2026: without Great Prayer Day", "DK", 2026, "01-01 04-02 04-03 04-06 05-14 05-25 12-25"},
	} {
		t.Run(row.rule, func(t *testing.T) {
			var got []string
			for _, h := range row.calendar.Year(row.year) {
				if wd := h.On.Weekday(); wd != time.Saturday && wd != time.Sunday {
					got = append(got, h.On.String()[5:])
				}
			}
			if strings.Join(got, " ") != row.weekdays {
				t.Errorf("closed on %v\nwant      %s", got, row.weekdays)
			}
		})
	}
}

func TestEveryCalendarSaysWhatItRestsOn(t *testing.T) {
	all := calendar.All()
	if len(all) != 4+27+3 {
		t.Errorf("there are %d calendars, want the UK's 4, 27 member states and 3 of the EEA", len(all))
	}
	for _, c := range all {
		if parsed, err := calendar.Parse(string(c)); err != nil || parsed != c {
			t.Errorf("%s is read as %s, %v", c, parsed, err)
		}
		if c.Title() == "" || c.Source() == "" {
			t.Errorf("%s has no title or source", c)
		}
		if _, err := time.LoadLocation(c.Zone()); err != nil || c.Zone() == "" {
			t.Errorf("%s has no zone: %v", c, err)
		}
		if len(c.Year(2026)) < 6 {
			t.Errorf("%s has only %d holidays", c, len(c.Year(2026)))
		}
	}
	for _, c := range []string{"", "US", "gb", "GB-WLS", "EU"} {
		if _, err := calendar.Parse(c); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%q is read, %v", c, err)
		}
	}
}

// Every member of the Economic Area has its calendar, by the code that registers give.
func TestAControllersCalendarFollowsFromRegimeAndCountry(t *testing.T) {
	for _, row := range []struct {
		rule    string
		regime  domain.Regime
		country domain.Location
		nation  domain.Nation
		want    calendar.Calendar
		fails   error
	}{
		{"a British controller of unknown nation", domain.UK, "GB", "", calendar.UnitedKingdom, nil},
		{"a Scottish controller", domain.UK, "GB", domain.Scotland, calendar.Scotland, nil},
		{"an English or Welsh controller", domain.UK, "GB", domain.EnglandAndWales, calendar.EnglandAndWales, nil},
		{"a Northern Irish controller", domain.UK, "GB", domain.NorthernIreland, calendar.NorthernIreland, nil},
		{"a Scottish controller in the EU regime names a member state", domain.EU, "GB", domain.Scotland, "", domain.ErrInvalid},
		{"the UK regime counts by the UK wherever the controller is", domain.UK, "US", "", calendar.UnitedKingdom, nil},
		{"a German controller", domain.EU, "DE", "", "DE", nil},
		{"a Norwegian controller", domain.EU, "NO", "", "NO", nil},
		{"an American controller in the EU regime names one", domain.EU, "US", "", "", domain.ErrInvalid},
		{"a British controller in the EU regime names one", domain.EU, "GB", "", "", domain.ErrInvalid},
	} {
		got, err := calendar.For(row.regime, row.country, row.nation)
		if got != row.want || !errors.Is(err, row.fails) {
			t.Errorf("%s: %q, %v", row.rule, got, err)
		}
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			l := domain.Location(string(a) + string(b))
			if _, err := calendar.For(domain.EU, l, ""); domain.EEA.Holds(l) != (err == nil) {
				t.Errorf("%s: in the EEA is %v, its calendar: %v", l, domain.EEA.Holds(l), err)
			}
		}
	}
}

func TestWorkingDays(t *testing.T) {
	for _, row := range []struct {
		rule     string
		calendar calendar.Calendar
		from     string
		days     int
		want     string
	}{
		{"none leaves the day alone", calendar.EnglandAndWales, "2026-12-25", 0, "2026-12-25"},
		{"one from a Friday is the Monday", calendar.EnglandAndWales, "2026-09-04", 1, "2026-09-07"},
		{"ten are two weeks", calendar.EnglandAndWales, "2026-09-03", 10, "2026-09-17"},
		{"Christmas and its substitute are left out", calendar.EnglandAndWales, "2026-12-24", 2, "2026-12-30"},
		{"2 January counts in England", calendar.EnglandAndWales, "2026-01-01", 1, "2026-01-02"},
		{"and does not in Scotland", calendar.Scotland, "2026-01-01", 1, "2026-01-05"},
		{"a promise has its limit", "DE", "2026-01-01", 1 << 40, calendar.Calendar("DE").AddWorkdays(day("2026-01-01"), calendar.MaxPromise).String()},
	} {
		if got := row.calendar.AddWorkdays(day(row.from), row.days).String(); got != row.want {
			t.Errorf("%s: %s, want %s", row.rule, got, row.want)
		}
	}
}

func TestDatesAreReadAsTheyAreWritten(t *testing.T) {
	for _, s := range []string{"2026-09-03", "2028-02-29", "1000-01-01"} {
		d := day(s)
		text, err := d.MarshalText()
		var back calendar.Date
		if err != nil || back.UnmarshalText(text) != nil || back != d || string(text) != s || d.IsZero() {
			t.Errorf("%s is read back as %s", s, back)
		}
	}
	for _, s := range []string{"2026-9-3", "2027-02-29", "3 September 2026", "2026-09-03T10:00:00Z", "ada@example.org", "0999-01-01"} {
		var d calendar.Date
		if err := d.UnmarshalText([]byte(s)); !errors.Is(err, domain.ErrInvalid) || strings.Contains(err.Error(), s) {
			t.Errorf("%q is answered with %v", s, err)
		}
	}
	var none calendar.Date
	if err := none.UnmarshalText(nil); err != nil || !none.IsZero() || none.String() != "" || none.Words() != "no date" || none.LongWords() != "no date" {
		t.Errorf("no date is %s, %v", none.Words(), err)
	}
	if d := day("2026-09-03"); d.Words() != "3 September 2026" || d.LongWords() != "Thursday 3 September 2026" {
		t.Errorf("it reads %s, %s", d.Words(), d.LongWords())
	}
}

// The day is counted in the controller's zone: 23:30 on 2 September in UTC is 3 September in London and Helsinki.
func TestAnInstantIsTheDayOfItsZone(t *testing.T) {
	instant := time.Date(2026, 9, 2, 23, 30, 0, 0, time.UTC)
	for zone, want := range map[string]string{"UTC": "2026-09-02", "Europe/London": "2026-09-03", "Europe/Helsinki": "2026-09-03", "Atlantic/Reykjavik": "2026-09-02"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.DateOf(instant.In(location)).String(); got != want {
			t.Errorf("in %s it is %s, want %s", zone, got, want)
		}
	}
}
