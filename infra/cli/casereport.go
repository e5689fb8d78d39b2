package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) caseReport() *cobra.Command {
	var controller, html string
	cmd := &cobra.Command{
		Use:   "report -c CONTROLLER CASE",
		Short: "Put the answer to a request for access together, as Article 15(1) has it",
		Long: "The report names the person in the clear, because it is theirs; other people are not in it. Write it to a file to print or\n" +
			"send it: the page needs nothing but itself.",
		Example: "  daybook case report -c fenland-cycles 0199a0c2-7d3e-7000-8000-000000000001 --html answer.html",
		Args:    exact(1, "one case"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := casePath(controller, args[0])
			if err != nil {
				return err
			}
			if html != "" {
				return p.saveReport(cmd, path+"/report?format=html", html)
			}
			var r wire.AccessReport
			if err := p.ledger().call(cmd.Context(), http.MethodGet, path+"/report", "", nil, &r); err != nil {
				return err
			}
			return p.report15(r)
		},
	}
	clientFlag(cmd, &controller)
	cmd.Flags().StringVar(&html, "html", "", "write it as a page to print, to this file")
	return cmd
}

// saveReport writes the page to a file that only its owner reads.
func (p *program) saveReport(cmd *cobra.Command, path, file string) error {
	var page json.RawMessage
	if err := p.ledger().call(cmd.Context(), http.MethodGet, path, "", nil, &page); err != nil {
		return err
	}
	if err := os.WriteFile(file, page, 0o600); err != nil {
		return invalid("The file "+file+" cannot be written.", "Name a file in a directory that can be written to.")
	}
	p.say("Written to " + file + ". It names the person: keep it as you keep their data.")
	return nil
}

func (p *program) report15(r wire.AccessReport) error {
	uses := listing{whole: r, head: []string{"When (UTC)", "What", "Why"}, empty: "No use is on record."}
	for _, u := range r.Used {
		uses.items = append(uses.items, u)
		uses.rows = append(uses.rows, []string{brief(u.At), u.What, u.Purpose})
	}
	if p.format != "table" {
		return p.show(uses)
	}
	p.title("Answer under Article 15 · " + r.ControllerName + " · case " + r.Case)
	p.say("Person: "+strings.Join(plain(r.Identifiers), ", "), fmt.Sprintf("As known when the ledger had %d entries.", r.Position), "")
	for _, part := range []struct {
		title string
		list  listing
	}{
		{"(a) Purposes", purposesList(r)}, {"(b), (d) What is held, and how long", heldList(r)}, {"(c) Who received data", recipientsList(r)},
		{"When data were used", uses}, {"(e), (f) Rights", rightsList(r)}, {"(g) Sources", sourcesList(r)}, {"Left out", withheldList(r)},
	} {
		p.title(part.title)
		if err := p.show(part.list); err != nil {
			return err
		}
		p.say("")
	}
	p.say(r.Complaint, r.Automated)
	return nil
}

func purposesList(r wire.AccessReport) listing {
	l := listing{head: []string{"Purpose", "Basis"}, empty: "No processing is on record."}
	for _, x := range r.Purposes {
		l.rows = append(l.rows, []string{x.Title, x.Words})
	}
	return l
}

func heldList(r wire.AccessReport) listing {
	l := listing{head: []string{"What", "Where", "Since (UTC)", "Kept"}, empty: "Nothing is held."}
	for _, x := range r.Held {
		kept := x.Retention
		if x.Until != nil {
			kept += " Until " + brief(*x.Until) + "."
		}
		l.rows = append(l.rows, []string{x.Name, place2(x.System, x.Location), brief(x.Since), kept})
	}
	return l
}

func recipientsList(r wire.AccessReport) listing {
	l := listing{head: []string{"Recipient", "Data", "First (UTC)", "Last (UTC)", "Times"}, empty: "Nobody."}
	for _, x := range r.Recipients {
		name := x.Name
		if x.Compelled {
			name += ", ordered by a court or an authority"
		}
		l.rows = append(l.rows, []string{name, categoriesWords(x.Categories), brief(x.First), brief(x.Last), fmt.Sprint(x.Times)})
	}
	return l
}

func rightsList(r wire.AccessReport) listing {
	l := listing{head: []string{"Right", "For"}, empty: "None follows from a basis on record."}
	for _, x := range r.Rights {
		l.rows = append(l.rows, []string{upperFirst(x.Words) + ", " + x.Article, orText(strings.Join(x.Purposes, "; "), "every purpose")})
	}
	return l
}

func sourcesList(r wire.AccessReport) listing {
	l := listing{head: []string{"What", "Where from", "First (UTC)"}, empty: "No collection is on record."}
	for _, x := range r.Sources {
		l.rows = append(l.rows, []string{x.Name, x.Words, brief(x.First)})
	}
	return l
}

func withheldList(r wire.AccessReport) listing {
	l := listing{head: []string{"Items", "Ground"}, empty: "Nothing."}
	for _, x := range r.Withheld {
		l.rows = append(l.rows, []string{fmt.Sprint(x.Items), upperFirst(x.Words) + ", " + orText(x.Provision, x.Article)})
	}
	return l
}
