package sentence

import (
	"cmp"
	"strings"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
)

// Step says in a sentence what a step of a case was.
func Step(f domain.Fact) string {
	switch e := f.(type) {
	case request.Received:
		return "Received (" + channelWords(e.Channel) + "): " + e.Kind.Words() + ", " + e.Kind.Article(e.Regime) + "."
	case request.Assigned:
		return string(e.Owner) + " looks after the case from now on."
	case request.Acknowledged:
		return "The person was told that it was received."
	case request.Asked:
		return "The person was asked for " + Question(e.For) + "."
	case request.Replied:
		if e.Enough {
			return capital(Question(e.For)) + " came."
		}
		return capital(Question(e.For)) + " came, but not enough of it."
	case request.Extended:
		reasons := make([]string, len(e.Reasons))
		for i, r := range e.Reasons {
			reasons[i] = r.Words()
		}
		return "The person was told that the answer takes " + count(int64(e.Months), "further month") + ", because of " + strings.Join(reasons, " and ") + "."
	case request.Found:
		if len(e.Places) == 0 {
			return "The data were looked for and found nowhere else."
		}
		return "The data were looked for and found in " + count(int64(len(e.Places)), "place") + "."
	case request.Reviewed:
		return reviewedSentence(e)
	case request.Decided:
		return decidedSentence(e)
	case request.Ordered:
		return "Ordered: " + string(e.Task) + ", " + Place(e.Place) + " (order " + e.Order + ")."
	case request.Settled:
		return capital(Place(e.Place)) + " is closed: " + Settled(e) + "."
	}
	return endSentence(f)
}

func endSentence(f domain.Fact) string {
	switch e := f.(type) {
	case request.Delivered:
		return "Our part was delivered to the client."
	case request.Answered:
		if e.Remedies {
			return "The person was answered, with word of the complaint to the authority and of the judicial remedy."
		}
		return "The person was answered."
	case request.Corresponded:
		if e.Direction == request.Incoming {
			return "A letter came from the authority " + string(e.Authority) + referenceWords(e.Reference) + "."
		}
		return "A letter went to the authority " + string(e.Authority) + referenceWords(e.Reference) + "."
	case request.Withdrawn:
		return "The person withdrew it" + lifted(e.Told) + "."
	case request.Transferred:
		if e.To == "" {
			return "Handed to the controller it was meant for, who is no client of ours."
		}
		return "Handed to " + string(e.To) + ", the controller it was meant for."
	case request.Closed:
		return "Closed: " + outcomeWords(e.Outcome) + lifted(e.Told) + "."
	case request.Notified:
		if !e.Delivered {
			return "The client's system could not be told that the request is " + statusWords(e.Status) + "."
		}
		return "The client's system was told that the request is " + statusWords(e.Status) + "."
	default:
		return f.EventType()
	}
}

func statusWords(s request.DSRStatus) string { return strings.ReplaceAll(string(s), "_", " ") }

// lifted says that a restriction ended with a case.
func lifted(told calendar.Date) string {
	if told.IsZero() {
		return ""
	}
	return "; the restriction ended with it, of which the person was told on " + told.Words() + " (Art. 18(3))"
}

func referenceWords(reference string) string {
	if reference == "" {
		return ""
	}
	return " (reference " + reference + ")"
}

func reviewedSentence(e request.Reviewed) string {
	if len(e.Withheld) == 0 {
		return "The copy was gone through; nothing is left out."
	}
	parts := make([]string, len(e.Withheld))
	for i, w := range e.Withheld {
		parts[i] = count(int64(w.Items), "item") + " for " + w.Ground.Words() + ", " + w.Ground.Article()
	}
	return "The copy was gone through; left out: " + strings.Join(parts, "; ") + "."
}

func decidedSentence(e request.Decided) string {
	var parts []string
	for _, g := range e.Grounds {
		parts = append(parts, g.Words()+", "+g.Article())
	}
	for _, r := range e.Refusals {
		parts = append(parts, "refused in so far as "+r.Ground.Words()+", "+r.Ground.Article())
	}
	sentence := "The controller decided: " + outcomeWords(e.Outcome)
	if len(parts) > 0 {
		sentence += " (" + strings.Join(parts, "; ") + ")"
	}
	return sentence + ", by " + string(e.Warrant.By) + ", " + string(e.Warrant.How) + "."
}

func outcomeWords(o request.Outcome) string {
	if o == request.Partly {
		return "accepted in part"
	}
	return string(o)
}

// Settled says in words what closed a place.
func Settled(e request.Settled) string {
	switch {
	case e.How == request.ByAction:
		return e.How.Words() + " (" + string(e.Operation) + ", event " + e.Event + ")"
	case e.How == request.ByOrder:
		return e.How.Words() + " (order " + e.Order + ")"
	case e.How == request.ByExemption && e.Exemption != nil:
		return "exempt for " + e.Exemption.Ground.Words() + ", " + cmp.Or(e.Exemption.Provision, e.Exemption.Ground.Article())
	default:
		return e.How.Words()
	}
}

// Place names a place of a case, and the service that carries orders out there.
func Place(p request.Place) string {
	words := string(p.Kind) + " " + p.Name
	if p.Service != "" && string(p.Service) != p.Name {
		words += ", by " + string(p.Service)
	}
	return words
}

func channelWords(c request.Channel) string {
	if c == request.ViaOpenDSR {
		return "OpenDSR"
	}
	return strings.ReplaceAll(string(c), "in-person", "in person")
}

// Question says what a person is asked for.
func Question(q request.Question) string {
	switch q {
	case request.Identity:
		return "proof of identity"
	case request.Fee:
		return "a fee"
	case request.Clarification:
		return "what the request is about"
	default:
		return string(q)
	}
}
