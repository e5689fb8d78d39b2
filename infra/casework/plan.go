package casework

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections/disclosures"
)

// waiting gives the open orders of the case at the place that say the same as one to come: what they ask for is not asked for twice.
func waiting(s dossier.Standing, like dossier.OrderSent) []dossier.OrderSent {
	var list []dossier.OrderSent
	for _, o := range s.Orders {
		if o.Case == like.Case && o.Kind == like.Kind && o.System == like.System && o.Service == like.Service && o.Instruction == like.Instruction {
			list = append(list, o)
		}
	}
	return list
}

// group is what is held of one dossier at one place under one instruction.
type group struct {
	subject     domain.SubjectKey
	instruction domain.InstructionID
	categories  []domain.Category
}

func grouped(p request.Place, copies []disclosures.Place) []group {
	var list []group
	for _, item := range openAt(p, copies) {
		i := slices.IndexFunc(list, func(g group) bool { return g.subject == item.Subject && g.instruction == item.Instruction })
		if i < 0 {
			i = len(list)
			list = append(list, group{subject: item.Subject, instruction: item.Instruction})
		}
		list[i].categories = append(list[i].categories, item.Category)
	}
	slices.SortFunc(list, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.subject, b.subject), strings.Compare(string(a.instruction), string(b.instruction)))
	})
	return list
}

// openAt gives what is at the place and was not removed by what counts as erasure.
func openAt(p request.Place, copies []disclosures.Place) []disclosures.Item {
	var list []disclosures.Item
	for _, found := range copies {
		for _, item := range found.Items {
			if found.Kind == p.Kind && found.Name == p.Name && item.Closed == nil {
				list = append(list, item)
			}
		}
	}
	return list
}

// numbered gives the order an id that follows from what it asks, so that asking again sends nothing twice.
func numbered(s request.State, p request.Place, o dossier.OrderSent) dossier.OrderSent {
	var categories []string
	for _, category := range o.Categories {
		categories = append(categories, string(category))
	}
	parts := []string{
		string(s.Received.Controller), string(s.Received.Case), string(p.Kind), p.Name, string(p.Service), strconv.FormatUint(uint64(o.Subject), 10), string(o.Instruction),
	}
	sum := sha256.Sum256([]byte(strings.Join(append(parts, categories...), "\x00")))
	o.Order = "case-" + hex.EncodeToString(sum[:16])
	return o
}

// due gives the day by which a case's orders are to be carried out: the sooner of its limits that can be kept still, else today.
func (n planning) due() time.Time {
	due, today := calendar.Date{}, n.today
	for _, w := range []calendar.Working{n.state.Legal(), n.state.Promised()} {
		if w.Now == calendar.Running && !w.Due.Before(today) && (due.IsZero() || w.Due.Before(due)) {
			due = w.Due
		}
	}
	if due.IsZero() {
		due = today
	}
	return due.Time()
}
