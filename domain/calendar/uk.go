package calendar

import "time"

// The United Kingdom: Banking and Financial Dealings Act 1971, Schedule 1, with the days that a royal proclamation under section 1
// appoints every year; a day on a weekend has a substitute on the next free weekday. GOV.UK publishes the days some years ahead.
var unitedKingdom = map[Calendar]country{
	EnglandAndWales: {
		"England and Wales", "Europe/London",
		"Banking and Financial Dealings Act 1971, Sch. 1 para. 1, proclamations under s. 1(3), and common law; GOV.UK bank holidays",
		[]rule{
			on(time.January, 1, "New Year's Day").orSubstitute(),
			easter(-2, "Good Friday"),
			easter(1, "Easter Monday"),
			number(1, time.Monday, time.May, "Early May bank holiday"),
			number(-1, time.Monday, time.May, "Spring bank holiday"),
			number(-1, time.Monday, time.August, "Summer bank holiday"),
			on(time.December, 25, "Christmas Day").orSubstitute(),
			on(time.December, 26, "Boxing Day").orSubstitute(),
		},
	},
	Scotland: {
		"Scotland", "Europe/London",
		"Banking and Financial Dealings Act 1971, Sch. 1 para. 2, proclamations under s. 1(3); St Andrew's Day Bank Holiday (Scotland) Act 2007; GOV.UK bank holidays",
		[]rule{
			on(time.January, 1, "New Year's Day").orSubstitute(),
			on(time.January, 2, "2nd January").orSubstitute(),
			easter(-2, "Good Friday"),
			number(1, time.Monday, time.May, "Early May bank holiday"),
			number(-1, time.Monday, time.May, "Spring bank holiday"),
			only(NewDate(2026, time.June, 15), "Bank holiday for the World Cup"),
			number(1, time.Monday, time.August, "Summer bank holiday"),
			on(time.November, 30, "St Andrew's Day").orSubstitute(),
			on(time.December, 25, "Christmas Day").orSubstitute(),
			on(time.December, 26, "Boxing Day").orSubstitute(),
		},
	},
	NorthernIreland: {
		"Northern Ireland", "Europe/London",
		"Banking and Financial Dealings Act 1971, Sch. 1 para. 3, proclamations and orders under s. 1(3), (5); GOV.UK bank holidays",
		[]rule{
			on(time.January, 1, "New Year's Day").orSubstitute(),
			on(time.March, 17, "St Patrick's Day").orSubstitute(),
			easter(-2, "Good Friday"),
			easter(1, "Easter Monday"),
			number(1, time.Monday, time.May, "Early May bank holiday"),
			number(-1, time.Monday, time.May, "Spring bank holiday"),
			on(time.July, 12, "Battle of the Boyne").orSubstitute(),
			number(-1, time.Monday, time.August, "Summer bank holiday"),
			on(time.December, 25, "Christmas Day").orSubstitute(),
			on(time.December, 26, "Boxing Day").orSubstitute(),
		},
	},
}
