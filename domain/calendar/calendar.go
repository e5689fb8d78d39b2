package calendar

import (
	"cmp"
	"maps"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Calendar names the public holidays of one country or, of the United Kingdom, of one nation: an ISO 3166-1 code, or GB-EAW for
// England and Wales, GB-SCT for Scotland and GB-NIR for Northern Ireland. GB alone stands for a controller whose nation is not
// known: only what is a public holiday in all of them counts, which is the stricter reading.
type Calendar string

// The calendars of the United Kingdom.
const (
	UnitedKingdom   Calendar = "GB"
	EnglandAndWales Calendar = "GB-EAW"
	Scotland        Calendar = "GB-SCT"
	NorthernIreland Calendar = "GB-NIR"
)

// Reviewed is the day on which the tables were last held against the law. Days proclaimed later are not in them.
var Reviewed = NewDate(2026, 11, 24)

// The years for which the tables were checked. Outside of them the rules still answer, without that assurance.
const (
	FirstYear = 2024
	LastYear  = 2030
)

// country is one table of holidays.
type country struct {
	title  string // in plain English
	zone   string // IANA name of the zone in which its days are counted
	source string // the law that sets the days
	rules  []rule
}

// Holiday is a public holiday on one day.
type Holiday struct {
	On   Date   `json:"on"`
	Name string `json:"name"`
}

func table(c Calendar) (country, bool) {
	for _, tables := range []map[Calendar]country{unitedKingdom, statesAtoF, statesGtoN, statesPtoS, efta} {
		if found, ok := tables[c]; ok {
			return found, true
		}
	}
	return country{}, false
}

// All lists the calendars, in order.
func All() []Calendar {
	all := []Calendar{UnitedKingdom}
	for _, tables := range []map[Calendar]country{unitedKingdom, statesAtoF, statesGtoN, statesPtoS, efta} {
		all = slices.AppendSeq(all, maps.Keys(tables))
	}
	slices.Sort(all)
	return all
}

// Parse reads a calendar's name. It returns ErrInvalid.
func Parse(s string) (Calendar, error) {
	if _, known := table(Calendar(s)); !known && Calendar(s) != UnitedKingdom {
		return "", errors.WithHint(errors.Wrap(domain.ErrInvalid, "calendar of public holidays"),
			"Name GB-EAW, GB-SCT, GB-NIR or GB, or a country of the European Economic Area by its ISO code, for example DE.")
	}
	return Calendar(s), nil
}

// For gives the calendar by which a controller's days are counted, from its regime, its country and its nation, empty where that is not
// known. It returns ErrInvalid for a country that has none here, such as an EU-regime controller that is established outside the
// Economic Area: name one then, that of its representative or main establishment.
func For(regime domain.Regime, location domain.Location, nation domain.Nation) (Calendar, error) {
	if regime == domain.UK && nation != "" {
		return Parse(string(nation))
	}
	if regime == domain.UK {
		return UnitedKingdom, nil
	}
	if location == "GB" {
		return "", errors.WithHint(errors.Wrap(domain.ErrInvalid, "calendar of the EU regime for a British controller"),
			"Regulation 1182/71, Article 2(1): name the calendar of the member state where the action is to be taken, for example IE.")
	}
	return Parse(string(location))
}

// Title gives the country or nation in plain words.
func (c Calendar) Title() string {
	if c == UnitedKingdom {
		return "the whole United Kingdom"
	}
	t, _ := table(c)
	return t.title
}

// Zone gives the IANA name of the zone in which the days are counted, for the caller to load: Europe/London.
func (c Calendar) Zone() string {
	if c == UnitedKingdom {
		c = EnglandAndWales
	}
	t, _ := table(c)
	return t.zone
}

// Source names the law that sets the holidays.
func (c Calendar) Source() string {
	if c == UnitedKingdom {
		c = EnglandAndWales
	}
	t, _ := table(c)
	return t.source
}

// Year gives the public holidays of a year in order, with substitute days, those on weekends too.
func (c Calendar) Year(year int) []Holiday {
	if c == UnitedKingdom {
		scots, irish := Scotland.Year(year), NorthernIreland.Year(year)
		return slices.DeleteFunc(EnglandAndWales.Year(year), func(h Holiday) bool {
			on := func(o Holiday) bool { return o.On == h.On }
			return !slices.ContainsFunc(scots, on) || !slices.ContainsFunc(irish, on)
		})
	}
	t, _ := table(c)
	var days, moved []Holiday
	taken := map[Date]bool{}
	for _, r := range t.rules {
		d, holds := r.in(year)
		if !holds {
			continue
		}
		days = append(days, Holiday{d, r.name})
		taken[d] = true
		if r.inLieu && weekend(d) {
			moved = append(moved, Holiday{d, r.name + " (substitute day)"})
		}
	}
	slices.SortStableFunc(moved, func(a, b Holiday) int { return a.On.Compare(b.On) })
	for _, h := range moved {
		for weekend(h.On) || taken[h.On] {
			h.On = h.On.AddDays(1)
		}
		taken[h.On] = true
		days = append(days, h)
	}
	slices.SortStableFunc(days, func(a, b Holiday) int { return cmp.Or(a.On.Compare(b.On), cmp.Compare(a.Name, b.Name)) })
	return days
}

// Holiday gives the name of the public holiday that the day is.
func (c Calendar) Holiday(d Date) (name string, is bool) {
	for _, h := range c.Year(d.Year) {
		if h.On == d {
			return h.Name, true
		}
	}
	return "", false
}

// Workday says that the day is neither Saturday nor Sunday nor a public holiday (Reg. 1182/71, Art. 2(2)).
func (c Calendar) Workday(d Date) bool {
	_, holiday := c.Holiday(d)
	return !weekend(d) && !holiday
}

// NextWorkday gives the day itself where it is a working day, else the first that follows (Reg. 1182/71, Art. 3(4)).
func (c Calendar) NextWorkday(d Date) Date {
	for !c.Workday(d) {
		d = d.AddDays(1)
	}
	return d
}

// AddWorkdays gives the n-th working day after the day, itself not counted. n is at most MaxPromise.
func (c Calendar) AddWorkdays(d Date, n int) Date {
	for range min(n, MaxPromise) {
		d = c.NextWorkday(d.AddDays(1))
	}
	return d
}
