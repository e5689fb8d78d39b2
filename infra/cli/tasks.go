package cli

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) orders() *cobra.Command {
	return group("orders", "What the ledger told services to do, and whether they did", p.onDay(p.orderList()), p.onDay(p.orderShow()))
}

func (p *program) orderList() *cobra.Command {
	var controller, service, state, ofCase string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List orders, the newest first",
		Example: "  daybook orders list --state open\n  daybook orders list -c fenland-cycles -s crm",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := wire.SentOrders{Orders: []wire.SentOrder{}}
			more, err := pages(limit, func(after string, n int) (string, int, error) {
				f := filter{}.set("controller", controller).set("service", service).set("state", state).set("case", ofCase).
					set("after", after).set("limit", strconv.Itoa(n))
				var page wire.SentOrders
				err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/orders"), "", nil, &page)
				all.Orders, all.Next, all.Position = append(all.Orders, page.Orders...), page.Next, page.Position
				return cursor(page.Next), len(all.Orders), err
			})
			if err != nil {
				return err
			}
			l := listing{whole: all, head: []string{"Order", "State", "Client", "Who", "What was told, and what was done"}, empty: "No such order was sent."}
			if p.format == "csv" {
				l.head = []string{"order", "state", "controller", "service", "kind", "instruction", "system", "categories", "reason", "case", "due", "sent", "sentence", "recipient"}
			}
			for _, o := range all.Orders {
				l.items = append(l.items, o)
				if p.format == "csv" {
					l.rows = append(l.rows, []string{o.Order, o.State, o.Controller, o.Service, o.Kind, o.Instruction, o.System,
						strings.Join(o.Categories, " "), o.Reason, o.Case, o.Due.Format(stampLayout), o.Sent.Format(stampLayout), o.Sentence, o.Recipient})
					continue
				}
				l.rows = append(l.rows, []string{o.Order, o.State, o.Controller, who(o.Person, o.Forgotten), o.Sentence})
			}
			return p.cut(l, more)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&controller, "controller", "c", "", "only of this client")
	f.StringVarP(&service, "service", "s", "", "only to this service of the client")
	f.StringVar(&state, "state", "", "only in this state: open, escalated, answered or recalled")
	f.StringVar(&ofCase, "case", "", "only of this case of the client")
	f.IntVar(&limit, "limit", 50, "the most orders to show; 0 for all")
	return cmd
}

func (p *program) orderShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show one order and what came of it",
		Example: "  daybook orders show 01993f6e-5a7e-7c3b-9a53-0c5f6a1b2c3d",
		Args:    exact(1, "the id of one order, as daybook orders list shows it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var o wire.SentOrder
			if err := p.ledger().call(cmd.Context(), http.MethodGet, "/orders/"+url.PathEscape(args[0]), "", nil, &o); err != nil {
				return err
			}
			l := listing{whole: o, items: []any{o}, head: []string{"What", "When or where"}}
			add := func(what, is string) {
				if is != "" {
					l.rows = append(l.rows, []string{what, is})
				}
			}
			add("Order", o.Order)
			add("Client", o.Controller)
			add("Service", o.Service)
			add("Who", who(o.Person, o.Forgotten))
			add("Told to", o.Kind)
			add("Recipient", o.Recipient)
			add("Data", orText(categoriesWords(o.Categories), "everything"))
			add("System", o.System)
			add("Instruction", o.Instruction)
			add("Reason", o.Reason)
			add("Case", o.Case)
			add("Was due", brief(o.Due))
			add("Sent", brief(o.Sent)+", entry "+strconv.FormatUint(o.Position, 10))
			if o.Escalated != nil {
				add("A person was told", brief(*o.Escalated))
			}
			if a := o.Answer; a != nil {
				add("Answered", brief(a.Time)+" by "+a.Operation+", entry "+strconv.FormatUint(a.Position, 10))
			}
			add("State", o.State)
			if p.format == "table" {
				p.sayAsItWas()
				p.say(upperFirst(o.Sentence)+".", "")
			}
			return p.show(l)
		},
	}
}
