package calendar

import (
	"strconv"

	"github.com/jigowatt/daybook/domain"
)

// Standing says how a clock stands.
type Standing string

// The standings of a clock.
const (
	Running    Standing = "running"
	Paused     Standing = "paused"      // the person is to say what the request is about, and the days do not count
	NotStarted Standing = "not-started" // what starts the period has not come
	NoPeriod   Standing = "no-period"   // the law names no number of days
	Met        Standing = "met"
	Missed     Standing = "missed"
	Stopped    Standing = "stopped" // the request was withdrawn or went elsewhere
)

// Step is one line of a working: what happened or was counted, where that leads, and the provision it rests on.
type Step struct {
	Text      string `json:"text"`
	Provision string `json:"provision,omitempty"`
	Date      Date   `json:"date,omitzero"` // where the count stands after the step
}

// Working is a time limit with its working, step by step.
type Working struct {
	Steps []Step `json:"steps"`
	// Due is the last day on which the limit is kept. While the clock is paused or has not started it is absent.
	Due Date     `json:"due,omitzero"`
	Now Standing `json:"standing"`
	// Ended is the day on which the clock stopped.
	Ended Date `json:"ended,omitzero"`
}

// Left gives the days from today until the limit, today not counted and negative where it has passed, and whether there is a
// limit that still runs.
func (w Working) Left(today Date) (days int, running bool) {
	if w.Now != Running {
		return 0, false
	}
	return w.Due.DaysSince(today), true
}

// Overdue says that the limit has passed unmet by the end of yesterday.
func (w Working) Overdue(today Date) bool {
	return w.Now == Missed || w.Now == Running && today.After(w.Due)
}

// Done ends the clock on the day on which what was owed was done, said in words that begin a sentence: "Answered".
func (w Working) Done(what string, day Date) Working {
	if day.IsZero() || w.Now == Stopped {
		return w
	}
	text := what + " on " + day.Words()
	switch w.Now {
	case Running:
		left := w.Due.DaysSince(day)
		w.Now = Met
		switch {
		case left < 0:
			w.Now = Missed
			text += ": " + count(-left, "day") + " late"
		case left == 0:
			text += ": in time, on the last day"
		default:
			text += ": in time, " + count(left, "day") + " early"
		}
	case Paused, NotStarted:
		w.Now = Met
		text += ": in time, the clock was not running"
	default:
	}
	w.Ended = day
	return w.step(text, "", day)
}

// Stop ends the clock without its being met or missed, for the reason given in words that begin a sentence: "Withdrawn".
func (w Working) Stop(what string, day Date) Working {
	if day.IsZero() {
		return w
	}
	text := what + " on " + day.Words()
	if w.Now == Running && day.After(w.Due) {
		w.Now = Missed
		text += ": the limit had passed by then"
	} else {
		w.Now = Stopped
		text += ": the clock stops"
	}
	w.Ended = day
	return w.step(text, "", day)
}

// step adds a line. The lines of the working it is called on are never changed.
func (w Working) step(text, provision string, at Date) Working {
	w.Steps = append(w.Steps[:len(w.Steps):len(w.Steps)], Step{text, provision, at})
	return w
}

// roll moves a day that is no working day to the next that is one, saying so.
func (w Working) roll(c Calendar, d Date, provision string) Working {
	due := c.NextWorkday(d)
	if due != d {
		why := d.Weekday().String()
		if name, is := c.Holiday(d); is {
			why = name + ", a public holiday in " + c.Title()
		} else {
			why = "a " + why
		}
		w = w.step(d.Words()+" is "+why+" → "+due.LongWords(), provision, due)
	}
	w.Due, w.Now = due, Running
	return w
}

func count(n int, noun string) string {
	s := strconv.Itoa(n) + " " + noun
	if n != 1 {
		s += "s"
	}
	return s
}

// rolling gives the provision that moves a limit to the next working day.
func rolling(r domain.Regime) string {
	if r == domain.UK {
		return "ICO guidance on the right of access, time limits"
	}
	return "Reg. 1182/71, Art. 3(4)"
}
