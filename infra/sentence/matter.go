package sentence

import (
	"strings"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
)

// matter says what an event about a person says that is no action: consents, objections, restrictions, holds, orders. What this
// program has no words for yet goes by the name of its type.
func matter(fact domain.Fact) string {
	switch f := fact.(type) {
	case dossier.ConsentGiven:
		explicit := ""
		if f.Explicit {
			explicit = "explicitly "
		}
		return "The person " + explicit + "consented to instruction " + string(f.Instruction) + " (" + f.How + "), Art. 7(1)"
	case dossier.ConsentWithdrawn:
		return "The person withdrew the consent to instruction " + string(f.Instruction) + " (" + f.How + "), Art. 7(3)"
	case dossier.ObjectionRaised:
		if f.Marketing {
			return "The person objected to direct marketing, Art. 21(2)"
		}
		return "The person objected to " + scope(f.Instruction, "what rests on legitimate interests or a public task") + ", Art. 21(1)"
	case dossier.ObjectionResolved:
		if f.Void {
			return "The objection ended without a decision: " + f.Ground + ", Art. 21"
		}
		if f.Overridden {
			return "The controller showed compelling legitimate grounds against the objection, Art. 21(1)"
		}
		return "The objection was upheld, Art. 21(1)"
	case dossier.RestrictionPlaced:
		return "Use was restricted for " + scope(f.Instruction, "all data") + ", " + Provision(f.Ground)
	case dossier.RestrictionLifted:
		return "The restriction was lifted; the person was told on " + Day(f.Told) + ", Art. 18(3)"
	case dossier.HoldPlaced:
		return "Removal was put on hold for " + scope(f.Instruction, "all data") + ": " + Provision(f.Ground)
	case dossier.HoldReleased:
		return "A hold on removal ended"
	case dossier.ActionAnnounced:
		return "A service announced that " + Categories(f.Categories) + " will be " + f.Operation.Verb()
	case dossier.AnswerRecorded:
		return asked(f)
	case dossier.OccasionRecorded:
		return capital(strings.ReplaceAll(string(f.Occasion), "-", " ")) + " under instruction " + string(f.Instruction)
	case dossier.OrderSent:
		if f.Kind == dossier.TaskTell {
			return "The ledger told " + string(f.Service) + " to tell " + string(f.Recipient) + " what becomes of the data by " + Day(f.Due) + ", Art. 19"
		}
		return "The ledger told " + string(f.Service) + " to " + string(f.Kind) + " " + Categories(f.Categories) + " by " + Day(f.Due)
	case dossier.OrderRecalled:
		if f.Hold == "" {
			return "Order " + f.Order + " was taken back: the person withdrew the request"
		}
		return "Order " + f.Order + " was taken back: hold " + f.Hold + " forbids it, Art. 17(3)"
	case dossier.OrderEscalated:
		return "Order " + f.Order + " was not answered in time"
	case request.Step:
		return "Case " + string(request.KeyOf(f).Case) + ": " + strings.TrimSuffix(lower(Step(f)), ".")
	}
	return capital(typeWords(fact.EventType()))
}

// asked says what a service asked and was answered, and that nothing is said to have been done.
func asked(e dossier.AnswerRecorded) string {
	s := string(e.Service) + " asked whether " + Categories(e.Categories) + " may be " + e.Operation.Verb()
	if e.System != "" {
		s += " in " + e.System
	}
	if e.Recipient != "" {
		s += ", with " + string(e.Recipient) + " as recipient"
	}
	if e.Instruction != "" {
		s += ", under instruction " + string(e.Instruction)
	}
	found := e.Findings().List()
	if len(e.Reasons) == 0 {
		return s + ": permitted"
	}
	s += ": refused"
	for _, f := range found {
		s += "; " + lower(strings.TrimSuffix(f.Message(), ".")) + ", " + f.Article()
	}
	return s
}

// scope names an instruction, or what stands where none is named.
func scope(id domain.InstructionID, all string) string {
	if id == "" {
		return all
	}
	return "instruction " + string(id)
}

// Provision writes a provision by its DPV name as people do: A18-1-a is Art. 18(1)(a). Anything else loses its hyphens.
func Provision(name string) string {
	parts := strings.Split(name, "-")
	number, ok := strings.CutPrefix(parts[0], "A")
	if !ok || number == "" || strings.Trim(number, "0123456789") != "" {
		return strings.Join(parts, " ")
	}
	s := "Art. " + number
	for _, part := range parts[1:] {
		s += "(" + part + ")"
	}
	return s
}

// typeWords makes words of an event's type: daybook.case.received.v1 is case received.
func typeWords(kind string) string {
	words := strings.FieldsFunc(strings.TrimPrefix(kind, "daybook."), func(r rune) bool { return r == '.' || r == '-' })
	if n := len(words); n > 1 && strings.HasPrefix(words[n-1], "v") {
		words = words[:n-1]
	}
	return strings.Join(words, " ")
}
