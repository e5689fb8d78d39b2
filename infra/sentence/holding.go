package sentence

import (
	"strings"
	"time"

	"github.com/jigowatt/daybook/domain"
)

// Holding is one category of data in one system as a sentence needs it.
type Holding struct {
	Category     domain.Category
	System       string
	Location     domain.Location
	Since, Until time.Time // a zero Until says that the end is not known yet
	Basis        domain.Basis
	Controller   domain.ControllerID
	Instruction  domain.InstructionID
	Version      int
	Withdrawn    bool
}

// Held gives the sentence for what is held, such as "Email Address held in crm (GB) since 12 March 2026 · contract, Art. 6(1)(b) ·
// instruction orders v3 of Fenland Cycles Ltd · until 12 March 2033".
func Held(h Holding, n Names) string {
	var categories []domain.Category
	if h.Category != "" {
		categories = []domain.Category{h.Category}
	}
	what := capital(Categories(categories)) + " held"
	if h.System != "" {
		what += " in " + h.System
	}
	if h.Location != "" {
		what += " (" + string(h.Location) + ")"
	}
	parts := []string{what + " since " + Day(h.Since), Basis(h.Basis), Under(h.Instruction, h.Version, n.controller(h.Controller))}
	if h.Withdrawn {
		parts = append(parts, "deleted, but can be had back")
	}
	if !h.Until.IsZero() {
		parts = append(parts, "until "+Day(h.Until))
	}
	return strings.Join(parts, separator)
}
