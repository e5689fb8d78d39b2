package calendar_test

import (
	"reflect"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
)

func wait(days ...string) []calendar.Wait {
	var w []calendar.Wait
	for i := 0; i < len(days); i += 2 {
		one := calendar.Wait{Asked: day(days[i])}
		if days[i+1] != "" {
			one.Came = day(days[i+1])
		}
		w = append(w, one)
	}
	return w
}

// Art. 12(3), Art. 12A UK GDPR, Reg. 1182/71 Art. 3: when a request must be answered.
func TestWhenARequestMustBeAnswered(t *testing.T) {
	type reply = calendar.Reply
	uk := func(received string, change func(*reply)) reply {
		r := reply{Regime: domain.UK, Calendar: calendar.EnglandAndWales, Received: day(received), Access: true}
		if change != nil {
			change(&r)
		}
		return r
	}
	eu := func(received string, change func(*reply)) reply {
		r := uk(received, change)
		r.Regime, r.Calendar = domain.EU, "DE"
		return r
	}
	for _, row := range []struct {
		rule  string
		reply reply
		due   string
		now   calendar.Standing
	}{
		{"UK, ICO: 3 September → 3 October, a Saturday → Monday", uk("2026-09-03", nil), "2026-10-05", calendar.Running},
		{"UK: 4 September → 4 October, a Sunday → Monday", uk("2026-09-04", nil), "2026-10-05", calendar.Running},
		{"UK: 7 September → 7 October, a Wednesday", uk("2026-09-07", nil), "2026-10-07", calendar.Running},
		{"UK: received on a Sunday, counted from it", uk("2026-09-06", nil), "2026-10-06", calendar.Running},
		{"EU, Art. 3(2)(c): 31 January 2025 → 28 February", eu("2025-01-31", nil), "2025-02-28", calendar.Running},
		{"UK, ICO: 31 March → 30 April", uk("2026-03-31", nil), "2026-04-30", calendar.Running},
		{"EU: 29, 30 and 31 January end on one day, moved from Saturday", eu("2026-01-29", nil), "2026-03-02", calendar.Running},
		{"EU: 31 January too", eu("2026-01-31", nil), "2026-03-02", calendar.Running},
		{"EU: a leap year's 29 February", eu("2028-01-31", nil), "2028-02-29", calendar.Running},
		{"UK: 25 November → Christmas Day → past the weekend and the substitute", uk("2026-11-25", nil), "2026-12-29", calendar.Running},
		{"EU: 25 November → Christmas Day → Monday, no substitute in Germany", eu("2026-11-25", nil), "2026-12-28", calendar.Running},
		{"UK: 3 March → Good Friday → Tuesday in England", uk("2026-03-03", nil), "2026-04-07", calendar.Running},
		{"UK: Easter Monday is no holiday in Scotland", uk("2026-03-03", func(r *reply) { r.Calendar = calendar.Scotland }), "2026-04-06", calendar.Running},
		{"UK: nor where the nation is not known", uk("2026-03-03", func(r *reply) { r.Calendar = calendar.UnitedKingdom }), "2026-04-06", calendar.Running},

		{"extended by two months: three from the start, not one and two", uk("2026-01-31", func(r *reply) { r.Further = 2 }), "2026-04-30", calendar.Running},
		{"extended by one month", eu("2026-01-31", func(r *reply) { r.Further = 1 }), "2026-03-31", calendar.Running},
		{"extended to a Saturday → Monday", uk("2026-07-03", func(r *reply) { r.Further = 2 }), "2026-10-05", calendar.Running},

		{"UK Art. 12A(5): 10 to 13 September do not count, both included", uk("2026-09-03", func(r *reply) { r.Clarification = wait("2026-09-10", "2026-09-13") }), "2026-10-07", calendar.Running},
		{"UK: asked and told on one day, that day", uk("2026-09-07", func(r *reply) { r.Clarification = wait("2026-09-10", "2026-09-10") }), "2026-10-08", calendar.Running},
		{"UK: two pauses", uk("2026-09-07", func(r *reply) { r.Clarification = wait("2026-09-10", "2026-09-10", "2026-09-15", "2026-09-16") }), "2026-10-12", calendar.Running},
		{"UK: two pauses that overlap count once", uk("2026-09-07", func(r *reply) { r.Clarification = wait("2026-09-10", "2026-09-14", "2026-09-12", "2026-09-15") }), "2026-10-13", calendar.Running},
		{"UK: a pause within a pause adds nothing", uk("2026-09-07", func(r *reply) { r.Clarification = wait("2026-09-10", "2026-09-15", "2026-09-12", "2026-09-13") }), "2026-10-13", calendar.Running},
		{"UK: while the answer has not come the clock stands", uk("2026-09-07", func(r *reply) { r.Clarification = wait("2026-09-10", "") }), "", calendar.Paused},
		{"UK: asked after the period had run out, nothing is won", uk("2026-09-07", func(r *reply) { r.Clarification = wait("2026-10-08", "2026-10-20") }), "2026-10-07", calendar.Running},
		{"UK: asked on the last day, it pauses", uk("2026-09-07", func(r *reply) { r.Clarification = wait("2026-10-07", "2026-10-08") }), "2026-10-09", calendar.Running},
		{"UK: an erasure is not paused by asking what it is about", uk("2026-09-07", func(r *reply) {
			r.Access = false
			r.Clarification = wait("2026-09-10", "2026-09-15")
		}), "2026-10-07", calendar.Running},
		{"UK: nor by an answer that never comes", uk("2026-09-07", func(r *reply) {
			r.Access = false
			r.Clarification = wait("2026-09-10", "")
		}), "2026-10-07", calendar.Running},
		{"EU: asking what it is about does not pause", eu("2026-09-07", func(r *reply) { r.Clarification = wait("2026-09-10", "2026-09-15") }), "2026-10-07", calendar.Running},
		{"EU: nor while the answer has not come", eu("2026-09-07", func(r *reply) { r.Clarification = wait("2026-09-10", "") }), "2026-10-07", calendar.Running},
		{"UK: pauses and further months go together", uk("2026-09-07", func(r *reply) {
			r.Clarification = wait("2026-09-10", "2026-09-13")
			r.Further = 2
		}), "2026-12-11", calendar.Running},

		{"UK Art. 12A(2)(b): the month runs from the proof of identity", uk("2026-09-07", func(r *reply) { r.Identity = wait("2026-09-08", "2026-09-15") }), "2026-10-15", calendar.Running},
		{"UK: it has not begun while that has not come", uk("2026-09-07", func(r *reply) { r.Identity = wait("2026-09-08", "") }), "", calendar.NotStarted},
		{"UK: asked for after the month, too late", uk("2026-09-07", func(r *reply) { r.Identity = wait("2026-10-08", "") }), "2026-10-07", calendar.Running},
		{"UK Art. 12A(2)(c): or from the fee, the latest counts", uk("2026-09-07", func(r *reply) {
			r.Identity = wait("2026-09-08", "2026-09-15")
			r.Fee = wait("2026-09-08", "2026-09-17")
		}), "2026-10-19", calendar.Running},
		{"UK: the fee came first, the proof counts", uk("2026-09-07", func(r *reply) {
			r.Identity = wait("2026-09-08", "2026-09-17")
			r.Fee = wait("2026-09-08", "2026-09-10")
		}), "2026-10-19", calendar.Running},
		{"UK: a pause before the month began counts from its beginning", uk("2026-09-07", func(r *reply) {
			r.Identity = wait("2026-09-08", "2026-09-15")
			r.Clarification = wait("2026-09-08", "2026-09-16")
		}), "2026-10-19", calendar.Running},
		{"UK: a pause over before the month began adds nothing", uk("2026-09-07", func(r *reply) {
			r.Identity = wait("2026-09-08", "2026-09-15")
			r.Clarification = wait("2026-09-08", "2026-09-10")
		}), "2026-10-15", calendar.Running},
		{"EU, EDPB 01/2022: proof of identity suspends the period", eu("2026-09-07", func(r *reply) { r.Identity = wait("2026-09-08", "2026-09-15") }), "2026-10-14", calendar.Running},
		{"EU: and stands still while it has not come", eu("2026-09-07", func(r *reply) { r.Identity = wait("2026-09-08", "") }), "", calendar.Paused},
		{"EU: a fee does not", eu("2026-09-07", func(r *reply) { r.Fee = wait("2026-09-08", "") }), "2026-10-07", calendar.Running},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w := row.reply.Working()
			if w.Due.String() != row.due || w.Now != row.now {
				t.Errorf("due %q %s, want %q %s\n%v", w.Due, w.Now, row.due, row.now, w.Steps)
			}
			if first := row.reply.FirstMonth(); row.reply.Further == 0 && !reflect.DeepEqual(first, w) {
				t.Errorf("the first month ends %s", first.Due)
			} else if row.reply.Further > 0 && !first.Due.Before(w.Due) {
				t.Errorf("the first month ends %s, the extended period %s", first.Due, w.Due)
			}
		})
	}
}

// The clock shows its working.
func TestTheWorkingReadsAsAPersonWouldWriteIt(t *testing.T) {
	access := calendar.Reply{
		Regime: domain.UK, Calendar: calendar.EnglandAndWales, Received: day("2026-09-03"), Access: true, Further: 2,
		Clarification: wait("2026-09-10", "2026-09-13"),
	}
	paid := calendar.Reply{Regime: domain.UK, Calendar: "GB", Received: day("2026-09-07"), Fee: wait("2026-09-08", "2026-09-10")}
	german := calendar.Reply{Regime: domain.EU, Calendar: "DE", Received: day("2026-11-25"), Clarification: wait("2026-11-26", "2026-11-27")}
	for _, row := range []struct {
		rule    string
		working calendar.Working
		steps   []calendar.Step
	}{
		{
			"UK Art. 12A: extended and paused", access.Working().Done("Answered", day("2026-12-07")),
			[]calendar.Step{
				{Text: "Received 3 September 2026", Date: day("2026-09-03")},
				{Text: "One calendar month → 3 October 2026", Provision: "UK GDPR Art. 12(3), 12A(1)", Date: day("2026-10-03")},
				{Text: "Extended by 2 further months → 3 December 2026", Provision: "UK GDPR Art. 12A(3), (4)", Date: day("2026-12-03")},
				{Text: "Paused 4 days for clarification, 10 September 2026 to 13 September 2026 → 7 December 2026", Provision: "UK GDPR Art. 12A(5)", Date: day("2026-12-07")},
				{Text: "Answered on 7 December 2026: in time, on the last day", Date: day("2026-12-07")},
			},
		},
		{
			"UK Art. 12A(2)(c): from the fee", paid.Working(),
			[]calendar.Step{
				{Text: "Received 7 September 2026", Date: day("2026-09-07")},
				{Text: "The fee received 10 September 2026: the month runs from here", Provision: "UK GDPR Art. 12A(2)(c), 12(5)", Date: day("2026-09-10")},
				{Text: "One calendar month → 10 October 2026", Provision: "UK GDPR Art. 12(3), 12A(1)", Date: day("2026-10-10")},
				{Text: "10 October 2026 is a Saturday → Monday 12 October 2026", Provision: "ICO guidance on the right of access, time limits", Date: day("2026-10-12")},
			},
		},
		{
			"UK: paused", access.FirstMonth(),
			[]calendar.Step{
				{Text: "Received 3 September 2026", Date: day("2026-09-03")},
				{Text: "One calendar month → 3 October 2026", Provision: "UK GDPR Art. 12(3), 12A(1)", Date: day("2026-10-03")},
				{Text: "Paused 4 days for clarification, 10 September 2026 to 13 September 2026 → 7 October 2026", Provision: "UK GDPR Art. 12A(5)", Date: day("2026-10-07")},
			},
		},
		{
			"EU: moved from a holiday, and late", german.Working().Done("Answered", day("2026-12-29")),
			[]calendar.Step{
				{Text: "Received 25 November 2026", Date: day("2026-11-25")},
				{Text: "One calendar month → 25 December 2026", Provision: "Art. 12(3); Reg. 1182/71, Art. 3(2)(c)", Date: day("2026-12-25")},
				{Text: "Asked what the request is about on 26 November 2026: the clock runs on", Provision: "Art. 12(3) names no pause; the EDPB (Guidelines 01/2022, section 5.3) accepts one under recital 63, which is not counted on here"},
				{Text: "25 December 2026 is Christmas Day, a public holiday in Germany → Monday 28 December 2026", Provision: "Reg. 1182/71, Art. 3(4)", Date: day("2026-12-28")},
				{Text: "Answered on 29 December 2026: 1 day late", Date: day("2026-12-29")},
			},
		},
	} {
		t.Run(row.rule, func(t *testing.T) {
			if !reflect.DeepEqual(row.working.Steps, row.steps) {
				for _, s := range row.working.Steps {
					t.Logf("%q %q %s", s.Text, s.Provision, s.Date)
				}
				t.Error("the steps differ")
			}
		})
	}
}

// DPA 2018 s.164A: a complaint's receipt is acknowledged within 30 days, counted from the day after.
func TestWhenAComplaintMustBeAcknowledged(t *testing.T) {
	for _, row := range []struct {
		rule     string
		regime   domain.Regime
		calendar calendar.Calendar
		received string
		due      string
		now      calendar.Standing
	}{
		{"30 days after receipt", domain.UK, calendar.EnglandAndWales, "2026-09-07", "2026-10-07", calendar.Running},
		{"a Saturday moves to Monday", domain.UK, calendar.EnglandAndWales, "2026-09-03", "2026-10-05", calendar.Running},
		{"a February is 30 days all the same", domain.UK, calendar.EnglandAndWales, "2027-02-01", "2027-03-03", calendar.Running},
		{"New Year's Day moves to Monday in Scotland", domain.UK, calendar.Scotland, "2026-12-02", "2027-01-05", calendar.Running},
		{"and to Monday in England", domain.UK, calendar.EnglandAndWales, "2026-12-02", "2027-01-04", calendar.Running},
		{"the first day of the duty", domain.UK, calendar.EnglandAndWales, "2026-06-19", "2026-07-20", calendar.Running},
		{"the day before it", domain.UK, calendar.EnglandAndWales, "2026-06-18", "", calendar.NoPeriod},
		{"the EU regime has no such duty", domain.EU, "DE", "2026-09-07", "", calendar.NoPeriod},
	} {
		w := calendar.Acknowledgement(row.regime, row.calendar, day(row.received))
		if w.Due.String() != row.due || w.Now != row.now {
			t.Errorf("%s: due %q %s, want %q", row.rule, w.Due, w.Now, row.due)
		}
	}
}

// Art. 28(3)(e): what was promised to the client is a clock of its own.
func TestWhenThePromiseToTheClientIsKept(t *testing.T) {
	for _, row := range []struct {
		rule    string
		promise calendar.Promise
		due     string
		now     calendar.Standing
	}{
		{"ten days end on the day they end, be it a Saturday", calendar.Promise{Days: 10}, "2026-12-19", calendar.Running},
		{"ten working days", calendar.Promise{Days: 10, Working: true}, "2026-12-23", calendar.Running},
		{"twelve leave Christmas out", calendar.Promise{Days: 12, Working: true}, "2026-12-29", calendar.Running},
		{"by the processor's own calendar", calendar.Promise{Days: 12, Working: true, By: "DE"}, "2026-12-28", calendar.Running},
		{"nothing promised", calendar.Promise{}, "", calendar.NoPeriod},
	} {
		w := row.promise.From(day("2026-12-09"), calendar.EnglandAndWales)
		if w.Due.String() != row.due || w.Now != row.now {
			t.Errorf("%s: due %q %s, want %q", row.rule, w.Due, w.Now, row.due)
		}
	}
	for _, p := range []calendar.Promise{{Days: 1}, {Days: 366, By: "DE"}} {
		if err := p.Valid(); err != nil {
			t.Errorf("%v: %v", p, err)
		}
	}
	for _, p := range []calendar.Promise{{}, {Days: -1}, {Days: 367}, {Days: 1, By: "XX"}} {
		if err := p.Valid(); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%v is taken: %v", p, err)
		}
	}
}

func TestHowAClockEnds(t *testing.T) {
	running := calendar.Acknowledgement(domain.UK, calendar.EnglandAndWales, day("2026-09-07"))
	paused := calendar.Reply{Regime: domain.UK, Calendar: "GB", Received: day("2026-09-07"), Access: true, Clarification: wait("2026-09-10", "")}.Working()
	none := calendar.Acknowledgement(domain.EU, "DE", day("2026-09-07"))
	for _, row := range []struct {
		rule  string
		given calendar.Working
		now   calendar.Standing
		late  bool
	}{
		{"done on the last day", running.Done("Acknowledged", day("2026-10-07")), calendar.Met, false},
		{"done a day later", running.Done("Acknowledged", day("2026-10-08")), calendar.Missed, true},
		{"not done yet", running.Done("Acknowledged", calendar.Date{}), calendar.Running, true},
		{"done while it stood still", paused.Done("Answered", day("2027-01-01")), calendar.Met, false},
		{"done where there is no period", none.Done("Acknowledged", day("2027-01-01")), calendar.NoPeriod, false},
		{"withdrawn in time", running.Stop("Withdrawn", day("2026-10-07")), calendar.Stopped, false},
		{"withdrawn when it was late already", running.Stop("Withdrawn", day("2026-10-08")), calendar.Missed, true},
		{"done after it was withdrawn", running.Stop("Withdrawn", day("2026-10-07")).Done("Answered", day("2026-12-01")), calendar.Stopped, false},
		{"standing still it is never late", paused, calendar.Paused, false},
	} {
		if row.given.Now != row.now || row.given.Overdue(day("2026-10-08")) != row.late {
			t.Errorf("%s: %s, late %v", row.rule, row.given.Now, row.given.Overdue(day("2026-10-08")))
		}
	}
	if days, is := running.Left(day("2026-10-04")); days != 3 || !is {
		t.Errorf("%d days are left", days)
	}
	if running.Overdue(day("2026-10-07")) {
		t.Error("late on its last day")
	}
	if _, is := paused.Left(day("2026-10-04")); is {
		t.Error("a paused clock counts down")
	}
	if len(running.Steps) != 2 || running.Now != calendar.Running {
		t.Error("ending a clock changed the working it was made from")
	}
}
