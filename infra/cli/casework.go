package cli

import (
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

// worked gives a command that has the ledger do something on a case.
func worked[Out any](p *program, use, short, verb string, show func(Out) error) *cobra.Command {
	var controller string
	var in wire.CaseAction
	cmd := &cobra.Command{
		Use: use + " -c CONTROLLER CASE", Short: short, Example: "  daybook case " + use + " -c fenland-cycles 0199a0c2-7d3e-7000-8000-000000000001",
		Args: exact(1, "one case"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := casePath(controller, args[0])
			if err != nil {
				return err
			}
			var out Out
			if err := p.ledger().call(cmd.Context(), http.MethodPost, path+verb, "", in, &out); err != nil {
				return err
			}
			return show(out)
		},
	}
	clientFlag(cmd, &controller)
	cmd.Flags().StringVar(&in.On, "on", "", "the day: 2026-11-02; today by default")
	cmd.Flags().StringVar(&in.By, "by", "", "the contact who does it")
	return cmd
}

func (p *program) caseFind() *cobra.Command {
	return worked(p, "find", "Look for the person's data and record where they are", "/find", func(found wire.CaseFound) error {
		l := listing{whole: found, head: []string{"Kind", "Place", "Orders are carried out by"}, empty: "Nothing is held of this person, and nobody received anything."}
		for _, place := range found.Places {
			l.items = append(l.items, place)
			l.rows = append(l.rows, []string{place.Kind, place.Name, place.Service})
		}
		if err := p.show(l); err != nil {
			return err
		}
		p.say("", found.Next)
		return nil
	})
}

func (p *program) caseOrder() *cobra.Command {
	return worked(p, "order", "Order what was decided at every open place, except where a hold keeps the data", "/orders", func(sent wire.CaseOrders) error {
		l := listing{whole: sent, head: []string{"Order", "Task", "Place", "Service", "Instruction", "Due"}, empty: "No order was sent."}
		for _, o := range sent.Orders {
			l.items = append(l.items, o)
			l.rows = append(l.rows, []string{o.Order, o.Task, o.Place.Kind + " " + o.Place.Name, o.Service, o.Instruction, brief(o.Due)})
		}
		if err := p.show(l); err != nil {
			return err
		}
		p.blocked(sent.Blocked)
		p.say("", sent.Next)
		return nil
	})
}

func (p *program) caseSettle() *cobra.Command {
	return worked(p, "settle", "Close the places whose orders were answered, by the recorded actions", "/settle", func(settled wire.CaseSettled) error {
		l := listing{whole: settled, head: []string{"Closed"}, empty: "No place was closed."}
		for _, place := range settled.Settled {
			l.items = append(l.items, place)
			l.rows = append(l.rows, []string{place.Sentence})
		}
		if err := p.show(l); err != nil {
			return err
		}
		p.blocked(settled.Open)
		p.say("", settled.Next)
		return nil
	})
}

func (p *program) blocked(list []wire.CaseBlocked) {
	for _, b := range list {
		line := upperFirst(b.Place.Kind) + " " + b.Place.Name + ": " + b.Why
		if b.Hold != "" {
			line += " Hold " + b.Hold + "."
		}
		p.say(line)
	}
}

// settledWords says where something was recorded.
func settledWords(s wire.Settled) string {
	if s.Events == 0 {
		return "The same stood recorded already; nothing was added."
	}
	first := strconv.FormatUint(s.Position, 10)
	if s.Events == 1 {
		return "Recorded, as entry " + first + "." + idWords(s.ID)
	}
	last := strconv.FormatUint(s.Position+uint64(s.Events)-1, 10)
	return "Recorded, as entries " + first + " to " + last + ", with what follows from it." + idWords(s.ID)
}

func idWords(id string) string {
	if id == "" {
		return ""
	}
	return " Its id is " + id + "."
}
