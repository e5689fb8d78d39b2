package commands

import (
	"github.com/jigowatt/daybook/domain/dossier"
)

// Answer says whether an action would be in order: it is when the judgement has no findings.
type Answer struct {
	dossier.Judgement
}

// Permitted says that nothing stands against the action.
func (a Answer) Permitted() bool { return a.Findings == 0 }

// Ask answers whether an action may be done, by the same rules that find fault with a recorded one, against what is durable
// now. It records nothing and looks nobody up. A zero time means now.
func (l *Ledger) Ask(a dossier.Action) Answer {
	if a.Time.IsZero() {
		a.Time = l.cfg.Now()
	}
	state := l.state.Load()
	return Answer{dossier.Judge(a, dossier.Known{Instruction: state.Instructions[InstructionKey{a.Controller, a.Instruction}]})}
}
