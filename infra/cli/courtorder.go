package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) courtOrder() *cobra.Command {
	return group("court-order", "Orders of courts and authorities to disclose, and whether the client may be told",
		p.courtOrderReceive(), p.courtOrderInform(), p.dated(p.courtOrderList()))
}

func (p *program) courtOrderReceive() *cobra.Command {
	var controller, issued, forbidden string
	var in wire.CourtOrder
	cmd := &cobra.Command{
		Use:   "receive -c CONTROLLER ORDER",
		Short: "Record that an order to disclose was received",
		Long:  "Services name the order when they disclose under it: record --order ORDER. The client is told before, unless the law forbids it.",
		Example: "  daybook court-order receive -c fenland-cycles co-2026-7 --authority hmrc --jurisdiction GB --reference \"HMRC 7/26\" \\\n" +
			"      --issued 2026-11-20 --category pd:Name --forbidden-until 2027-02-20",
		Args: exact(1, "one name for the order, such as co-2026-7"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := under(controller); err != nil {
				return err
			}
			in.Order = args[0]
			at, err := timeFlag("issued", issued)
			if err != nil {
				return err
			}
			if at != nil {
				in.Issued = *at
			}
			if in.ForbiddenUntil, err = timeFlag("forbidden-until", forbidden); err != nil {
				return err
			}
			var settled wire.Settled
			if err := p.ledger().call(cmd.Context(), http.MethodPost, "/controllers/"+controller+"/court-orders", "", in, &settled); err != nil {
				return err
			}
			return p.settled(settled)
		},
	}
	f := cmd.Flags()
	clientFlag(cmd, &controller)
	f.StringVar(&in.Authority, "authority", "", "the court or authority, by its name among the recipients")
	f.StringVar(&in.Jurisdiction, "jurisdiction", "", "its country: GB; a third country needs an agreement (Art. 48)")
	f.StringVar(&in.Reference, "reference", "", "the order's own reference")
	f.StringVar(&issued, "issued", "", "when it was issued: 2026-11-20")
	f.StringArrayVar(&in.Categories, "category", nil, "what it asks for: pd:Name; again for several")
	f.StringVar(&in.Document, "document", "", "SHA-256 of the document, in hexadecimal")
	f.StringVar(&in.Agreement, "agreement", "", "the international agreement that it rests on")
	f.StringVar(&in.Basis, "basis", "", "what the disclosure rests on, as the client chose: A6-1-c, a legal obligation, by default")
	f.StringVar(&forbidden, "forbidden-until", "", "until when the law forbids telling the client and the person")
	return cmd
}

func (p *program) courtOrderInform() *cobra.Command {
	var controller, on string
	cmd := &cobra.Command{
		Use: "inform -c CONTROLLER ORDER", Short: "Record that the client was told of an order",
		Example: "  daybook court-order inform -c fenland-cycles co-2026-7 --on 2026-11-21",
		Args:    exact(1, "one order"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := under(controller); err != nil {
				return err
			}
			in := wire.InformedRequest{On: p.now().UTC()}
			at, err := timeFlag("on", on)
			if err != nil {
				return err
			}
			if at != nil {
				in.On = *at
			}
			var settled wire.Settled
			path := "/controllers/" + controller + "/court-orders/" + url.PathEscape(args[0]) + "/informed"
			if err := p.ledger().call(cmd.Context(), http.MethodPost, path, "", in, &settled); err != nil {
				return err
			}
			return p.settled(settled)
		},
	}
	clientFlag(cmd, &controller)
	cmd.Flags().StringVar(&on, "on", "", "when: 2026-11-21; now by default")
	return cmd
}

func (p *program) courtOrderList() *cobra.Command {
	var controller string
	var secret, count bool
	cmd := &cobra.Command{
		Use: "list -c CONTROLLER", Short: "List the orders to disclose, without those that the law keeps secret",
		Long: "Lists the orders of courts and authorities. Those that the law forbids telling the client and the person of are counted with\n" +
			"--count-secret and shown with --secret, to us and the regulator only: both need --as and --reason, and each such look is recorded.",
		Example: "  daybook court-order list -c fenland-cycles\n  daybook court-order list -c fenland-cycles --count-secret --as petra --reason authority",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := under(controller); err != nil {
				return err
			}
			path := "/controllers/" + controller + "/court-orders"
			if secret {
				path += "?secret=show"
			} else if count {
				path += "?secret=count"
			}
			var list wire.CourtOrders
			if err := p.ledger().call(cmd.Context(), http.MethodGet, path, "", nil, &list); err != nil {
				return err
			}
			return p.courtOrders(list, secret)
		},
	}
	clientFlag(cmd, &controller)
	cmd.Flags().BoolVar(&count, "count-secret", false, "count what the law forbids telling; needs --as and --reason, and is recorded")
	cmd.Flags().BoolVar(&secret, "secret", false, secretUsage)
	return cmd
}

func (p *program) courtOrders(list wire.CourtOrders, secret bool) error {
	l := listing{whole: list, head: []string{"Order", "Authority", "Reference", "Issued", "Asks for", "Basis", "The client"}, empty: "No orders to show."}
	for _, o := range list.Orders {
		told := "was not told yet"
		switch {
		case o.Informed != nil:
			told = "was told " + brief(*o.Informed)
		case o.ForbiddenUntil != nil && p.now().Before(*o.ForbiddenUntil):
			told = "must not be told until " + brief(*o.ForbiddenUntil)
		}
		l.items = append(l.items, o)
		l.rows = append(l.rows, []string{o.Order, o.Authority + " (" + o.Jurisdiction + ")", o.Reference, brief(o.Issued), categoriesWords(o.Categories), o.Basis, told})
	}
	if err := p.showDated(l); err != nil {
		return err
	}
	if list.Secret > 0 && !secret {
		p.say("", fmt.Sprintf("%d more %s left out: the law forbids telling.", list.Secret, strings.TrimSpace(isAre(list.Secret))))
	}
	return nil
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
