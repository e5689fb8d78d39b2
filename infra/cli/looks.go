package cli

import (
	"net/http"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/jigowatt/daybook/infra/wire"
)

// lookerFlags are how whoever asks says who they are and why.
func (p *program) lookerFlags(flags *pflag.FlagSet) {
	flags.StringVar(&p.actor, "as", "", "who asks: the id of a contact or user, never a name (or DAYBOOK_ACTOR)")
	flags.StringVar(&p.reason, "reason", "", "why somebody looks: request, complaint, instruction, audit, incident, authority, support or operation")
	flags.StringVar(&p.inCase, "for-case", "", "the case for which somebody looks")
}

// looker gives the headers that say who asks and why.
func (p *program) looker() http.Header {
	actor := p.actor
	if actor == "" {
		actor = p.env("DAYBOOK_ACTOR")
	}
	h := http.Header{}
	for name, value := range map[string]string{wire.HeaderActor: actor, wire.HeaderReason: p.reason, wire.HeaderCase: p.inCase} {
		if value != "" {
			h.Set(name, value)
		}
	}
	return h
}

// lookList shows looks.
func lookList(whole any, looks []wire.Look) listing {
	l := listing{whole: whole, head: []string{"Entry", "When (UTC)", "What"}, empty: "Nobody looked."}
	for _, look := range looks {
		l.items = append(l.items, look)
		l.rows = append(l.rows, []string{strconv.FormatUint(look.Position, 10), brief(look.Time), look.Sentence})
	}
	return l
}

// lookTable is lookList for a command's own output, with a column a member in CSV.
func (p *program) lookTable(all wire.Looks, people bool) listing {
	l := lookList(all, all.Looks)
	if p.format == "csv" {
		l.head, l.rows = []string{"entry", "time", "kind", "actor", "known", "reason", "case", "controller", "view", "what", "format", "rows", "sha256", "sentence"}, nil
		for _, k := range all.Looks {
			row := []string{strconv.FormatUint(k.Position, 10), k.Time.Format(stampLayout), k.Kind, k.Actor, k.Known, k.Reason, k.Case, k.Controller, k.View, "", "", "", ""}
			if e := k.Export; e != nil {
				row = append(row[:9], e.What, e.Format, strconv.FormatUint(e.Rows, 10), e.SHA256)
			}
			l.rows = append(l.rows, append(row, k.Sentence))
		}
		return l
	}
	if people {
		l.head = []string{"Entry", "When (UTC)", "Client", "Whose record", "What"}
		for i, k := range all.Looks {
			whose := "-"
			if len(k.Identifiers) > 0 || k.Forgotten {
				whose = who(k.Identifiers, k.Forgotten)
			}
			l.rows[i] = []string{l.rows[i][0], l.rows[i][1], orText(k.Controller, "-"), whose, k.Sentence}
		}
	}
	return l
}

func (p *program) personLooks() *cobra.Command {
	var controller string
	var limit int
	cmd := &cobra.Command{
		Use: "looks -c CONTROLLER kind:value", Short: "Show who looked at a person's record, when and why",
		Long: "Shows who looked at a person's record, the newest first. This is a look, too. Whoever looks is who they said they are with --as.",
		Args: exact(1, "one identifier, such as email:ada@example.org"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := under(controller); err != nil {
				return err
			}
			person, err := p.identifier(args[0])
			if err != nil {
				return err
			}
			all := wire.Looks{Looks: []wire.Look{}}
			query := wire.LooksQuery{Person: person}
			more, err := pages(limit, func(_ string, n int) (string, int, error) {
				query.Limit, query.After = n, all.Next
				var page wire.Looks
				err := p.ledger().call(cmd.Context(), http.MethodPost, "/controllers/"+controller+"/people/looks", "", query, &page)
				all.Looks, all.Next, all.Position = append(all.Looks, page.Looks...), page.Next, page.Position
				return cursor(page.Next), len(all.Looks), err
			})
			if err != nil {
				return err
			}
			return p.cut(p.lookTable(all, false), more)
		},
	}
	clientFlag(cmd, &controller)
	cmd.Flags().IntVar(&limit, "limit", 50, "the most looks to show; 0 for all")
	return cmd
}

func (p *program) looks() *cobra.Command {
	var controller, actor, kind, why, ofCase, from, to string
	var limit int
	cmd := &cobra.Command{
		Use: "looks", Short: "Who looked into the ledger: at records, by opening what is sealed, by exports, checks",
		Example: "  daybook looks\n  daybook looks -c fenland-cycles --by petra\n  daybook looks --by unnamed --kind revealed --from 2026-11-01",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := wire.Looks{Looks: []wire.Look{}}
			more, err := pages(limit, func(after string, n int) (string, int, error) {
				f := filter{}.set("controller", controller).set("actor", actor).set("kind", kind).set("reason", why).set("case", ofCase).
					set("from", from).set("to", to).set("after", after).set("limit", strconv.Itoa(n))
				var page wire.Looks
				err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/looks"), "", nil, &page)
				all.Looks, all.Next, all.Position = append(all.Looks, page.Looks...), page.Next, page.Position
				return cursor(page.Next), len(all.Looks), err
			})
			if err != nil {
				return err
			}
			return p.cut(p.lookTable(all, true), more)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&controller, "controller", "c", "", "only at records under this client")
	f.StringVar(&actor, "by", "", "only by this contact or user; unnamed for those who did not say")
	f.StringVar(&kind, "kind", "", "only viewed, revealed, exported or verified")
	f.StringVar(&why, "why", "", "only for this reason; unstated for those without one")
	f.StringVar(&ofCase, "case", "", "only for this case")
	f.StringVar(&from, "from", "", "from this day on, such as 2026-11-23, in UTC")
	f.StringVar(&to, "to", "", "before this day")
	f.IntVar(&limit, "limit", 50, "the most looks to show; 0 for all")
	return cmd
}
