// Package sentence says what the ledger holds in plain British English, one sentence an entry, so that nobody must be a programmer
// to read what was done with their data (Art. 12(1)). It is the one place where entries become words.
//
// It deliberately opens nothing that is sealed and names no person: whom an entry is about, its reader has asked by.
package sentence

import (
	"strconv"
	"strings"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// Names gives what the register calls things at the time of asking. Empty texts and nil functions leave the plain id.
type Names struct {
	Controller string
	Recipient  func(domain.RecipientID) string
}

func (n Names) controller(id domain.ControllerID) string {
	if n.Controller != "" {
		return n.Controller
	}
	return string(id)
}

func (n Names) recipient(id domain.RecipientID) string {
	if n.Recipient != nil {
		if name := n.Recipient(id); name != "" {
			return name
		}
	}
	return string(id)
}

// Entry is one entry as a sentence needs it.
type Entry struct {
	Position domain.Position
	Time     time.Time
	Fact     domain.Fact
}

// separator stands between the parts of a sentence.
const separator = " · "

// Of gives the sentence for an entry about a person, such as "12 Mar 2026, 14:05 UTC · Email Address and Name stored in crm (GB) ·
// contract, Art. 6(1)(b) · instruction orders v3 of Fenland Cycles Ltd · by webshop · entry 88213".
func Of(e Entry, n Names) string {
	parts := []string{Moment(e.Time)}
	switch f := e.Fact.(type) {
	case dossier.ActionRecorded:
		parts = append(parts, done(f, n), Basis(f.Basis), Under(f.Instruction, f.Version, n.controller(f.Controller)))
		if f.Order != "" {
			parts = append(parts, "answering order "+f.Order)
		}
		parts = append(parts, "by "+string(f.Service))
		if f.Findings != 0 {
			parts = append(parts, findings(f.Findings))
		}
	case dossier.IdentifierLinked:
		parts = append(parts, linked(f))
		if f.By != "" {
			parts = append(parts, "said by "+string(f.By))
		}
	default:
		parts = append(parts, matter(f))
	}
	return strings.Join(append(parts, "entry "+e.Position.String()), separator)
}

// Forgotten adds to a sentence that the details of its entry can never be opened again.
func Forgotten(s string) string { return s + separator + "details (forgotten)" }

// Moment writes a time as people do, to the minute, in UTC.
func Moment(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") }

// Day writes a day as people do.
func Day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// Basis names a basis and its place in the law, such as "contract, Art. 6(1)(b)".
func Basis(b domain.Basis) string {
	if b == "" {
		return "no basis"
	}
	return b.Words() + ", " + b.Article()
}

// Under names the instruction, such as "instruction orders v3 of Fenland Cycles Ltd".
func Under(id domain.InstructionID, version int, controller string) string {
	switch {
	case id == "":
		return "no instruction of " + controller
	case version == 0:
		return "instruction " + string(id) + ", which " + controller + " had not given"
	}
	return "instruction " + string(id) + " v" + strconv.Itoa(version) + " of " + controller
}

// Categories names categories of data, such as "Email Address, Name and Postal Address".
func Categories(categories []domain.Category) string {
	terms := make([]string, len(categories))
	for i, c := range categories {
		terms[i] = c.Term()
	}
	return list(terms, "data of no named category")
}

func list(terms []string, none string) string {
	switch n := len(terms); n {
	case 0:
		return none
	case 1:
		return terms[0]
	default:
		return strings.Join(terms[:n-1], ", ") + " and " + terms[n-1]
	}
}

func done(f dossier.ActionRecorded, n Names) string {
	s := Categories(f.Categories) + " " + f.Operation.Verb()
	place := ""
	if f.From != "" {
		place = " from " + f.From
	}
	if f.System != "" {
		place += " " + preposition(f.Operation) + " " + f.System
	}
	if f.Recipient != "" {
		s += place + " to " + n.recipient(f.Recipient)
		place = ""
	}
	s += place
	if f.Location != "" {
		s += " (" + string(f.Location) + ")"
	}
	return capital(s)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// preposition says how an operation stands to the system that is named with it.
func preposition(op domain.Operation) string {
	switch {
	case op == domain.Move || op == domain.Transfer || op == domain.Copy:
		return "to"
	case op.Discloses() || op.Removal():
		return "from"
	default:
		return "in"
	}
}

func findings(set domain.FindingSet) string {
	if n := len(set.List()); n > 1 {
		return strconv.Itoa(n) + " findings"
	}
	return "1 finding"
}

func linked(f dossier.IdentifierLinked) string {
	if f.Joined != 0 {
		return "Two records were found to be of one person, by " + article(f.Identifier) + " identifier"
	}
	return capital(article(f.Identifier)) + " identifier was found to name this person"
}

// article gives a kind of identifier with its article.
func article(kind string) string {
	if kind != "" && strings.ContainsRune("aeio", rune(kind[0])) {
		return "an " + kind
	}
	return "a " + kind
}
