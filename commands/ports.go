package commands

import (
	"context"
	"iter"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Log is one totally ordered sequence of events: the whole of what the write side asks of an event store. Every engine
// passes the contract suite in infra/eventlog/logtest, and the same history has the same positions and bytes on each.
type Log interface {
	// Append writes events at position at, all or none, and returns only when they are durable. at must be the end of the
	// log. Each event is one line: 1 to domain.MaxEventBytes bytes without a line feed. A call carries at least one event and
	// at most what the engine's MaxFrame says. It copies them: the caller may use their memory again once it has returned, with an
	// error or without.
	//
	// It returns domain.ErrFenced when the end of the log is not at (nothing was written), domain.ErrInvalid when an event or
	// the frame breaks a limit (nothing was written), domain.ErrUnavailable when the engine did not take it (nothing was
	// written), and domain.ErrOutcomeUnknown when it may have been written and the engine could not be asked.
	Append(ctx context.Context, at domain.Position, events [][]byte) error

	// Read yields the events from position from, in order, and follows the end of the log: it ends only when the loop breaks,
	// with ctx, or with an error. A batch with CaughtUp comes as soon as the end that the log had when reading began is
	// reached, be it an empty one. Reading beyond the end of the log yields domain.ErrInvalid; a gap or bytes that cannot be
	// events yield an assertion failure; an engine out of reach yields domain.ErrUnavailable.
	Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error]
}

// Lookup asks a vault for one person of one controller.
type Lookup struct {
	Controller domain.ControllerID
	Identifier domain.Identifier
	// Open says that a dossier is to be opened where the identifier is not known.
	Open bool
}

// Vault finds people and holds their keys. What it answers is durable before it answers: an event never names a subject key
// that a crash could lose (DESIGN: the vault is durable before the first event that uses it). Each controller has a keyed
// blind index of its own, so that controllers never see each other's people.
type Vault interface {
	// Resolve answers each lookup with the subject key that its identifier leads to, or 0 where the identifier is not known and
	// Open is not set. All new dossiers of one call become durable together. It returns domain.ErrUnavailable when the store
	// does not answer.
	Resolve(ctx context.Context, lookups []Lookup) ([]domain.SubjectKey, error)

	// Keys gives all subject keys of the person whom the identifier leads to, oldest first: more than one where dossiers were
	// found to be one person's and linked. It returns domain.ErrNotFound when the identifier is not known.
	Keys(ctx context.Context, controller domain.ControllerID, id domain.Identifier) ([]domain.SubjectKey, error)

	// Identifiers gives every identifier by which the person with the key is known. It returns domain.ErrForgotten.
	Identifiers(ctx context.Context, key domain.SubjectKey) ([]domain.Identifier, error)

	// Link makes a second identifier lead to the person of the first, who must be known. Where the second led to a dossier of
	// its own, the two become one person's and keep their keys. It gives the keys then joined. It returns domain.ErrNotFound.
	Link(ctx context.Context, controller domain.ControllerID, known, also domain.Identifier) ([]domain.SubjectKey, error)

	// Seal encrypts with the key of the person's dossier (AES-256-GCM, random nonce), bound to aad. It returns
	// domain.ErrForgotten.
	Seal(ctx context.Context, key domain.SubjectKey, aad string, plain domain.Personal) (domain.Sealed, error)

	// Open decrypts what Seal made with the same key and aad. It returns domain.ErrForgotten, and an assertion failure where
	// the bytes were changed or belong elsewhere.
	Open(ctx context.Context, key domain.SubjectKey, aad string, sealed domain.Sealed) (domain.Personal, error)

	// Digest authenticates bytes under the person's key, so that equal details can be told from different ones without keeping
	// either, until the person is forgotten. It returns domain.ErrForgotten.
	Digest(ctx context.Context, key domain.SubjectKey, content []byte) ([8]byte, error)

	// Forget destroys the person's keys and index entries, in every copy the vault keeps, before it returns. Forgetting twice is
	// not an error.
	Forget(ctx context.Context, key domain.SubjectKey) error
}

// Seen is what the write side remembers for ever of one message: enough to answer a repetition with the first receipt, and to
// tell a repetition from another message under the same id. It holds nothing personal beyond the first subject key.
type Seen struct {
	Position domain.Position   // of the action's first event
	Events   uint32            // how many consecutive events the action became: one for each person
	Recorded time.Time         // millisecond precision, UTC
	Findings domain.FindingSet // of the first receipt
	Leaf     [32]byte          // RFC 6962 leaf hash of the first event
	Subject  domain.SubjectKey // of the first event
	Plain    [8]byte           // digest of what is not personal in the message
	Personal [8]byte           // digest of subject keys and of the details, the latter under the first person's key
}

// MessageKey identifies a message for ever: the first 16 bytes of SHA-256 over source, a zero byte and id.
type MessageKey [16]byte

// Remembered is one message and what is remembered of it.
type Remembered struct {
	Key  MessageKey
	Seen Seen
}

// Memory remembers on disk, for ever, which messages were recorded, and keeps the newest snapshot of the state that decisions
// need. All of it can be rebuilt from the log, so it need not survive a loss of power: it may fall behind, and never runs ahead.
type Memory interface {
	// Find answers each key, with a Position of Nowhere where the message is not known.
	Find(keys []MessageKey) ([]Seen, error)
	// Remember takes in what is new and moves the end to which the memory is complete, both or neither.
	Remember(end domain.Position, news News) error
	// Kept calls each for everything that is kept, in no order, until it returns an error, which Kept returns.
	Kept(each func(Kept) error) error
	// Load gives the end to which the memory is complete and the newest snapshot, nil where there is none.
	Load() (end domain.Position, snapshot []byte, err error)
}

// ErrMemoryDamaged says that what a memory kept is not what was written. One that has Reset is emptied and made again from the log.
var ErrMemoryDamaged = errors.Wrap(domain.ErrUnavailable, "the memory of messages is damaged")

// News is what is new to a memory.
type News struct {
	Messages []Remembered
	// Kept replaces what is kept under the same keys.
	Kept []Kept
	// Snapshot replaces the last one; nil leaves it in place.
	Snapshot []byte
}

// Kept is something of the state that is too much for a snapshot: the standing of one person, one open case. Keys have 1 to 128
// bytes. A nil value drops the key.
type Kept struct {
	Key   string
	Value []byte
}

// Nowhere is the position of a message that was never recorded.
const Nowhere = ^domain.Position(0)
