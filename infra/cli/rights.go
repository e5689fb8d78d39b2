package cli

import (
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) basisRights() *cobra.Command {
	var controller, regime, basis string
	cmd := &cobra.Command{
		Use:   "rights",
		Short: "Which rights people have, by the basis, in the UK and in the EU",
		Long: "Lists the rights that usually go with each Article 6 basis, with their articles, and what usually stands against the others. It\n" +
			"is a default to begin from, by DPV 2.3 and the law of each regime: the client decides each case.",
		Example: "  daybook basis rights --basis A6-1-b\n  daybook basis rights -c kilbrack-joinery\n  daybook basis rights --regime UK -o csv",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := filter{}.set("controller", controller).set("regime", regime).set("basis", basis)
			var r wire.Rights
			if err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/rights"), "", nil, &r); err != nil {
				return err
			}
			return p.rightsPage(r)
		},
	}
	cmd.Flags().StringVarP(&controller, "controller", "c", "", "by the law that binds this client")
	cmd.Flags().StringVar(&regime, "regime", "", "UK or EU; both by default")
	cmd.Flags().StringVar(&basis, "basis", "", "one basis only: A6-1-a to A6-1-f, or A6-1-ea of the UK")
	return cmd
}

// rightsPage shows a table for each basis; in CSV they are one.
func (p *program) rightsPage(r wire.Rights) error {
	all := listing{whole: r, head: []string{"regime", "basis", "right", "article", "words", "usual", "against", "kind"}}
	for _, b := range r.Bases {
		all.items = append(all.items, b)
		l := listing{head: []string{"Right", "Article", "Usually", "What stands against it"}}
		for _, e := range b.Rights {
			all.rows = append(all.rows, []string{b.Regime, b.Basis, e.Name, e.Article, e.Words, strconv.FormatBool(e.Usual), e.Against, e.Kind})
			usually := "no"
			if e.Usual {
				usually = "yes"
			}
			l.rows = append(l.rows, []string{upperFirst(e.Words), e.Article, usually, e.Against})
		}
		if p.format == "table" {
			p.title(b.Regime + ": " + b.Words + ", " + b.Article)
			if err := p.show(l); err != nil {
				return err
			}
			p.say("")
		}
	}
	if p.format != "table" {
		return p.show(all)
	}
	p.say(r.Marketing, r.Source)
	return nil
}
