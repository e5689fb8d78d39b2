package dossier

import (
	"github.com/jigowatt/daybook/domain"
)

// AnswerRecorded is the event that a service asked whether it may do something, and what the ledger answered as far as this person goes;
// the event's time is when it asked. It is no processing and no promise that any follows. Where the service asked about nobody in
// particular the subject is 0.
type AnswerRecorded struct {
	Of
	Service     domain.ServiceID     `json:"service"`
	Operation   domain.Operation     `json:"operation"`
	Instruction domain.InstructionID `json:"instruction,omitempty"`
	Version     int                  `json:"version,omitzero"` // of the instruction in force
	Basis       domain.Basis         `json:"basis,omitempty"`  // the controller's
	Stated      domain.Basis         `json:"stated,omitempty"` // the service's
	Categories  []domain.Category    `json:"categories,omitempty"`
	System      string               `json:"system,omitempty"`
	From        string               `json:"from,omitempty"`
	Location    domain.Location      `json:"location,omitempty"`
	Recipient   domain.RecipientID   `json:"recipient,omitempty"`
	Order       string               `json:"order,omitempty"`
	// Reasons are the codes of what stands against it; none where it is permitted.
	Reasons []string `json:"reasons,omitempty"`
}

// EventType names the event.
func (AnswerRecorded) EventType() string { return "daybook.answer.recorded.v1" }

// Asked gives the question about one person, without its answer.
func Asked(of Of, a Action) AnswerRecorded {
	return AnswerRecorded{
		Of: of, Service: a.Service, Operation: a.Operation, Instruction: a.Instruction, Stated: a.Stated, Categories: a.Categories,
		System: a.System, From: a.From, Location: a.Location, Recipient: a.Recipient, Order: a.Order,
	}
}

// With gives the question with its answer.
func (e AnswerRecorded) With(j Judgement, found domain.FindingSet) AnswerRecorded {
	e.Version, e.Basis = j.Version, j.Basis
	for _, f := range found.List() {
		e.Reasons = append(e.Reasons, f.Code())
	}
	return e
}

// Question gives what was asked without the answer.
func (e AnswerRecorded) Question() AnswerRecorded {
	e.Version, e.Basis, e.Reasons = 0, "", nil
	return e
}

// Findings gives what stands against what was asked. Codes of a newer program are left out.
func (e AnswerRecorded) Findings() (set domain.FindingSet) {
	for _, code := range e.Reasons {
		if f, err := domain.ParseFinding(code); err == nil {
			set = set.With(f)
		}
	}
	return set
}
