// Package calendar counts legal time limits by the day and shows its working: calendar months, pauses, further months, and the
// move to the next working day, each step with its provision (UK GDPR and Regulation (EU) 2016/679, Art. 12(3); Data Protection
// Act 2018, s.164A; Regulation (EEC, Euratom) 1182/71, Art. 2 and 3).
//
// It holds the national public holidays of the United Kingdom's nations, of the 27 member states of the European Union, and of
// Iceland, Liechtenstein and Norway, as rules where the law is a rule and as single days where it is not. The tables name the law
// of each country; the gazettes themselves were not at hand when they were written, and they were held against two independent
// holiday libraries, weekday by weekday for 2024 to 2030. Where those disagreed and the law was not plain, the day is left out,
// because a day too few brings a deadline forward and a day too many lets it be missed.
//
// It deliberately leaves out: regional and local days (of a German Land, a Spanish autonomous community, a French département, a
// town's patron); bridge days and working days that a government exchanges by decree; half days and customary days such as
// Christmas Eve where no law makes it a public holiday; and single days proclaimed after Reviewed. It takes dates, never instants:
// the caller turns an instant into the day that it was in the calendar's zone.
package calendar
