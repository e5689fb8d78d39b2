package commands

import (
	"slices"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/source"
)

// Limits of one action.
const (
	MaxSubjects     = 1_000
	MaxDetailsBytes = 16 << 10
	// MaxActionBytes bounds the events of one action together: an action is written in one frame or not at all. Where the log takes
	// smaller frames, they bound it.
	MaxActionBytes = 2 << 20
	// eventOverhead is more than an event has without its details, categories and system: names of members 350 bytes, names of
	// the register and ids 450, times and numbers 100, all findings that DESIGN knows 500.
	eventOverhead = 1536
)

// Action is one processing action on one or more people, as a service reports it.
type Action struct {
	dossier.Action
	// ID is the publisher's; with the service's source it is the idempotency key for ever.
	ID string
	// Sequence is the publisher's own count of its messages, 0 where it keeps none.
	Sequence uint64
	Subjects []domain.Identifier
	// Details are free, sealed as they are: compact JSON, at most MaxDetailsBytes.
	Details domain.Personal
	// Says is what the report says about the people instead of an action, nil for an action. Of the action it uses the
	// instruction and the time; and an announcement the operation, categories, system and recipient.
	Says Statement
}

// Statement is what a service says about people beside what it did with their data. It becomes one event a person.
type Statement interface {
	// About gives the fact for one person.
	About(of dossier.Of, a dossier.Action, id string) domain.Fact
}

// Consent is the statement that people gave or withdrew a consent (Art. 7).
type Consent struct {
	Withdrawn bool
	How       string
	Explicit  bool
}

// About gives the fact for one person.
func (c Consent) About(of dossier.Of, a dossier.Action, _ string) domain.Fact {
	if c.Withdrawn {
		return dossier.ConsentWithdrawn{Of: of, Instruction: a.Instruction, How: c.How}
	}
	return dossier.ConsentGiven{Of: of, Instruction: a.Instruction, How: c.How, Explicit: c.Explicit}
}

// Objection is the statement that people objected (Art. 21). The message's id is the objection's.
type Objection struct{ Marketing bool }

// About gives the fact for one person.
func (o Objection) About(of dossier.Of, a dossier.Action, id string) domain.Fact {
	return dossier.ObjectionRaised{Of: of, Objection: id, Instruction: a.Instruction, Marketing: o.Marketing}
}

// Occasion is the statement that something happened which starts a retention period (Art. 5(1)(e)).
type Occasion struct{ Occasion domain.Trigger }

// About gives the fact for one person.
func (o Occasion) About(of dossier.Of, a dossier.Action, _ string) domain.Fact {
	return dossier.OccasionRecorded{Of: of, Instruction: a.Instruction, Occasion: o.Occasion}
}

// Announcement is the statement that the service is about to act.
type Announcement struct{}

// About gives the fact for one person.
func (Announcement) About(of dossier.Of, a dossier.Action, _ string) domain.Fact {
	return dossier.ActionAnnounced{
		Of: of, Operation: a.Operation, Instruction: a.Instruction, Categories: a.Categories, System: a.System, Recipient: a.Recipient,
	}
}

// Count is the statement of how many people's data of a category a service holds in a system. It names nobody.
type Count struct {
	Category domain.Category
	People   uint64
}

// About gives the fact, which is the same for whomever.
func (c Count) About(of dossier.Of, a dossier.Action, _ string) domain.Fact {
	return source.CountReported{Controller: of.Controller, Service: a.Service, System: a.System, Category: c.Category, People: c.People}
}

// mayBeOfNobody says that the action need not name people: a count names none, and a question asks what stands about nobody in
// particular. Such a message becomes one event.
func (a Action) mayBeOfNobody() bool {
	switch a.Says.(type) {
	case Count, Question:
		return true
	}
	return false
}

// Source gives the CloudEvents source of the action's events.
func (a Action) Source() string { return domain.ServiceSource(a.Controller, a.Service) }

// check bounds what parsing did not bound, and holds what could hurt others to having been parsed: actions are resolved many
// together, and an event whose source or id cannot be read stops the ledger for ever. It returns domain.ErrInvalid.
func (a Action) check(maxBytes int) error {
	_, noController := domain.ParseName[domain.ControllerID](string(a.Controller))
	_, noService := domain.ParseName[domain.ServiceID](string(a.Service))
	_, noID := domain.ParseID(a.ID)
	if err := errors.CombineErrors(errors.CombineErrors(noController, noService), noID); err != nil {
		return errors.Wrap(err, "source and id of an action")
	}
	details := len(a.Details.Reveal())
	_, counts := a.Says.(Count)
	switch n := len(a.Subjects); {
	case counts && (n > 0 || a.System == "" || len(a.System) > domain.MaxCategoryBytes):
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "system of a count"), "Name the system that was counted, and no people.")
	case n == 0 && !a.mayBeOfNobody():
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "subjects of an action"), "Name at least one person in data.subjects.")
	case n > MaxSubjects:
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "number of subjects"), "Name at most 1,000 people in one action; send several actions.")
	case details > MaxDetailsBytes:
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "size of details"), "Details have at most 16 KiB.")
	case a.size() > maxBytes:
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "size of an action"),
			"Details and categories are kept once for each person: name fewer people, shorten the details or list fewer categories.")
	case slices.ContainsFunc(a.Subjects, func(id domain.Identifier) bool { return id.Kind == "" || id.Value.IsZero() }):
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "an empty subject of an action"), "Write every person as kind:value.")
	case a.Time.IsZero() || a.Operation == "" && (a.Says == nil || a.Says == Statement(Question{})):
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "missing attribute"), "An action needs time and data.operation.")
	}
	return checkTime(a.Time)
}

// checkTime bounds the time of an event in UTC, as it is written: what is year 9999 elsewhere may be 10000, which nobody could read
// again. It returns domain.ErrInvalid.
func checkTime(t time.Time) error {
	if year := t.UTC().Year(); year < 1990 || year > 9999 {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "time of an event"), "Give the time at which it happened, between 1990 and 9999.")
	}
	return nil
}

// size gives a number of bytes that all events of the action together do not exceed, as frames count them.
func (a Action) size() int { return len(a.Subjects) * (a.eventSize() + domain.EventOverhead) }

// eventSize gives a number of bytes that none of the action's events exceeds: sealed details are base64.
func (a Action) eventSize() int {
	size := eventOverhead + len(a.System) + len(a.Details.Reveal())*4/3
	for _, c := range a.Categories {
		size += len(c) + len(`"",`)
	}
	return size
}

// Receipt says that an action is on disk.
type Receipt struct {
	ID       string
	Position domain.Position // of the first event
	Events   int             // one for each person, or one where nobody is named
	Recorded time.Time
	Findings domain.FindingSet
	Leaf     [32]byte // RFC 6962 leaf hash of the first event
	// Duplicate says that the action had been recorded before, and that this is the first receipt again.
	Duplicate bool
	// Note says that what was recorded does nothing, such as an objection to what cannot be objected to (Art. 21(1)). It is no part of
	// the record: a repetition is answered by what the controller instructs now.
	Note Note
}

// Outcome is what became of one action: a receipt, or an error of one of the five kinds.
type Outcome struct {
	Receipt Receipt
	Err     error
}

// ErrReused says that an id came again with other content.
var ErrReused = errors.Wrap(domain.ErrConflict, "the id was used for another action")

// ErrReset says that the writer lost its place while the action was on its way; it may or may not have been recorded.
var ErrReset = errors.Wrap(domain.ErrUnavailable, "the writer is starting again")

// ErrClosed says that the ledger is shutting down.
var ErrClosed = errors.Wrap(domain.ErrUnavailable, "the ledger is closing")
