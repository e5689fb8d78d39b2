package calendar

import (
	"slices"

	"github.com/jigowatt/daybook/domain"
)

// Wait is a question to the person and the day on which what was asked for came, none while it has not.
type Wait struct {
	Asked Date
	Came  Date
}

// Reply is what the time limit for answering a request under Articles 15 to 22 is counted from (Art. 12(3); in the UK, Art. 12A).
type Reply struct {
	Regime   domain.Regime
	Calendar Calendar
	Received Date
	// Access says that the request is one under Article 15: in the UK only there does asking what it is about stop the clock.
	Access bool
	// The questions asked: for proof of identity (Art. 12(6)), for a fee (Art. 12(5)), for what the request is about.
	Identity, Fee, Clarification []Wait
	// Further is the number of months, 0 to 2, by which the period was extended in time.
	Further int
}

// Working counts the time limit, with the further months.
func (r Reply) Working() Working { return r.count(r.Further) }

// FirstMonth counts the first month alone: the time in which a refusal must be told and an extension announced.
func (r Reply) FirstMonth() Working { return r.count(0) }

func (r Reply) count(further int) Working {
	w := Working{}.step("Received "+r.Received.Words(), "", r.Received)
	start, w := r.start(w)
	if w.Now == NotStarted {
		return w
	}
	end := start.AddMonths(1)
	w = w.step("One calendar month → "+end.Words(), r.month(), end)
	if end.Day != start.Day {
		w.Steps[len(w.Steps)-1].Text += ", the last day of the month"
	}
	if further > 0 {
		end = start.AddMonths(1 + further)
		w = w.step("Extended by "+count(further, "further month")+" → "+end.Words(), r.extension(), end)
	}
	end, w = r.pauses(w, start, end)
	if w.Now == Paused {
		return w
	}
	return w.roll(r.Calendar, end, rolling(r.Regime))
}

// start gives the day from which the month runs. In the UK that is the latest of the request, the proof of identity and the fee;
// a question put after the month had run out comes too late to move it.
func (r Reply) start(w Working) (Date, Working) {
	start := r.Received
	if r.Regime != domain.UK {
		return start, w
	}
	for _, q := range []struct {
		waits     []Wait
		what      string
		provision string
	}{
		{r.Identity, "Proof of identity", "UK GDPR Art. 12A(2)(b), 12(6)"},
		{r.Fee, "The fee", "UK GDPR Art. 12A(2)(c), 12(5)"},
	} {
		for _, wait := range q.waits {
			last := r.Calendar.NextWorkday(start.AddMonths(1))
			switch {
			case wait.Asked.After(last):
				w = w.step(q.what+" asked for on "+wait.Asked.Words()+", after the month had run out: it does not move the period", q.provision, Date{})
			case wait.Came.IsZero():
				w = w.step(q.what+" asked for on "+wait.Asked.Words()+" has not come: the month has not begun", q.provision, Date{})
				w.Now = NotStarted
				return start, w
			case wait.Came.After(start):
				start = wait.Came
				w = w.step(q.what+" received "+start.Words()+": the month runs from here", q.provision, start)
			}
		}
	}
	return start, w
}

// pauses moves the end by the days that do not count.
func (r Reply) pauses(w Working, start, end Date) (Date, Working) {
	var paused []Wait
	if r.Regime == domain.UK && r.Access {
		paused = r.Clarification
	} else if len(r.Clarification) > 0 {
		w = w.step("Asked what the request is about on "+r.Clarification[0].Asked.Words()+": the clock runs on", r.unpaused(), Date{})
	}
	what, provision := "clarification", "UK GDPR Art. 12A(5)"
	if r.Regime == domain.EU {
		paused, what, provision = r.Identity, "proof of identity", "Art. 12(6); EDPB Guidelines 01/2022, section 5.3"
	}
	if len(r.Fee) > 0 && r.Regime == domain.EU {
		w = w.step("A fee was asked for on "+r.Fee[0].Asked.Words()+": the clock runs on", "Art. 12(5) names no pause", Date{})
	}
	sorted := slices.Clone(paused)
	slices.SortStableFunc(sorted, func(a, b Wait) int { return a.Asked.Compare(b.Asked) })
	counted := start.AddDays(-1) // the last day already left out or before the start
	for _, p := range sorted {
		switch {
		case p.Asked.After(r.Calendar.NextWorkday(end)):
			w = w.step("Asked for "+what+" on "+p.Asked.Words()+", after the period had run out: it does not pause it", provision, Date{})
			continue
		case p.Came.IsZero():
			w = w.step("Paused since "+p.Asked.Words()+": the "+what+" asked for has not come", provision, Date{})
			w.Now = Paused
			return end, w
		}
		from := p.Asked
		if !from.After(counted) {
			from = counted.AddDays(1)
		}
		days := p.Came.DaysSince(from) + r.lastDay()
		if days <= 0 {
			continue
		}
		counted = p.Came.AddDays(r.lastDay() - 1)
		end = end.AddDays(days)
		w = w.step("Paused "+count(days, "day")+" for "+what+", "+from.Words()+" to "+p.Came.Words()+" → "+end.Words(), provision, end)
	}
	return end, w
}

// lastDay is 1 where the day on which the information came does not count either: UK law leaves out the period ending with it.
func (r Reply) lastDay() int {
	if r.Regime == domain.UK {
		return 1
	}
	return 0
}

func (r Reply) month() string {
	if r.Regime == domain.UK {
		return "UK GDPR Art. 12(3), 12A(1)"
	}
	return "Art. 12(3); Reg. 1182/71, Art. 3(2)(c)"
}

func (r Reply) extension() string {
	if r.Regime == domain.UK {
		return "UK GDPR Art. 12A(3), (4)"
	}
	return "Art. 12(3)"
}

func (r Reply) unpaused() string {
	if r.Regime == domain.UK {
		return "UK GDPR Art. 12A(5): only a request under Article 15 is paused"
	}
	return "Art. 12(3) names no pause; the EDPB (Guidelines 01/2022, section 5.3) accepts one under recital 63, which is not counted on here"
}
