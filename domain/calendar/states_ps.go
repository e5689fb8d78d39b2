package calendar

import "time"

// The member states whose English names begin with P to S.
var statesPtoS = map[Calendar]country{
	"PL": {"Poland", "Europe/Warsaw", "Act of 18 January 1951 on days off work, Art. 1, as amended by the Act of 6 December 2024", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 6, "Epiphany"), easter(0, "Easter Sunday"), easter(1, "Easter Monday"),
		on(time.May, 1, "State Holiday"), on(time.May, 3, "Constitution Day"), easter(49, "Whit Sunday"), easter(60, "Corpus Christi"),
		on(time.August, 15, "Assumption Day"), on(time.November, 1, "All Saints' Day"), on(time.November, 11, "Independence Day"),
		on(time.December, 24, "Christmas Eve").since(2025), on(time.December, 25, "Christmas Day"),
		on(time.December, 26, "Second Day of Christmas"),
	}},
	"PT": {"Portugal", "Europe/Lisbon", "Código do Trabalho, Art. 234(1)", []rule{
		on(time.January, 1, "New Year's Day"), easter(-2, "Good Friday"), easter(0, "Easter Sunday"), on(time.April, 25, "Freedom Day"),
		on(time.May, 1, "Labour Day"), easter(60, "Corpus Christi"), on(time.June, 10, "Portugal Day"),
		on(time.August, 15, "Assumption Day"), on(time.October, 5, "Republic Day"), on(time.November, 1, "All Saints' Day"),
		on(time.December, 1, "Restoration of Independence Day"), on(time.December, 8, "Immaculate Conception"),
		on(time.December, 25, "Christmas Day"),
	}},
	"RO": {"Romania", "Europe/Bucharest", "Labour Code, Art. 139(1)", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 2, "Day after New Year's Day"), on(time.January, 6, "Epiphany").since(2024),
		on(time.January, 7, "St John the Baptist").since(2024), on(time.January, 24, "Unification Day"), pascha(-2, "Good Friday"),
		pascha(0, "Easter Sunday"), pascha(1, "Easter Monday"), on(time.May, 1, "Labour Day"), on(time.June, 1, "Children's Day"),
		pascha(49, "Whit Sunday"), pascha(50, "Whit Monday"), on(time.August, 15, "Dormition"), on(time.November, 30, "St Andrew"),
		on(time.December, 1, "National Day"), on(time.December, 25, "Christmas Day"), on(time.December, 26, "Second Day of Christmas"),
	}},
	// The consolidation laws of 2024 and 2025 took days of rest away: 1 September since 2024, 17 November since 2025, and in 2026
	// alone 8 May and 15 September.
	"SK": {"Slovakia", "Europe/Bratislava", "Act No. 241/1993 Z. z. on state holidays, days of rest and memorial days, as amended for 2024 to 2026", []rule{
		on(time.January, 1, "Republic Day"), on(time.January, 6, "Epiphany"), easter(-2, "Good Friday"), easter(1, "Easter Monday"),
		on(time.May, 1, "Labour Day"), on(time.May, 8, "Victory Day").except(2026), on(time.July, 5, "Saints Cyril and Methodius' Day"),
		on(time.August, 29, "Slovak National Uprising Day"), on(time.September, 1, "Constitution Day").to(2023),
		on(time.September, 15, "Our Lady of Sorrows").except(2026), on(time.November, 1, "All Saints' Day"),
		on(time.November, 17, "Struggle for Freedom and Democracy Day").to(2024), on(time.December, 24, "Christmas Eve"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "St Stephen's Day"),
	}},
	"SI": {"Slovenia", "Europe/Ljubljana", "Public Holidays and Work-free Days in the Republic of Slovenia Act, Art. 1 and 2", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 2, "New Year's Holiday").since(2017), on(time.February, 8, "Prešeren Day"),
		easter(0, "Easter Sunday"), easter(1, "Easter Monday"), on(time.April, 27, "Day of Uprising Against Occupation"),
		on(time.May, 1, "Labour Day"), on(time.May, 2, "Labour Day"), easter(49, "Whit Sunday"), on(time.June, 25, "Statehood Day"),
		on(time.August, 15, "Assumption Day"), on(time.October, 31, "Reformation Day"), on(time.November, 1, "Remembrance Day"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "Independence and Unity Day"),
	}},
	// What falls on a Sunday may be moved by each autonomous community; Epiphany may be exchanged, which none does.
	"ES": {"Spain", "Europe/Madrid", "Estatuto de los Trabajadores, Art. 37(2); Real Decreto 2001/1983, Art. 45; the yearly list in the BOE", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 6, "Epiphany"), easter(-2, "Good Friday"), on(time.May, 1, "Labour Day"),
		on(time.August, 15, "Assumption Day"), on(time.October, 12, "National Day"), on(time.November, 1, "All Saints' Day"),
		on(time.December, 6, "Constitution Day"), on(time.December, 8, "Immaculate Conception"), on(time.December, 25, "Christmas Day"),
	}},
	// The eves of Midsummer, Christmas and the New Year are no public holidays in this law.
	"SE": {"Sweden", "Europe/Stockholm", "Lag (1989:253) om allmänna helgdagar", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 6, "Epiphany"), easter(-2, "Good Friday"), easter(0, "Easter Sunday"),
		easter(1, "Easter Monday"), on(time.May, 1, "May Day"), easter(39, "Ascension Day"), easter(49, "Whit Sunday"),
		on(time.June, 6, "National Day"), first(time.Saturday, time.June, 20, "Midsummer Day"),
		first(time.Saturday, time.October, 31, "All Saints' Day"), on(time.December, 25, "Christmas Day"),
		on(time.December, 26, "Second Day of Christmas"),
	}},
}

// The three further states of the Economic Area.
var efta = map[Calendar]country{
	// Christmas Eve and New Year's Eve are holidays from noon only.
	"IS": {"Iceland", "Atlantic/Reykjavik", "Lög um 40 stunda vinnuviku nr. 88/1971, Art. 6; Lög um helgidagafrið nr. 32/1997", []rule{
		on(time.January, 1, "New Year's Day"), easter(-3, "Maundy Thursday"), easter(-2, "Good Friday"), easter(0, "Easter Sunday"),
		easter(1, "Easter Monday"), first(time.Thursday, time.April, 19, "First Day of Summer"), on(time.May, 1, "Labour Day"),
		easter(39, "Ascension Day"), easter(49, "Whit Sunday"), easter(50, "Whit Monday"), on(time.June, 17, "National Day"),
		number(1, time.Monday, time.August, "Commerce Day"), on(time.December, 25, "Christmas Day"),
		on(time.December, 26, "Second Day of Christmas"),
	}},
	// Good Friday, Candlemas and St Joseph are kept without being public holidays beyond doubt, and so left out.
	"LI": {"Liechtenstein", "Europe/Vaduz", "Arbeitsgesetz, Art. 18(2)", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 6, "Epiphany"), easter(1, "Easter Monday"), on(time.May, 1, "Labour Day"),
		easter(39, "Ascension Day"), easter(50, "Whit Monday"), easter(60, "Corpus Christi"), on(time.August, 15, "National Day"),
		on(time.September, 8, "Nativity of Our Lady"), on(time.November, 1, "All Saints' Day"),
		on(time.December, 8, "Immaculate Conception"), on(time.December, 25, "Christmas Day"), on(time.December, 26, "St Stephen's Day"),
	}},
	"NO": {"Norway", "Europe/Oslo", "Lov om helligdager og helligdagsfred (1995), § 2; Lov om 1 og 17 mai (1947)", []rule{
		on(time.January, 1, "New Year's Day"), easter(-3, "Maundy Thursday"), easter(-2, "Good Friday"), easter(0, "Easter Sunday"),
		easter(1, "Easter Monday"), on(time.May, 1, "Labour Day"), on(time.May, 17, "Constitution Day"), easter(39, "Ascension Day"),
		easter(49, "Whit Sunday"), easter(50, "Whit Monday"), on(time.December, 25, "Christmas Day"),
		on(time.December, 26, "Second Day of Christmas"),
	}},
}
