package commands

import (
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// Question is the statement that a service asked whether it may do something, with the ledger's answer: an Action that says so is never
// done, only judged as Ask does. Each person gets the answer as far as it is about them.
type Question struct{}

// About gives what was asked; the answer is added where it is judged.
func (Question) About(of dossier.Of, a dossier.Action, _ string) domain.Fact {
	return dossier.Asked(of, a)
}

// NewQuestion gives the action that asks what Ask asks and has the answer recorded, under an id of its own and for ever: asked again, the
// first answer comes again. People whom the ledger does not know get a dossier, for the record has to name them. A zero time means
// now.
func (l *Ledger) NewQuestion(id string, a dossier.Action, people []domain.Identifier) Action {
	if a.Time.IsZero() {
		a.Time = l.cfg.Now()
	}
	return Action{Action: a, ID: id, Subjects: people, Says: Question{}}
}

// Answered gives the answer that a question's receipt stands for.
func (l *Ledger) Answered(q Action, r Receipt) Answer {
	j := dossier.Judge(q.Action, l.State().Known(q.Action))
	j.Findings = r.Findings
	return Answer{j}
}
