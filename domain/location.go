package domain

import "github.com/cockroachdb/errors"

// Location is a country by its ISO 3166-1 alpha-2 code.
type Location string

// ParseLocation reads two capital letters. It returns ErrInvalid.
func ParseLocation(s string) (Location, error) {
	if len(s) != 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return "", errors.WithHint(errors.Wrap(ErrInvalid, "location"),
			"Name the country by its ISO 3166-1 code in capitals, for example GB or DE.")
	}
	return Location(s), nil
}

// Nation is a nation of the United Kingdom by its ISO 3166-2 code. Its public holidays are its own.
type Nation string

// The nations, England and Wales together.
const (
	EnglandAndWales Nation = "GB-EAW"
	Scotland        Nation = "GB-SCT"
	NorthernIreland Nation = "GB-NIR"
)

// ParseNation reads a nation's code. It returns ErrInvalid.
func ParseNation(s string) (Nation, error) {
	switch n := Nation(s); n {
	case EnglandAndWales, Scotland, NorthernIreland:
		return n, nil
	}
	return "", errors.WithHint(errors.Wrap(ErrInvalid, "nation"),
		"Name the nation by its ISO 3166-2 code: GB-EAW for England and Wales, GB-SCT for Scotland or GB-NIR for Northern Ireland.")
}

// Territory is a set of countries as an instruction names it: a country, or EEA for all of the European Economic Area.
type Territory string

// EEA stands for the members of the European Union, Iceland, Liechtenstein and Norway.
const EEA Territory = "EEA"

// ParseTerritory reads a country's code or EEA. It returns ErrInvalid.
func ParseTerritory(s string) (Territory, error) {
	if Territory(s) == EEA {
		return EEA, nil
	}
	l, err := ParseLocation(s)
	return Territory(l), err
}

// Holds says that the country lies in the territory.
func (t Territory) Holds(l Location) bool {
	return Territory(l) == t || (t == EEA && eea[l])
}

var eea = map[Location]bool{
	"AT": true, "BE": true, "BG": true, "CY": true, "CZ": true, "DE": true, "DK": true, "EE": true, "ES": true, "FI": true,
	"FR": true, "GR": true, "HR": true, "HU": true, "IE": true, "IS": true, "IT": true, "LI": true, "LT": true, "LU": true,
	"LV": true, "MT": true, "NL": true, "NO": true, "PL": true, "PT": true, "RO": true, "SE": true, "SI": true, "SK": true,
}
