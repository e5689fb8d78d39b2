package wire

import "strings"

// maxSlips is how many letters may be wrong for a name to be taken for a slip of a known one.
const maxSlips = 2

// Nearest gives the known name that an unknown one is most likely a slip of, or nothing.
func Nearest(name string, known []string) string {
	if len(name) > MaxNameBytes {
		return ""
	}
	best, least := "", maxSlips+1
	for _, k := range known {
		if d := slips(strings.ToLower(name), strings.ToLower(k)); k != "" && d < least && d < len(k)/2+1 {
			best, least = k, d
		}
	}
	return best
}

// slips is the edit distance of Levenshtein.
func slips(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost++
			}
			corner = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
