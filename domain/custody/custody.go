// Package custody holds what the ledger records of its own keeping: whom it was made to forget, that it was put back from a backup,
// and that it went on apart from what others had seen of it (Art. 5(1)(f), 5(2), 17(1), 32(1)(c)).
//
// It deliberately does not say who must be forgotten: that is decided in a case, or by whoever runs the ledger.
package custody

import (
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// MaxKeys is how many keys one event of forgetting names: as many as a person has dossiers at most.
const MaxKeys = 1024

// PersonForgotten is the event that a person is to be forgotten (Art. 17(1)). It is durable before the keys are destroyed, and names
// them, so that they are destroyed again in whatever copy of them comes back from a backup.
type PersonForgotten struct {
	Controller domain.ControllerID `json:"controller,omitzero"` // empty where another copy of the ledger said so
	// Subjects are the keys of the person: all that the log says of them is said of these.
	Subjects []domain.SubjectKey `json:"subjects"`
	By       domain.ContactID    `json:"by,omitzero"`
	// Case is the case for which it was done, where there is one.
	Case string `json:"case,omitzero"`
}

// EventType names the event.
func (PersonForgotten) EventType() string { return "daybook.person.forgotten.v1" }

// Check says whether the event can be recorded. It returns domain.ErrInvalid.
func (f PersonForgotten) Check() error {
	if len(f.Subjects) == 0 || len(f.Subjects) > MaxKeys {
		return errors.Wrap(domain.ErrInvalid, "keys of a person who is forgotten")
	}
	if f.Case == "" {
		return nil
	}
	_, err := domain.ParseID(f.Case)
	return errors.Wrap(err, "case for which a person is forgotten")
}

// Restored is the event that the ledger was put back from a backup. What came after the backup and before this event, if anything
// did, is not in this log.
type Restored struct {
	// Size is how many events the backup held, and Made when it was made.
	Size uint64    `json:"size,string"`
	Made time.Time `json:"made"`
	// Checkpoint is the signed checkpoint up to which it was proved, as its text.
	Checkpoint string `json:"checkpoint"`
	// Forgotten is how many keys a list of the forgotten named beyond those of the log.
	Forgotten uint64 `json:"forgotten,string,omitzero"`
	// Lost is how many keys the log names that the backup of the keys did not have: what was sealed with them never opens again.
	Lost uint64 `json:"lost,string,omitzero"`
}

// EventType names the event.
func (Restored) EventType() string { return "daybook.ledger.restored.v1" }

// Forked is the event that the ledger goes on apart from what others saw of it: at its position the history under the origin of
// before ends here, and goes on differently elsewhere. From then on checkpoints bear another origin and another key.
type Forked struct {
	// From is the origin of before, and To that of the checkpoints from now on.
	From string `json:"from"`
	To   string `json:"to"`
	// At is how many events both histories share.
	At uint64 `json:"at,string"`
	// Checkpoint is the one from which the ledger goes on, and Seen the newer one that others saw, as their texts.
	Checkpoint string `json:"checkpoint"`
	Seen       string `json:"seen"`
	// Witness is who said, asked when the ledger was put back, that it saw another history, and Witnessed with how many events that was
	// signed where they are more; Seen is empty where nothing else tells of it.
	Witness   string `json:"witness,omitzero"`
	Witnessed uint64 `json:"witnessed,string,omitzero"`
	// Lost is how far the ledger itself had acknowledged where a repair found less, of which nothing is left; Seen is empty then.
	Lost uint64 `json:"lost,string,omitzero"`
}

// EventType names the event.
func (Forked) EventType() string { return "daybook.ledger.forked.v1" }
