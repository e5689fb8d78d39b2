package calendar

import (
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// MaxPromise bounds a promised period, in days.
const MaxPromise = 366

// Promise is a period that the processor promised to its client by contract (Art. 28(3)(e)).
type Promise struct {
	Days int `json:"days"`
	// Working says that only working days count.
	Working bool `json:"working,omitzero"`
	// By is the processor's own calendar where the contract counts by that one, else the controller's counts.
	By Calendar `json:"by,omitzero"`
}

// IsZero says that nothing was promised.
func (p Promise) IsZero() bool { return p == Promise{} }

// Valid checks a promise. It returns ErrInvalid.
func (p Promise) Valid() error {
	if p.Days < 1 || p.Days > MaxPromise {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "promised days"), "Promise 1 to 366 days, as the contract with the client says.")
	}
	if p.By != "" {
		_, err := Parse(string(p.By))
		return err
	}
	return nil
}

// From counts the promise from the day on which the request reached the processor, that day not counted. A promise in days is
// taken at its word: it is not moved to a working day, because no law moves it.
func (p Promise) From(reached Date, c Calendar) Working {
	if p.IsZero() {
		return Working{Now: NoPeriod}.step("Nothing is promised to the client", "", Date{})
	}
	if p.By != "" {
		c = p.By
	}
	w := Working{Now: Running}.step("Reached us "+reached.Words(), "", reached)
	if p.Working {
		w.Due = c.AddWorkdays(reached, p.Days)
		return w.step(count(p.Days, "working day")+" in "+c.Title()+" → "+w.Due.LongWords(), "Contract with the client, Art. 28(3)(e)", w.Due)
	}
	w.Due = reached.AddDays(p.Days)
	return w.step(count(p.Days, "day")+" → "+w.Due.LongWords(), "Contract with the client, Art. 28(3)(e)", w.Due)
}

// complaintsSince is the day on which s.164A came into force, inserted by the Data (Use and Access) Act 2025, s.103.
var complaintsSince = NewDate(2026, 6, 19)

// Acknowledgement counts the time in which the receipt of a complaint must be acknowledged: in the UK 30 days, the day of receipt
// not counted, moved to the next working day. The EU regime names no period.
func Acknowledgement(r domain.Regime, c Calendar, received Date) Working {
	w := Working{}.step("Received "+received.Words(), "", received)
	switch {
	case r != domain.UK:
		w.Now = NoPeriod
		return w.step("No period: the EU regime does not say when a controller acknowledges a complaint", "Art. 77 leads to the authority", Date{})
	case received.Before(complaintsSince):
		w.Now = NoPeriod
		return w.step("No period: the duty to acknowledge began on "+complaintsSince.Words(), "DPA 2018 s.164A; Data (Use and Access) Act 2025 s.103", Date{})
	}
	end := received.AddDays(30)
	w = w.step("30 days, counted from "+received.AddDays(1).Words()+" → "+end.Words(), "DPA 2018 s.164A, 205(2); ICO guidance on complaints", end)
	return w.roll(c, end, "DPA 2018 s.205(2); ICO guidance on complaints")
}
