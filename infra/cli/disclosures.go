package cli

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) disclosures() *cobra.Command {
	var controller string
	var secret, count bool
	cmd := &cobra.Command{
		Use: "disclosures", Short: "Disclosures and transfers: to whom, where to, and under which orders of courts",
		Example: "  daybook disclosures -c fenland-cycles\n  daybook disclosures --secret --as petra --reason authority -o json",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := filter{}.set("controller", controller)
			switch {
			case secret:
				f.set("secret", "show")
			case count:
				f.set("secret", "count")
			}
			var d wire.Disclosures
			if err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/disclosures"), "", nil, &d); err != nil {
				return err
			}
			return p.disclosurePage(d)
		},
	}
	cmd.Flags().StringVarP(&controller, "controller", "c", "", "only of this client")
	secretFlag(cmd, &secret)
	cmd.Flags().BoolVar(&count, "count-secret", false, "count what the law forbids telling; needs --as and --reason, and is recorded")
	return cmd
}

func (p *program) disclosurePage(d wire.Disclosures) error {
	recipients, transfers := p.recipientList(d.Recipients), transferList(d.Transfers)
	recipients.whole = d
	if p.format != "table" {
		for _, t := range d.Transfers {
			recipients.items = append(recipients.items, t)
		}
		for _, o := range d.Compelled {
			recipients.items = append(recipients.items, o)
		}
		return p.show(recipients)
	}
	p.sayAsItWas()
	p.title("To whom data went")
	if err := p.show(recipients); err != nil {
		return err
	}
	p.say("")
	p.title("What left the territory")
	if err := p.show(transfers); err != nil {
		return err
	}
	p.say("")
	p.title("What courts and authorities ordered")
	compelled := listing{head: []string{"Order", "Client", "What was asked, and what was given"}, empty: "No order to disclose is on record."}
	for _, o := range d.Compelled {
		words := o.Sentence
		for _, a := range o.Actions {
			for _, f := range a.Findings {
				words += "\nFinding on entry " + strconv.FormatUint(a.Position, 10) + ": " + f.Message + " (" + f.Article + ")"
			}
		}
		compelled.rows = append(compelled.rows, []string{o.Order, o.Controller, words})
	}
	if err := p.show(compelled); err != nil {
		return err
	}
	for _, w := range d.Withheld {
		p.say("", "Left out under "+w.Controller+", because the law forbids telling: orders "+strconv.FormatUint(w.Orders, 10)+", entries "+
			strconv.FormatUint(w.Entries, 10)+".")
	}
	return nil
}

func (p *program) recipientList(list []wire.RecipientSeen) listing {
	l := listing{head: []string{"Recipient", "Client", "First seen", "Last seen", "People", "What, and what is wrong"},
		empty: "Data went to nobody."}
	if p.format == "csv" {
		l.head = []string{"recipient", "name", "listed", "controller", "first", "last", "entries", "people", "categories", "countries", "safeguards", "findings"}
	}
	for _, r := range list {
		l.items = append(l.items, r)
		var codes, words []string
		for _, f := range r.Findings {
			codes = append(codes, f.Code)
			words = append(words, "Finding ("+strconv.FormatUint(f.Entries, 10)+"): "+f.Message)
		}
		if p.format == "csv" {
			l.rows = append(l.rows, []string{r.Recipient, r.Name, strconv.FormatBool(r.Listed), r.Controller, r.First.Format(stampLayout),
				r.Last.Format(stampLayout), strconv.FormatUint(r.Entries, 10), strconv.FormatUint(r.People, 10), strings.Join(r.Categories, " "),
				strings.Join(r.Countries, " "), strings.Join(r.Safeguards, " "), strings.Join(codes, " ")})
			continue
		}
		given := orText(categoriesWords(r.Categories), "data of no named category") + " (" + strings.Join(r.Countries, ", ") + ")"
		name := orText(r.Name, orText(r.Recipient, "not named"))
		if !r.Listed {
			name += "\nnot in the register"
		}
		l.rows = append(l.rows, []string{name, r.Controller, r.First.Format("2 Jan 2006"), r.Last.Format("2 Jan 2006"),
			strconv.FormatUint(r.People, 10), strings.Join(append([]string{given}, words...), "\n")})
	}
	return l
}

func transferList(list []wire.Transferred) listing {
	l := listing{head: []string{"Country", "Client", "Recipient", "First seen", "Last seen", "Entries", "Safeguard"},
		empty: "Nothing left the territory."}
	for _, t := range list {
		l.rows = append(l.rows, []string{t.Country, t.Controller, orText(t.Recipient, "stayed with us"), t.First.Format("2 Jan 2006"),
			t.Last.Format("2 Jan 2006"), strconv.FormatUint(t.Entries, 10), orText(t.Safeguard, "none")})
	}
	return l
}

func (p *program) recipients() *cobra.Command {
	var controller string
	var secret, unlisted bool
	cmd := &cobra.Command{
		Use: "recipients", Short: "To whom data went, when first and last, and whether the register names them",
		Example: "  daybook recipients\n  daybook recipients --unlisted -o csv",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := filter{}.set("controller", controller).set("secret", secretValue(secret))
			var seen wire.RecipientsSeen
			if err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/recipients/seen"), "", nil, &seen); err != nil {
				return err
			}
			if unlisted {
				all := seen.Recipients
				seen.Recipients = []wire.RecipientSeen{}
				for _, r := range all {
					if !r.Listed {
						seen.Recipients = append(seen.Recipients, r)
					}
				}
			}
			l := p.recipientList(seen.Recipients)
			l.whole = seen
			return p.showDated(l)
		},
	}
	cmd.Flags().StringVarP(&controller, "controller", "c", "", "only of this client")
	cmd.Flags().BoolVar(&unlisted, "unlisted", false, "only those that the register does not name")
	secretFlag(cmd, &secret)
	return cmd
}

func (p *program) personPlaces() *cobra.Command {
	var controller string
	cmd := &cobra.Command{
		Use: "places -c CONTROLLER kind:value", Short: "Where copies of a person's data are or were, and to whom they were given",
		Example: "  daybook person places -c fenland-cycles email:ada.wren@example.org",
		Args:    exact(1, "one identifier, such as email:ada@example.org"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := under(controller); err != nil {
				return err
			}
			person, err := p.identifier(args[0])
			if err != nil {
				return err
			}
			var places wire.Places
			if err := p.ledger().call(cmd.Context(), http.MethodPost, "/controllers/"+controller+"/people/places", "", wire.PlacesQuery{Person: person}, &places); err != nil {
				return err
			}
			l := listing{whole: places, head: []string{"Place", "Kind", "State", "What is there"}, empty: "Nothing of this person is or was anywhere."}
			for _, place := range places.Places {
				state := "ended"
				if place.Open {
					state = "open"
				}
				l.items = append(l.items, place)
				l.rows = append(l.rows, []string{orText(place.Name, "not named"), place.Kind, state, place.Sentence})
			}
			return p.showDated(l)
		},
	}
	clientFlag(cmd, &controller)
	return cmd
}
