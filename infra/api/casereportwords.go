package api

import (
	"maps"
	"slices"
	"strings"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/trail"
)

// termsOf gives the terms of an instruction's version, none where the controller never gave it.
func (c *call) termsOf(controller domain.ControllerID, id domain.InstructionID, version int) (domain.Terms, bool) {
	for _, v := range c.api.cfg.Ledger.State().Instructions[commands.InstructionKey{Controller: controller, Instruction: id}].Versions {
		if v.Number == version {
			return v.Terms, true
		}
	}
	return domain.Terms{}, false
}

func (c *call) serviceName(controller domain.ControllerID, id domain.ServiceID) string {
	return c.api.cfg.Ledger.State().Register.Services[register.ServiceKey{Controller: controller, Service: id}].Name
}

// finish adds what follows from the rest: the purposes, the rights, and what the review withheld.
func (r *reporting) finish() {
	for _, id := range slices.Sorted(maps.Keys(r.terms)) {
		t := r.terms[id]
		r.out.Purposes = append(r.out.Purposes, wire.ReportPurpose{
			Instruction: string(id), Title: t.Title, Purpose: t.Purpose, Basis: string(t.Basis), Words: sentence.Basis(t.Basis), Interest: t.Interest,
		})
	}
	r.out.Rights = r.rights()
	r.out.Complaint = "You can complain to the supervisory authority of the country where you live or work, or where the infringement was (Art. 77)."
	if r.s.Received.Regime == domain.UK {
		r.out.Complaint = "You can complain to " + r.out.ControllerName + " first (DPA 2018 s.164A), and to the Information Commissioner (s.165)."
	}
	r.out.Automated = "The ledger has no word of a decision based solely on automated processing. " + r.out.ControllerName +
		" answers for what it decides elsewhere (" + request.AutomatedDecision.Article(r.s.Received.Regime) + ")."
	if r.s.Reviewed != nil {
		for _, w := range r.s.Reviewed.Withheld {
			r.out.Withheld = append(r.out.Withheld, wire.CaseWithheld{CaseCited: refused(w.Cited), Items: w.Items})
		}
	}
}

// rights gives the rights that usually go with the bases on which the person's data stand, and for which purposes each does.
func (r *reporting) rights() []wire.ReportRight {
	list := []wire.ReportRight{}
	for _, name := range slices.Sorted(maps.Keys(r.terms)) {
		t := r.terms[name]
		usual := request.RightsFor(r.s.Received.Regime, t.Basis)
		if t.Marketing() && !dossier.Objectionable(t.Basis) {
			// Art. 21(2), 21(4): whatever the basis, and the person is told of it.
			usual = append(usual, request.Right{Article: "Art. 21(2)", Words: "object to direct marketing"})
		}
		for _, right := range usual {
			if right.Kind == request.Complaint || right.Name == "A13" || right.Name == "A14" {
				continue // The complaint has its own words, and informing is no right to be asked for.
			}
			i := slices.IndexFunc(list, func(x wire.ReportRight) bool { return x.Article == right.Article })
			if i < 0 {
				i = len(list)
				list = append(list, wire.ReportRight{Article: right.Article, Words: right.Words})
			}
			list[i].Purposes = append(list[i].Purposes, t.Title)
		}
	}
	for i := range list {
		if len(list[i].Purposes) == len(r.terms) {
			list[i].Purposes = nil
		}
	}
	slices.SortStableFunc(list, func(a, b wire.ReportRight) int { return articleNumber(a.Article) - articleNumber(b.Article) })
	return list
}

// articleNumber gives the number in Art. 7(3).
func articleNumber(article string) int {
	n := 0
	for _, c := range strings.TrimPrefix(article, "Art. ") {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// what says what was used, and where.
func what(e trail.Entry) string {
	words := sentence.Categories(e.Categories) + " " + e.Operation.Verb()
	if e.System != "" {
		words += " in " + e.System
	}
	return upper(words)
}

// retentionWords says how long something is kept.
func retentionWords(rules []domain.Retention) string {
	if len(rules) == 0 {
		return "No period is instructed; it is kept as long as its purpose needs it."
	}
	parts := make([]string, len(rules))
	for i, rule := range rules {
		parts[i] = sentence.Kept(rule)
	}
	return upper(strings.Join(parts, ", or ")) + "."
}
