package calendar

import "time"

// The member states whose English names begin with G to N.
var statesGtoN = map[Calendar]country{
	// Only the nine days that are public holidays in all sixteen Länder; 3 October is federal law, the rest is theirs.
	"DE": {"Germany", "Europe/Berlin", "Unification Treaty, Art. 2(2); the holiday acts (Feiertagsgesetze) of the sixteen Länder, what is common to all", []rule{
		on(time.January, 1, "New Year's Day"), easter(-2, "Good Friday"), easter(1, "Easter Monday"), on(time.May, 1, "Labour Day"),
		easter(39, "Ascension Day"), easter(50, "Whit Monday"), on(time.October, 3, "German Unity Day"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "Second Day of Christmas"),
	}},
	// A ministerial decision moves May Day out of Holy Week; that of 2024 is known, that of 2027 is not.
	"GR": {"Greece", "Europe/Athens", "Presidential Decree 80/2022 (Code of Individual Labour Law), holidays; Law 1157/1981 for the public services; decision on May Day 2024", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 6, "Epiphany"), pascha(-48, "Clean Monday"),
		on(time.March, 25, "Independence Day"), pascha(-2, "Good Friday"), pascha(0, "Easter Sunday"), pascha(1, "Easter Monday"),
		on(time.May, 1, "Labour Day").except(2024), only(NewDate(2024, time.May, 7), "Labour Day (moved)"), pascha(50, "Whit Monday"),
		on(time.August, 15, "Assumption Day"), on(time.October, 28, "Ohi Day"), on(time.December, 25, "Christmas Day"),
		on(time.December, 26, "Second Day of Christmas"),
	}},
	"HU": {"Hungary", "Europe/Budapest", "Act I of 2012 on the Labour Code, § 102(1)", []rule{
		on(time.January, 1, "New Year's Day"), on(time.March, 15, "1848 Revolution Day"), easter(-2, "Good Friday"),
		easter(0, "Easter Sunday"), easter(1, "Easter Monday"), on(time.May, 1, "Labour Day"), easter(49, "Whit Sunday"),
		easter(50, "Whit Monday"), on(time.August, 20, "State Foundation Day"), on(time.October, 23, "1956 Revolution Day"),
		on(time.November, 1, "All Saints' Day"), on(time.December, 25, "Christmas Day"), on(time.December, 26, "Second Day of Christmas"),
	}},
	// The Act moves no day that falls on a weekend; it gives the employee another.
	"IE": {"Ireland", "Europe/Dublin", "Organisation of Working Time Act 1997, s. 21 and Second Schedule; S.I. 50/2022", []rule{
		on(time.January, 1, "New Year's Day"), {name: "St Brigid's Day", how: brigid, from: 2023}, on(time.March, 17, "St Patrick's Day"),
		easter(1, "Easter Monday"), number(1, time.Monday, time.May, "May holiday"), number(1, time.Monday, time.June, "June holiday"),
		number(1, time.Monday, time.August, "August holiday"), number(-1, time.Monday, time.October, "October holiday"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "St Stephen's Day"),
	}},
	"IT": {"Italy", "Europe/Rome", "Law No. 260 of 27 May 1949; Law No. 151 of 8 October 2025 for St Francis", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 6, "Epiphany"), easter(0, "Easter Sunday"), easter(1, "Easter Monday"),
		on(time.April, 25, "Liberation Day"), on(time.May, 1, "Labour Day"), on(time.June, 2, "Republic Day"),
		on(time.August, 15, "Assumption Day"), on(time.October, 4, "St Francis of Assisi").since(2026),
		on(time.November, 1, "All Saints' Day"), on(time.December, 8, "Immaculate Conception"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "St Stephen's Day"),
	}},
	// Only 4 May and 18 November are followed by a day off where they fall on a weekend.
	"LV": {"Latvia", "Europe/Riga", "Law on Public Holidays, Commemoration Days and Celebration Days, s. 1", []rule{
		on(time.January, 1, "New Year's Day"), easter(-2, "Good Friday"), easter(0, "Easter Sunday"), easter(1, "Easter Monday"),
		on(time.May, 1, "Labour Day"), on(time.May, 4, "Restoration of Independence Day").orSubstitute(),
		number(2, time.Sunday, time.May, "Mother's Day"), easter(49, "Whit Sunday"), on(time.June, 23, "Midsummer Eve"),
		on(time.June, 24, "Midsummer Day"), on(time.November, 18, "Republic Day").orSubstitute(), on(time.December, 24, "Christmas Eve"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "Second Day of Christmas"), on(time.December, 31, "New Year's Eve"),
	}},
	"LT": {"Lithuania", "Europe/Vilnius", "Labour Code, Art. 123(1)", []rule{
		on(time.January, 1, "New Year's Day"), on(time.February, 16, "Day of Restoration of the State"),
		on(time.March, 11, "Day of Restoration of Independence"), easter(0, "Easter Sunday"), easter(1, "Easter Monday"),
		on(time.May, 1, "Labour Day"), number(1, time.Sunday, time.May, "Mother's Day"), number(1, time.Sunday, time.June, "Father's Day"),
		on(time.June, 24, "Midsummer Day"), on(time.July, 6, "Statehood Day"), on(time.August, 15, "Assumption Day"),
		on(time.November, 1, "All Saints' Day"), on(time.November, 2, "All Souls' Day"), on(time.December, 24, "Christmas Eve"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "Second Day of Christmas"),
	}},
	"LU": {"Luxembourg", "Europe/Luxembourg", "Code du travail, Art. L.232-2", []rule{
		on(time.January, 1, "New Year's Day"), easter(1, "Easter Monday"), on(time.May, 1, "Labour Day"), on(time.May, 9, "Europe Day"),
		easter(39, "Ascension Day"), easter(50, "Whit Monday"), on(time.June, 23, "National Day"), on(time.August, 15, "Assumption Day"),
		on(time.November, 1, "All Saints' Day"), on(time.December, 25, "Christmas Day"), on(time.December, 26, "St Stephen's Day"),
	}},
	"MT": {"Malta", "Europe/Malta", "National Holidays and Other Public Holidays Act, Cap. 252", []rule{
		on(time.January, 1, "New Year's Day"), on(time.February, 10, "St Paul's Shipwreck"), on(time.March, 19, "St Joseph"),
		on(time.March, 31, "Freedom Day"), easter(-2, "Good Friday"), on(time.May, 1, "Workers' Day"), on(time.June, 7, "Sette Giugno"),
		on(time.June, 29, "St Peter and St Paul"), on(time.August, 15, "Assumption Day"), on(time.September, 8, "Our Lady of Victories"),
		on(time.September, 21, "Independence Day"), on(time.December, 8, "Immaculate Conception"), on(time.December, 13, "Republic Day"),
		on(time.December, 25, "Christmas Day"),
	}},
	// The act on time limits counts 5 May every year and treats Good Friday as a public holiday.
	"NL": {"the Netherlands", "Europe/Amsterdam", "Algemene termijnenwet, Art. 3(1) and (2)", []rule{
		on(time.January, 1, "New Year's Day"), easter(-2, "Good Friday"), easter(0, "Easter Sunday"), easter(1, "Easter Monday"),
		{name: "King's Day", how: sundayMoves, month: time.April, day: 27, from: 2014}, on(time.May, 5, "Liberation Day"),
		easter(39, "Ascension Day"), easter(49, "Whit Sunday"), easter(50, "Whit Monday"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "Second Day of Christmas"),
	}},
}
