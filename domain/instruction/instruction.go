// Package instruction holds what a controller instructed, version by version (Art. 28(3)(a), 29). A version is never edited:
// a change is a new version, and an end is a withdrawal.
//
// It deliberately does not judge actions; domain/dossier does.
package instruction

import (
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Given is the event that a controller gave an instruction, or a new version of one.
type Given struct {
	Controller  domain.ControllerID  `json:"controller"`
	Instruction domain.InstructionID `json:"instruction"`
	Version     int                  `json:"version"`
	Terms       domain.Terms         `json:"terms"`
	Warrant     domain.Warrant       `json:"warrant"`
}

// EventType names the event.
func (Given) EventType() string { return "daybook.instruction.given.v1" }

// Withdrawn is the event that a controller withdrew an instruction.
type Withdrawn struct {
	Controller  domain.ControllerID  `json:"controller"`
	Instruction domain.InstructionID `json:"instruction"`
	Version     int                  `json:"version"` // the version then in force
	Warrant     domain.Warrant       `json:"warrant"`
}

// EventType names the event.
func (Withdrawn) EventType() string { return "daybook.instruction.withdrawn.v1" }

// Version is one version of an instruction.
type Version struct {
	Number    int             `json:"number"`
	Terms     domain.Terms    `json:"terms"`
	Given     domain.Warrant  `json:"given"`
	Withdrawn *domain.Warrant `json:"withdrawn,omitempty"`
}

// State is one instruction with all its versions, oldest first.
type State struct {
	Versions []Version `json:"versions"`
}

// Evolve gives the state after an event.
func (s State) Evolve(event domain.Event) State {
	switch e := event.Fact.(type) {
	case Given:
		s.Versions = append(s.Versions[:len(s.Versions):len(s.Versions)],
			Version{Number: e.Version, Terms: e.Terms, Given: e.Warrant})
	case Withdrawn:
		versions := append([]Version(nil), s.Versions...)
		if n := len(versions); n > 0 {
			versions[n-1].Withdrawn = &e.Warrant
		}
		s.Versions = versions
	}
	return s
}

// Newest gives the newest version, false where there is none.
func (s State) Newest() (Version, bool) {
	if len(s.Versions) == 0 {
		return Version{}, false
	}
	return s.Versions[len(s.Versions)-1], true
}

// InForce gives the version that was in force at a time, by the dates on which the controller gave and withdrew; it is the state's and
// not to be changed. Where the newest version given by then had been withdrawn, it gives that version and withdrawn is true; where
// none had been given, found is false.
func (s State) InForce(at time.Time) (v *Version, withdrawn, found bool) {
	for i := len(s.Versions) - 1; i >= 0; i-- {
		if v = &s.Versions[i]; !v.Given.On.After(at) {
			return v, v.Withdrawn != nil && !v.Withdrawn.On.After(at), true
		}
	}
	return nil, false, false
}

// ErrWithdrawn says that an instruction which is not in force cannot be withdrawn.
var ErrWithdrawn = errors.Wrap(domain.ErrConflict, "the instruction is not in force")

// Give is the command that a controller gives an instruction or a new version of it.
type Give struct {
	Controller  domain.ControllerID
	Regime      domain.Regime
	Instruction domain.InstructionID
	Terms       domain.Terms
	Warrant     domain.Warrant
}

// Decide gives the event, or none where the newest version is in force with the same terms and warrant. It returns
// domain.ErrInvalid when the terms or the warrant are not whole, and domain.ErrConflict when the date lies before that of
// the newest version.
func (c Give) Decide(s State) ([]domain.Fact, error) {
	if err := errors.CombineErrors(c.Terms.Valid(c.Regime), c.Warrant.Valid()); err != nil {
		return nil, errors.Wrapf(err, "instruction %s of %s", c.Instruction, c.Controller)
	}
	if c.Warrant.Then != "" {
		return nil, errors.WithHint(errors.Wrapf(domain.ErrInvalid, "choice for the end of %s of %s", c.Instruction, c.Controller),
			"Article 28(3)(g): what becomes of the data is said when the instruction is withdrawn.")
	}
	newest, exists := s.Newest()
	if exists {
		last := newest.Given.On
		if newest.Withdrawn != nil {
			last = newest.Withdrawn.On
		} else if newest.Terms.Equal(c.Terms) && newest.Given.Equal(c.Warrant) {
			return nil, nil
		}
		if c.Warrant.On.Before(last) {
			return nil, errors.WithHint(errors.Wrapf(domain.ErrConflict, "instruction %s of %s", c.Instruction, c.Controller),
				"Article 28(3)(a): a new version is given on or after the day of the last one. Correct the date in given.on.")
		}
		if newest.Given.On.Equal(c.Warrant.On) && newest.Given.Reference == c.Warrant.Reference {
			return nil, errors.WithHint(errors.Wrapf(domain.ErrConflict, "changed terms of %s of %s", c.Instruction, c.Controller),
				"Article 28(3)(a): other terms are another instruction. Say in given.on or given.reference when and how the controller changed them.")
		}
	}
	return []domain.Fact{Given{c.Controller, c.Instruction, len(s.Versions) + 1, c.Terms, c.Warrant}}, nil
}

// Withdraw is the command that a controller withdraws an instruction.
type Withdraw struct {
	Controller  domain.ControllerID
	Instruction domain.InstructionID
	Warrant     domain.Warrant
}

// Decide gives the event, or none where it is withdrawn already under the same warrant. It returns domain.ErrInvalid for a
// warrant that is not whole and ErrWithdrawn where there is nothing in force to withdraw.
func (c Withdraw) Decide(s State) ([]domain.Fact, error) {
	if err := c.Warrant.Valid(); err != nil {
		return nil, errors.Wrapf(err, "withdrawal of %s of %s", c.Instruction, c.Controller)
	}
	newest, exists := s.Newest()
	switch {
	case exists && newest.Withdrawn != nil && newest.Withdrawn.Equal(c.Warrant):
		return nil, nil
	case !exists || newest.Withdrawn != nil || c.Warrant.On.Before(newest.Given.On):
		return nil, errors.WithHint(errors.Wrapf(ErrWithdrawn, "%s of %s", c.Instruction, c.Controller),
			"Withdraw an instruction on or after the day on which it was given.")
	}
	return []domain.Fact{Withdrawn{c.Controller, c.Instruction, newest.Number, c.Warrant}}, nil
}
