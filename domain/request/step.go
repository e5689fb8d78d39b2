package request

import (
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
)

// Limits of a case.
const (
	MaxPlaces = 512 // places of one case
	MaxListed = domain.MaxListed
)

// Step is what can happen in a case: exactly the events of this package.
type Step interface {
	domain.Fact
	of() Of
	// check says what speaks against the step; again says that it was taken already and nothing is to be recorded.
	check(s State) (again bool, err error)
}

func (o Of) of() Of { return o }

// Record is the command to record a step of a case.
type Record struct {
	Step Step
	// Today is the day it is now in the case's calendar. A step in the future is refused; no Today leaves that out.
	Today calendar.Date
}

// Decide gives the event, or none where the same step was recorded before. It returns domain.ErrInvalid for what is not whole,
// domain.ErrNotFound for a case that the controller has not opened, and domain.ErrConflict for a step that the case, or the law,
// does not allow as it stands; the hint names the article and what to do.
func (c Record) Decide(s State) ([]domain.Fact, error) {
	o := c.Step.of()
	_, opening := c.Step.(Received)
	if err := o.whole(c.Today); err != nil {
		return nil, err
	}
	if !opening {
		if err := s.allows(o); err != nil {
			return nil, errors.Wrapf(err, "case %s of %s", o.Case, o.Controller)
		}
		if s.Over() && !later(c.Step) && !s.ended(c.Step) {
			return nil, errors.Wrapf(wrong(domain.ErrConflict, "the case is over",
				"Open a new case that follows this one: a case that was closed, withdrawn or transferred takes no further step."),
				"case %s of %s", o.Case, o.Controller)
		}
	}
	again, err := c.Step.check(s)
	if err != nil {
		return nil, errors.Wrapf(err, "case %s of %s", o.Case, o.Controller)
	}
	if again {
		return nil, nil
	}
	return []domain.Fact{c.Step}, nil
}

func (o Of) whole(today calendar.Date) error {
	if _, err := domain.ParseName[domain.ControllerID](string(o.Controller)); err != nil {
		return err
	}
	if _, err := domain.ParseID(string(o.Case)); err != nil {
		return err
	}
	if o.By != "" {
		if _, err := domain.ParseName[domain.ContactID](string(o.By)); err != nil {
			return err
		}
	}
	switch {
	case o.On.IsZero():
		return wrong(domain.ErrInvalid, "day of a step", "Say on which day it happened: deadlines are counted from days.")
	case !today.IsZero() && o.On.After(today):
		return wrong(domain.ErrInvalid, "day of a step in the future", "Record a step when it has happened, with the day on which it did.")
	}
	return nil
}

func (s State) allows(o Of) error {
	switch {
	case !s.Exists() || s.Received.Controller != o.Controller || s.Received.Case != o.Case:
		return wrong(domain.ErrNotFound, "no such case", "Open the case first, under the controller that it concerns.")
	case o.On.Before(s.Received.On):
		return wrong(domain.ErrInvalid, "a step before the case began", "Give the day of the step; it cannot lie before the day of receipt.")
	}
	return nil
}

// later says that the step may follow the end of its case: letters go on, and the end itself is told of.
func later(step Step) bool {
	switch step.(type) {
	case Corresponded, Notified:
		return true
	default:
		return false
	}
}

// ended says that the step is the one that ended the case, sent again.
func (s State) ended(step Step) bool {
	switch e := step.(type) {
	case Closed:
		return s.Closed != nil && e.Outcome == s.Closed.Outcome && e.On == s.Closed.On && e.Told == s.Closed.Told
	case Withdrawn:
		return s.Withdrawn == e.On
	case Transferred:
		return s.Transferred != nil && e.To == s.Transferred.To && e.On == s.Transferred.On
	default:
		return false
	}
}

func (e Received) check(s State) (bool, error) {
	if s.Exists() {
		if e.equal(s.Received) {
			return true, nil
		}
		return false, wrong(domain.ErrConflict, "the case exists with other content", "Give the new case an id of its own.")
	}
	if _, err := ParseKind(string(e.Kind)); err != nil {
		return false, err
	}
	if len(e.Subjects) == 0 || len(e.Subjects) > MaxListed || slices.Contains(e.Subjects, 0) {
		return false, wrong(domain.ErrInvalid, "person of a case", "Name the person whose request it is by 1 to 64 subject keys.")
	}
	if _, err := domain.ParseName[domain.ContactID](string(e.Owner)); err != nil {
		return false, wrong(domain.ErrInvalid, "owner of a case", "Name the contact who looks after the case, for example the privacy manager.")
	}
	if _, err := ParseChannel(string(e.Channel)); err != nil {
		return false, err
	}
	if _, err := domain.ParseRegime(string(e.Regime)); err != nil {
		return false, err
	}
	if _, err := calendar.Parse(string(e.Calendar)); err != nil {
		return false, err
	}
	if !e.Reached.IsZero() && e.Reached.Before(e.On) {
		return false, wrong(domain.ErrInvalid, "day on which a request reached the processor",
			"Article 12(3): the day of receipt is the first on which the controller or the processor had the request.")
	}
	if !e.Promise.IsZero() {
		if err := e.Promise.Valid(); err != nil {
			return false, err
		}
	}
	for _, id := range []string{e.Reference, string(e.Follows)} {
		if id == "" {
			continue
		}
		if _, err := domain.ParseID(id); err != nil {
			return false, err
		}
	}
	return false, e.groundsCheck()
}

func (e Received) groundsCheck() error {
	if e.Kind == Objection && len(e.Grounds) == 0 {
		return wrong(domain.ErrInvalid, "ground of an objection",
			"Article 21: say whether the person objects to direct marketing (A21-2), to research (A21-6) or on grounds of their own situation (A21-1); it decides what may override.")
	}
	return allOf(e.Kind, e.Grounds)
}

func (e Received) equal(o Received) bool {
	return e.Controller == o.Controller && e.Case == o.Case && e.On == o.On && e.By == o.By && e.Kind == o.Kind &&
		slices.Equal(e.Subjects, o.Subjects) && e.Owner == o.Owner && e.Channel == o.Channel && e.Regime == o.Regime &&
		e.Calendar == o.Calendar && e.Reached == o.Reached && e.Promise == o.Promise && slices.Equal(e.Grounds, o.Grounds) &&
		e.Reference == o.Reference && e.Follows == o.Follows && slices.Equal(e.Callbacks, o.Callbacks)
}

// allOf checks that grounds are those of the kind, each once.
func allOf(k Kind, list []Ground) error {
	for i, g := range list {
		if grounds[g].kind != k || slices.Contains(list[:i], g) {
			return wrong(domain.ErrInvalid, "ground for this right",
				"Name each ground once, of the right's own list: Article 17(1)(a) to (f) for erasure, 18(1)(a) to (d) for restriction, 21 for an objection; the other rights need none.")
		}
	}
	return nil
}
