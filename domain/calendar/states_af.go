package calendar

import "time"

// The member states whose English names begin with A to F.
var statesAtoF = map[Calendar]country{
	"AT": {"Austria", "Europe/Vienna", "Arbeitsruhegesetz, § 7(2)", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 6, "Epiphany"), easter(1, "Easter Monday"),
		on(time.May, 1, "National Holiday (1 May)"), easter(39, "Ascension Day"), easter(50, "Whit Monday"),
		easter(60, "Corpus Christi"), on(time.August, 15, "Assumption Day"), on(time.October, 26, "National Day"),
		on(time.November, 1, "All Saints' Day"), on(time.December, 8, "Immaculate Conception"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "St Stephen's Day"),
	}},
	"BE": {"Belgium", "Europe/Brussels", "Law of 4 January 1974 on public holidays; Royal Decree of 18 April 1974, Art. 1", []rule{
		on(time.January, 1, "New Year's Day"), easter(1, "Easter Monday"), on(time.May, 1, "Labour Day"),
		easter(39, "Ascension Day"), easter(50, "Whit Monday"), on(time.July, 21, "National Day"),
		on(time.August, 15, "Assumption Day"), on(time.November, 1, "All Saints' Day"), on(time.November, 11, "Armistice Day"),
		on(time.December, 25, "Christmas Day"),
	}},
	// Art. 154(2): what falls on a weekend, Easter apart, is followed by as many days off on the first working days.
	"BG": {"Bulgaria", "Europe/Sofia", "Labour Code, Art. 154", []rule{
		on(time.January, 1, "New Year's Day").orSubstitute(), on(time.March, 3, "Liberation Day").orSubstitute(),
		pascha(-2, "Good Friday"), pascha(-1, "Holy Saturday"), pascha(0, "Easter Sunday"), pascha(1, "Easter Monday"),
		on(time.May, 1, "Labour Day").orSubstitute(), on(time.May, 6, "St George's Day").orSubstitute(),
		on(time.May, 24, "Saints Cyril and Methodius' Day").orSubstitute(), on(time.September, 6, "Unification Day").orSubstitute(),
		on(time.September, 22, "Independence Day").orSubstitute(), on(time.December, 24, "Christmas Eve").orSubstitute(),
		on(time.December, 25, "Christmas Day").orSubstitute(), on(time.December, 26, "Second Day of Christmas").orSubstitute(),
	}},
	"HR": {"Croatia", "Europe/Zagreb", "Act on Holidays, Memorial Days and Non-Working Days in the Republic of Croatia (NN 110/2019), Art. 1 and 2", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 6, "Epiphany"), easter(0, "Easter Sunday"), easter(1, "Easter Monday"),
		on(time.May, 1, "Labour Day"), on(time.May, 30, "Statehood Day"), easter(60, "Corpus Christi"),
		on(time.June, 22, "Anti-Fascist Struggle Day"), on(time.August, 5, "Victory Day"), on(time.August, 15, "Assumption Day"),
		on(time.November, 1, "All Saints' Day"), on(time.November, 18, "Remembrance Day"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "St Stephen's Day"),
	}},
	"CY": {"Cyprus", "Asia/Nicosia", "Public holidays of the Republic, as the Public Administration and Personnel Department publishes them", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 6, "Epiphany"), pascha(-48, "Green Monday"),
		on(time.March, 25, "Greek Independence Day"), on(time.April, 1, "Cyprus National Day"), pascha(-2, "Good Friday"),
		pascha(0, "Easter Sunday"), pascha(1, "Easter Monday"), on(time.May, 1, "Labour Day"), pascha(50, "Whit Monday"),
		on(time.August, 15, "Assumption Day"), on(time.October, 1, "Independence Day"), on(time.October, 28, "Ohi Day"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "Boxing Day"),
	}},
	"CZ": {"Czechia", "Europe/Prague", "Act No. 245/2000 Sb. on state holidays, other holidays, significant days and non-working days", []rule{
		on(time.January, 1, "New Year's Day"), easter(-2, "Good Friday"), easter(1, "Easter Monday"), on(time.May, 1, "Labour Day"),
		on(time.May, 8, "Victory Day"), on(time.July, 5, "Saints Cyril and Methodius' Day"), on(time.July, 6, "Jan Hus Day"),
		on(time.September, 28, "Czech Statehood Day"), on(time.October, 28, "Independence Day"),
		on(time.November, 17, "Struggle for Freedom and Democracy Day"), on(time.December, 24, "Christmas Eve"),
		on(time.December, 25, "Christmas Day"), on(time.December, 26, "St Stephen's Day"),
	}},
	// Great Prayer Day is no public holiday since 2024 (Lov nr. 214 of 6 March 2023).
	"DK": {"Denmark", "Europe/Copenhagen", "Helligdage of the Danish National Church; Lov om konsekvenser ved afskaffelsen af store bededag (Lov nr. 214 of 2023)", []rule{
		on(time.January, 1, "New Year's Day"), easter(-3, "Maundy Thursday"), easter(-2, "Good Friday"), easter(0, "Easter Sunday"),
		easter(1, "Easter Monday"), easter(26, "Great Prayer Day").to(2023), easter(39, "Ascension Day"), easter(49, "Whit Sunday"),
		easter(50, "Whit Monday"), on(time.December, 25, "Christmas Day"), on(time.December, 26, "Second Day of Christmas"),
	}},
	"EE": {"Estonia", "Europe/Tallinn", "Pühade ja tähtpäevade seadus, § 2", []rule{
		on(time.January, 1, "New Year's Day"), on(time.February, 24, "Independence Day"), easter(-2, "Good Friday"),
		easter(0, "Easter Sunday"), on(time.May, 1, "Spring Day"), easter(49, "Whit Sunday"), on(time.June, 23, "Victory Day"),
		on(time.June, 24, "Midsummer Day"), on(time.August, 20, "Restoration of Independence Day"),
		on(time.December, 24, "Christmas Eve"), on(time.December, 25, "Christmas Day"), on(time.December, 26, "Boxing Day"),
	}},
	// Midsummer Eve and Christmas Eve are days off by agreement, not public holidays.
	"FI": {"Finland", "Europe/Helsinki", "Church Act 652/2023; Act 388/1937 on Independence Day; Act 272/1944 on the first of May", []rule{
		on(time.January, 1, "New Year's Day"), on(time.January, 6, "Epiphany"), easter(-2, "Good Friday"), easter(0, "Easter Sunday"),
		easter(1, "Easter Monday"), on(time.May, 1, "May Day"), easter(39, "Ascension Day"), easter(49, "Whit Sunday"),
		first(time.Saturday, time.June, 20, "Midsummer Day"), first(time.Saturday, time.October, 31, "All Saints' Day"),
		on(time.December, 6, "Independence Day"), on(time.December, 25, "Christmas Day"), on(time.December, 26, "St Stephen's Day"),
	}},
	"FR": {"France", "Europe/Paris", "Code du travail, Art. L3133-1", []rule{
		on(time.January, 1, "New Year's Day"), easter(1, "Easter Monday"), on(time.May, 1, "Labour Day"), on(time.May, 8, "Victory Day"),
		easter(39, "Ascension Day"), easter(50, "Whit Monday"), on(time.July, 14, "National Day"), on(time.August, 15, "Assumption Day"),
		on(time.November, 1, "All Saints' Day"), on(time.November, 11, "Armistice Day"), on(time.December, 25, "Christmas Day"),
	}},
}
