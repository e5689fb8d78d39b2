package api

import (
	"strconv"
	"strings"

	"github.com/jigowatt/daybook/domain/calendar"
)

// clockWords says in a sentence how a clock stands on a day.
func clockWords(w calendar.Working, today calendar.Date) string {
	switch w.Now {
	case calendar.Running:
		left, _ := w.Left(today)
		switch {
		case left < 0:
			return "Due " + w.Due.LongWords() + ": " + counted(-left, "day") + " late."
		case left == 0:
			return "Due " + w.Due.LongWords() + ": today."
		default:
			return "Due " + w.Due.LongWords() + ": " + counted(left, "day") + " left."
		}
	case calendar.Paused:
		return "Paused: it waits for the person."
	case calendar.NotStarted:
		return "Not started: it waits for the person."
	default: // The last line of the working says it.
		return w.Steps[len(w.Steps)-1].Text + "."
	}
}

func counted(n int, noun string) string {
	s := strconv.Itoa(n) + " " + noun
	if n != 1 {
		s += "s"
	}
	return s
}

// upper makes the first letter of a text of ours a capital.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
