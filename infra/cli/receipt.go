package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// receipts shows the answer to record, and says where a proof was asked for and is not in it.
func (p *program) receipts(raw json.RawMessage, batch, proved bool) error {
	items := []wire.Item{{Receipt: &wire.Receipt{}}}
	into := any(items[0].Receipt)
	if batch {
		items = nil // What stands in it would be taken for a part of the answer.
		into = &items
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return errors.Wrap(err, "read the receipt")
	}
	var failed error
	for _, item := range items {
		if item.Problem != nil && failed == nil {
			failed = refused(*item.Problem)
		}
		if r := item.Receipt; proved && r != nil && r.Proof == "" {
			p.note(fmt.Sprintf("Entry %d is recorded, and its proof not there yet: get it later with daybook proof %d; daybook status says why it lacks.",
				r.Position, r.Position))
		}
	}
	l := listing{whole: raw, head: []string{"id", "entry", "entries", "recorded", "verdict", "findings", "duplicate", "problem"}}
	for _, item := range items {
		l.items = append(l.items, item)
		row := []string{"", "", "", "", "", "", "", ""}
		if r := item.Receipt; r != nil {
			row = []string{r.ID, fmt.Sprint(r.Position), fmt.Sprint(r.Events), r.Recorded.Format(time.RFC3339), string(r.Verdict),
				codesOf(r.Findings), fmt.Sprint(r.Duplicate), ""}
		} else if item.Problem != nil {
			row[7] = sentenceOf(*item.Problem)
		}
		l.rows = append(l.rows, row)
		if p.format == "table" {
			p.say(receiptWords(item)...)
		}
	}
	if !batch {
		l.items = []any{items[0].Receipt}
	}
	if p.format == "table" {
		return failed
	}
	return errors.CombineErrors(p.show(l), failed)
}

func codesOf(findings []wire.Finding) string {
	codes := make([]string, len(findings))
	for i, f := range findings {
		codes[i] = f.Code
	}
	return strings.Join(codes, " ")
}

func receiptWords(item wire.Item) []string {
	r := item.Receipt
	if r == nil {
		return []string{"Not recorded: " + sentenceOf(*item.Problem)}
	}
	entry := fmt.Sprintf("entry %d", r.Position)
	if r.Events > 1 {
		entry = fmt.Sprintf("entries %d to %d, one for each person", r.Position, r.Position+uint64(r.Events)-1)
	}
	words := []string{fmt.Sprintf("Recorded on %s as %s, under id %s.", moment(r.Recorded), entry, r.ID)}
	if r.Duplicate {
		words[0] = fmt.Sprintf("Recorded before, on %s as %s, under id %s; nothing was added.", moment(r.Recorded), entry, r.ID)
	}
	if r.Proof != "" {
		words = append(words, "It is proved to be in the log: -o json shows the proof, and daybook proof "+fmt.Sprint(r.Position)+" --file FILE writes it.")
	}
	for _, n := range r.Notes {
		words = append(words, n.Message+" ("+n.Article+")")
	}
	if len(r.Findings) == 0 && len(r.Notes) == 0 {
		return append(words, "It keeps to the client's instruction.")
	}
	for _, f := range r.Findings {
		words = append(words, "Finding "+f.Code+": "+f.Message+" ("+f.Article+")")
		if known, err := domain.ParseFinding(f.Code); err == nil {
			words = append(words, "  "+known.Remedy())
		}
	}
	return words
}

// errNotPermitted ends ask with exit code 1; the answer itself was shown.
var errNotPermitted = errors.Wrap(domain.ErrForbidden, "the action is not permitted")

func (p *program) answer(a wire.Answer) error {
	if p.format != "table" {
		l := listing{whole: a, items: []any{a}, head: []string{"permitted", "instruction", "version", "basis", "reasons"}}
		codes := make([]string, len(a.Reasons))
		for i, r := range a.Reasons {
			codes[i] = r.Code
		}
		l.rows = [][]string{{fmt.Sprint(a.Permitted), a.Instruction, fmt.Sprint(a.Version), a.Basis, strings.Join(codes, " ")}}
		if err := p.show(l); err != nil || a.Permitted {
			return err
		}
		return errNotPermitted
	}
	if a.Permitted {
		p.say(fmt.Sprintf("Yes: instruction %s (version %d) permits it, on the basis of %s.", a.Instruction, a.Version, basisWords(a.Basis)))
		p.answerKept(a.Receipt)
		return nil
	}
	p.say("No. It may not be done:")
	for _, r := range a.Reasons {
		p.say("  "+r.Message+" ("+r.Article+")", "    "+r.Remedy)
	}
	p.answerKept(a.Receipt)
	return errNotPermitted
}

// answerKept says where an answer was recorded, nothing where it was not.
func (p *program) answerKept(r *wire.Receipt) {
	if r == nil {
		return
	}
	kept := *r
	kept.Findings = nil // They are the answer.
	p.say(receiptWords(wire.Item{Receipt: &kept})[0])
}

func basisWords(name string) string {
	basis, err := domain.ParseBasis(name)
	if err != nil {
		return name
	}
	return basis.Words() + ", " + basis.Article()
}

// moment writes a time for people, in UTC.
func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") }

// brief writes a time for a table, in UTC.
func brief(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04") }
