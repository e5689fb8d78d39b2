package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

// standing gives a command that shows what stands about a person.
func (p *program) standing(use, short string, show func(wire.Standing) listing) *cobra.Command {
	var controller string
	cmd := &cobra.Command{
		Use: use + " -c CONTROLLER kind:value", Short: short, Args: exact(1, "one identifier, such as email:ada@example.org"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := under(controller); err != nil {
				return err
			}
			who, err := p.identifier(args[0])
			if err != nil {
				return err
			}
			var s wire.Standing
			path := "/controllers/" + controller + "/people/standing"
			if err := p.ledger().call(cmd.Context(), http.MethodPost, path, "", wire.StandingQuery{Person: who}, &s); err != nil {
				return err
			}
			return p.showDated(show(s))
		},
	}
	clientFlag(cmd, &controller)
	return p.dated(cmd)
}

func (p *program) personStanding() *cobra.Command {
	return p.standing("standing", "Show what stands about a person: consents, objections, restrictions, holds, orders", standingList)
}

func standingList(s wire.Standing) listing {
	l := listing{whole: s, head: []string{"What", "Id", "About", "Stands"}, empty: "Nothing stands about this person beyond the ordinary."}
	add := func(item any, cells ...string) {
		l.items = append(l.items, item)
		l.rows = append(l.rows, cells)
	}
	for _, x := range s.Consents {
		stands := "given " + brief(x.Given)
		if x.Withdrawn != nil {
			stands = "withdrawn " + brief(*x.Withdrawn)
		}
		add(x, "consent", "", "instruction "+x.Instruction, stands)
	}
	for _, x := range s.Objections {
		about := "every instruction"
		if x.Marketing {
			about = "direct marketing"
		}
		if x.Instruction != "" {
			about = "instruction " + x.Instruction
		}
		stands := "raised " + brief(x.Raised) + ": what rests on Art. 6(1)(e), (ea) or (f) stops until it is resolved"
		switch {
		case x.Marketing && x.Resolved == nil:
			stands = "raised " + brief(x.Raised) + ": final, Art. 21(3)"
		case x.Resolved != nil && x.Overridden:
			stands = "overridden " + brief(*x.Resolved)
		case x.Resolved != nil && x.Void:
			stands = "ended without a decision " + brief(*x.Resolved)
		case x.Resolved != nil:
			stands = "stands for good since " + brief(*x.Resolved)
		}
		add(x, "objection", x.ID, about, stands)
	}
	for _, x := range s.Restrictions {
		about := x.Ground
		if x.Instruction != "" {
			about += ", instruction " + x.Instruction
		}
		stands := "placed " + brief(x.Placed)
		if x.Lifted != nil {
			stands = "lifted " + brief(*x.Lifted)
		}
		add(x, "restriction", x.ID, about, stands)
	}
	for i, row := range holdList(s).rows {
		add(s.Holds[i], "hold", row[0], row[1]+", "+row[2]+": "+row[3], "until "+row[4])
	}
	for _, x := range s.Orders {
		add(x, "order", x.Order, x.Kind+" in "+orText(x.System, "every system")+", by "+x.Service+", for "+x.Reason, "due "+brief(x.Due))
	}
	return l
}
