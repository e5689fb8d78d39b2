package cli

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) caseShow() *cobra.Command {
	var controller string
	var notes bool
	cmd := &cobra.Command{
		Use:     "show -c CONTROLLER CASE",
		Short:   "Show a case: both clocks and their working, its places, what was done and what is next",
		Example: "  daybook case show -c fenland-cycles 0199a0c2-7d3e-7000-8000-000000000001 --notes",
		Args:    exact(1, "one case"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := casePath(controller, args[0])
			if err != nil {
				return err
			}
			if notes {
				path += "?notes=show"
			}
			var c wire.Case
			if err := p.ledger().call(cmd.Context(), http.MethodGet, path, "", nil, &c); err != nil {
				return err
			}
			return p.casePage(c)
		},
	}
	clientFlag(cmd, &controller)
	cmd.Flags().BoolVar(&notes, "notes", false, "open the sealed notes")
	return cmd
}

func (p *program) casePage(c wire.Case) error {
	steps := listing{whole: c, head: []string{"Entry", "Day", "What was done"}}
	for _, s := range c.Steps {
		words := s.Sentence
		switch {
		case s.Note != "":
			words += "\nNote: " + string(s.Note)
		case s.Sealed && c.Forgotten:
			words += "\nNote: forgotten; the key was destroyed."
		case s.Sealed:
			words += "\nThere is a sealed note."
		}
		if s.By != "" {
			words += "\nBy " + s.By + "."
		}
		steps.items = append(steps.items, s)
		steps.rows = append(steps.rows, []string{strconv.FormatUint(s.Position, 10), s.On, words})
	}
	if p.format != "table" {
		return p.show(steps)
	}
	p.sayAsItWas()
	p.title(c.Title + " · " + orText(c.ControllerName, c.Controller) + " · case " + c.Case)
	if len(c.Identifiers) > 0 {
		p.say("Person: " + strings.Join(plain(c.Identifiers), ", "))
	}
	p.say("Owner: "+c.Owner+" · received "+c.Received+" · "+c.Channel, "Stage: "+c.Stage+". "+c.Next, "")
	p.caseClock("The client's limit in law", c.Legal)
	p.caseClock("Our promise to the client", c.Promise)
	if len(c.PlaceList) > 0 {
		p.title("Places")
		for _, place := range c.PlaceList {
			p.say(place.Sentence)
		}
		p.say("")
	}
	for _, w := range c.Withheld {
		p.say("Left out of the copy: " + strconv.Itoa(w.Items) + ", for " + w.Words + " (" + w.Article + ").")
	}
	if len(c.Withheld) > 0 {
		p.say("")
	}
	p.title("What was done")
	if err := p.show(steps); err != nil {
		return err
	}
	p.say("")
	p.title("What can be done next")
	next := listing{head: []string{"Step", "What it says"}, empty: "Nothing: the case is over."}
	for _, n := range c.NextSteps {
		next.rows = append(next.rows, []string{n.Step, n.Words})
	}
	return p.show(next)
}

func (p *program) caseClock(title string, c wire.CaseClock) {
	p.title(title + ": " + c.Words)
	for _, step := range c.Working {
		line := "  " + step.Text
		if step.Provision != "" {
			line += " (" + step.Provision + ")"
		}
		width, _ := terminal(p.out)
		p.say("  " + strings.Join(wrap(line, width-4), "\n    "))
	}
	p.say("")
}

// plain gives texts that are to be shown.
func plain(list []wire.Text) []string {
	out := make([]string, len(list))
	for i, text := range list {
		out[i] = string(text)
	}
	return out
}
