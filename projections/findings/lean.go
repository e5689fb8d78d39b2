package findings

import (
	"encoding/binary"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// What a person does about consent and objection is held against the actions that leaned on it. Of each person are kept, in the
// order of the log: the actions that rest on consent, (e) or (f) or serve direct marketing, the consents given, the objections
// overridden, and the dossiers found to be the same person's. Other actions cost nothing.
const (
	isAction = iota
	isConsent
	isOverridden
	isLink
)

// terms are what an action rested on.
type terms struct {
	controller  domain.ControllerID
	instruction domain.InstructionID
	version     int
	basis       domain.Basis
}

// leaning says whether actions under terms can be met by a withdrawal or an objection, and by which name they are kept.
type leaning struct {
	name int64 // 0 where they cannot
}

// lean keeps an action that a withdrawal or an objection can meet. Removing and restricting are never met (Art. 17, 18).
func (f *folder) lean(conn *sqlite.Conn, e *domain.Recorded, a *dossier.ActionRecorded) error {
	if effect := a.Operation.Effect(); effect == domain.Removes || effect == domain.Withdraws || a.Operation == domain.Restrict {
		return nil
	}
	t := terms{a.Controller, a.Instruction, a.Version, a.Basis}
	l, known := f.terms[t]
	if !known {
		var err error
		if l, err = f.leaning(conn, t); err != nil {
			return err
		}
		if len(f.terms) >= maxTerms {
			clear(f.terms)
		}
		f.terms[t] = l
	}
	if l.name == 0 {
		return nil
	}
	f.value = binary.AppendUvarint(append(f.value[:0], isAction), uint64(l.name))
	f.value = binary.AppendVarint(f.value, micros(e.Time))
	return f.people.Put(uint64(a.Subject), uint64(e.Position), f.value)
}

func (f *folder) leaning(conn *sqlite.Conn, t terms) (leaning, error) {
	marketing, err := serves(conn, t)
	if err != nil || !marketing && t.basis != domain.Consent && !dossier.Objectionable(t.basis) {
		return leaning{}, err
	}
	f.text = appendTexts(f.text[:0], string(t.controller), string(t.instruction), string(t.basis))
	f.text = binary.AppendUvarint(f.text, uint64(t.version))
	name, err := f.names.ID(conn, f.text)
	return leaning{name}, err
}

// serves says that the version of the instruction serves direct marketing.
func serves(conn *sqlite.Conn, t terms) (found bool, err error) {
	err = rows(conn, "SELECT 1 FROM marketing WHERE controller = ? AND instruction = ? AND version = ?",
		func(*sqlite.Stmt) error { found = true; return nil }, t.controller, t.instruction, t.version)
	return found, err
}

// matter takes in an event about consent, objection or who is the same person.
func (f *folder) matter(conn *sqlite.Conn, e *domain.Recorded) error {
	switch fact := e.Fact.(type) {
	case dossier.ConsentGiven:
		f.value = appendTexts(append(f.value[:0], isConsent), string(fact.Controller), string(fact.Instruction))
		f.value = binary.AppendVarint(f.value, micros(e.Time))
		return f.people.Put(uint64(fact.Subject), uint64(e.Position), f.value)
	case dossier.ObjectionResolved:
		if !fact.Overridden && !fact.Void {
			return nil
		}
		f.value = appendTexts(append(f.value[:0], isOverridden), string(fact.Controller), fact.Objection)
		f.value = binary.AppendVarint(f.value, micros(e.Time))
		return f.people.Put(uint64(fact.Subject), uint64(e.Position), f.value)
	case dossier.IdentifierLinked:
		if fact.Joined == 0 || fact.Joined == fact.Subject {
			return nil
		}
		for _, ends := range [2][2]domain.SubjectKey{{fact.Subject, fact.Joined}, {fact.Joined, fact.Subject}} {
			f.value = binary.AppendUvarint(append(f.value[:0], isLink), uint64(ends[1]))
			if err := f.people.Put(uint64(ends[0]), uint64(e.Position), f.value); err != nil {
				return err
			}
		}
	case dossier.ConsentWithdrawn:
		return keep(conn, e, fact.Of, fact.Instruction, "", false)
	case dossier.ObjectionRaised:
		return keep(conn, e, fact.Of, fact.Instruction, fact.Objection, fact.Marketing)
	}
	return nil
}

func keep(conn *sqlite.Conn, e *domain.Recorded, of dossier.Of, i domain.InstructionID, objection string, marketing bool) error {
	return write(conn, "INSERT INTO matter VALUES (?, ?, ?, ?, ?, ?, ?, ?)", int64(e.Position), of.Controller, uint64(of.Subject), i, objection,
		marketing, micros(e.Time), e.Recorded.UnixMilli())
}

// micros gives a time in microseconds since 2020: what is kept for every action is kept short.
func micros(t time.Time) int64 { return t.UnixMicro() - epoch }

const epoch = 1_577_836_800_000_000
