package cli

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) article30() *cobra.Command {
	var controller, page string
	var unused int
	var reveal, secret bool
	cmd := &cobra.Command{
		Use:   "article30",
		Short: "The record of processing (Art. 30(2)), and where what is declared and done part",
		Long: "Shows the processor's record, or that of one client: what is declared, what was seen to be done, what left the territory,\n" +
			"and where the two part. With --html it writes a page to print, without anything to fetch.",
		Example: "  daybook article30\n  daybook article30 -c fenland-cycles --at 2026-06-30\n  daybook article30 --html record.html --reveal-contacts",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := filter{}.set("secret", secretValue(secret))
			if unused != 0 {
				f.set("unused", strconv.Itoa(unused))
			}
			if reveal {
				f.set("reveal", "contacts")
			}
			path := "/article30"
			if controller != "" {
				if err := under(controller); err != nil {
					return err
				}
				path = "/controllers/" + controller + path
			}
			if page != "" {
				return p.writePage(cmd, f.set("format", "html").path(path), page)
			}
			var record wire.Article30
			if err := p.ledger().call(cmd.Context(), http.MethodGet, f.path(path), "", nil, &record); err != nil {
				return err
			}
			return p.article30Page(record)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&controller, "controller", "c", "", "only the record of this client")
	fl.IntVar(&unused, "unused", 0, "after how many days what is declared and not done is drift; 90 by default")
	fl.StringVar(&page, "html", "", "write a page to print into this file; - for standard output")
	fl.BoolVar(&reveal, "reveal-contacts", false, "with the names, addresses and numbers of contacts")
	secretFlag(cmd, &secret)
	return cmd
}

// writePage writes an answer that is a page into a file.
func (p *program) writePage(cmd *cobra.Command, path, file string) error {
	var page json.RawMessage
	if err := p.ledger().call(cmd.Context(), http.MethodGet, path, "", nil, &page); err != nil {
		return err
	}
	if file == "-" {
		return p.write(string(page))
	}
	// The page may name people who act for others.
	if err := os.WriteFile(file, page, 0o600); err != nil {
		return errors.WithSecondaryError(invalid("The page could not be written to "+file+".", "Name a file in a directory that you may write to."), err)
	}
	if p.format == "table" {
		p.say("Wrote " + file + ".")
		return nil
	}
	return p.show(listing{whole: map[string]string{"file": file}, items: []any{map[string]string{"file": file}}, head: []string{"file"}, rows: [][]string{{file}}})
}

func (p *program) article30Page(record wire.Article30) error {
	if p.format != "table" {
		l := listing{whole: record, head: []string{"controller", "instruction", "version", "basis", "dimension", "value", "declared", "first", "last"}}
		for _, r := range record.Records {
			l.items = append(l.items, r)
			for _, a := range r.Activities {
				for _, line := range a.Lines {
					l.rows = append(l.rows, []string{r.Controller, a.Instruction, strconv.Itoa(a.Version), a.Basis, line.Dimension, line.Value,
						strconv.FormatBool(line.Declared), stamp(line.First), stamp(line.Last)})
				}
			}
		}
		return p.show(l)
	}
	name := "nobody yet"
	if record.Processor != nil {
		name = record.Processor.Name
	}
	p.title("Record of processing activities of " + name)
	if words := p.asItWas(); words != "" {
		p.say(words)
	}
	p.say("As of "+record.AsOf+", from "+entriesWords(int(record.Position))+".", "")
	for _, r := range record.Records {
		if err := p.record30(r); err != nil {
			return err
		}
	}
	if len(record.Records) == 0 {
		p.say("No client is declared.")
	}
	return nil
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(stampLayout)
}

func (p *program) record30(r wire.Article30Record) error {
	p.title("On behalf of " + r.Name + " (" + r.Regime + ", " + r.Country + ")")
	l := listing{head: []string{"Instruction", "What is done", "Seen"}, empty: "Nothing is declared and nothing was seen."}
	for _, a := range r.Activities {
		instruction := orText(a.Instruction, "none")
		if a.Version > 0 {
			instruction += " v" + strconv.Itoa(a.Version)
		}
		words := orText(a.Title, "Nothing of that name was instructed")
		if a.Basis != "" {
			words += "; " + basisWords(a.Basis)
		}
		seen := "never"
		if first, last := span30(a.Lines); first != nil {
			if seen = first.Format("2 Jan 2006"); last.Format("2 Jan 2006") != seen {
				seen += " to " + last.Format("2 Jan 2006")
			}
		}
		l.rows = append(l.rows, []string{instruction, words + "\n" + dimensions30(a.Lines), seen})
	}
	if err := p.show(l); err != nil {
		return err
	}
	for _, t := range r.Transfers {
		p.say("Outside the territory: " + t.Country + ", to " + orText(t.RecipientName, orText(t.Recipient, "ourselves")) + ", with " +
			orText(t.Safeguard, "no safeguard named") + ".")
	}
	p.say("")
	drift := listing{head: []string{"Drift", "Where what is declared and what is done part"}, empty: "No drift: what is declared is done, and what is done is declared."}
	for _, d := range r.Drift {
		drift.rows = append(drift.rows, []string{d.Kind, d.Sentence})
	}
	if err := p.show(drift); err != nil {
		return err
	}
	p.say("")
	return nil
}

// span30 gives when anything of an activity was seen first and last.
func span30(lines []wire.Article30Line) (first, last *time.Time) {
	for _, l := range lines {
		if l.First != nil && (first == nil || l.First.Before(*first)) {
			first = l.First
		}
		if l.Last != nil && (last == nil || l.Last.After(*last)) {
			last = l.Last
		}
	}
	return first, last
}

// dimensions30 lists the operations, categories, recipients and countries; what is not declared stands out.
func dimensions30(lines []wire.Article30Line) string {
	var rows []string
	for _, d := range []string{"operation", "category", "recipient", "country"} {
		var values []string
		for _, l := range lines {
			switch {
			case l.Dimension != d:
			case l.Declared:
				values = append(values, l.Words)
			default:
				values = append(values, l.Words+" (not declared)")
			}
		}
		if len(values) > 0 {
			rows = append(rows, strings.Join(values, ", "))
		}
	}
	return strings.Join(rows, "\n")
}
