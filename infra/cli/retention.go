package cli

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) retention() *cobra.Command {
	return group("retention", "How long data may still be kept, what is due, and what stands in the way",
		p.onDay(p.retentionCalendar()), p.onDay(p.retentionDue()), p.onDay(p.retentionBlocked()))
}

func (p *program) retentionCalendar() *cobra.Command {
	var controller, from, to string
	var daily bool
	cmd := &cobra.Command{
		Use: "calendar", Short: "How much falls due when, by client",
		Example: "  daybook retention calendar\n  daybook retention calendar -c fenland-cycles --daily --from 2026-11-01 --to 2026-11-30",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := filter{}.set("controller", controller).set("from", from).set("to", to)
			if daily {
				f.set("by", "day")
			}
			var c wire.RetentionCalendars
			if err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/retention/calendar"), "", nil, &c); err != nil {
				return err
			}
			l := listing{whole: c, head: []string{"Client", "When", "Items"}, empty: "Nothing is kept."}
			for _, one := range c.Calendars {
				l.items = append(l.items, one)
				l.rows = append(l.rows, calendarRows(one, c)...)
			}
			return p.showDated(l)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&controller, "controller", "c", "", "only of this client")
	f.StringVar(&from, "from", "", "the first day; today by default")
	f.StringVar(&to, "to", "", "the last day; a year later by default")
	f.BoolVar(&daily, "daily", false, "each day by itself, instead of each month")
	return cmd
}

func calendarRows(one wire.RetentionCalendar, c wire.RetentionCalendars) (rows [][]string) {
	add := func(when string, n int) {
		if n > 0 {
			rows = append(rows, []string{one.Controller, when, strconv.Itoa(n)})
		}
	}
	add("due before "+c.From, one.Before)
	for _, n := range one.Counts {
		when := n.Start
		if start, err := time.Parse(time.DateOnly, n.Start); err == nil && c.By == "month" {
			when = start.Format("2006-01")
		}
		add(when, n.Items)
	}
	add("from "+c.To+" on", one.After)
	add("waits for something to happen", one.Waiting)
	add("needed under another instruction", one.Kept)
	add("no limit is instructed (Art. 5(1)(e))", one.Unruled)
	return rows
}

func (p *program) retentionDue() *cobra.Command {
	var controller, by string
	var limit int
	cmd := &cobra.Command{
		Use: "due", Short: "What is due and not removed, the longest due first",
		Example: "  daybook retention due\n  daybook retention due -c fenland-cycles --by 2026-12-31 -o csv",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := wire.RetentionDue{Items: []wire.RetentionItem{}}
			more, err := pages(limit, func(after string, n int) (string, int, error) {
				f := filter{}.set("controller", controller).set("by", by).set("after", after).set("limit", strconv.Itoa(n))
				var page wire.RetentionDue
				err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/retention/due"), "", nil, &page)
				all.Items, all.Next, all.By, all.Position = append(all.Items, page.Items...), page.Next, page.By, page.Position
				return page.Next, len(all.Items), err
			})
			if err != nil {
				return err
			}
			l := listing{whole: all, empty: "Nothing is due."}
			p.keptRows(&l, all.Items)
			return p.cut(l, more)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&controller, "controller", "c", "", "only of this client")
	f.StringVar(&by, "by", "", "due on this day or earlier, if nothing happens until then; now by default")
	f.IntVar(&limit, "limit", 50, "the most to show; 0 for all")
	return cmd
}

// keptRows sets what is kept in rows.
func (p *program) keptRows(l *listing, items []wire.RetentionItem) {
	l.head = []string{"Due", "State", "Who", "What, and why"}
	if p.format == "csv" {
		l.head = []string{"due", "state", "controller", "instruction", "version", "system", "service", "categories", "reason", "holds", "order", "entry", "sentence"}
	}
	for _, i := range items {
		l.items = append(l.items, i)
		due := ""
		if i.Due != nil {
			due = i.Due.Format("2 Jan 2006")
		}
		if p.format == "csv" {
			if i.Due != nil {
				due = i.Due.Format(stampLayout)
			}
			l.rows = append(l.rows, []string{due, i.State, i.Controller, i.Instruction, strconv.Itoa(i.Version), i.System, i.Service,
				strings.Join(i.Categories, " "), i.Reason, strings.Join(i.Holds, " "), i.Order, strconv.FormatUint(i.NewestPosition, 10), i.Sentence})
			continue
		}
		l.rows = append(l.rows, []string{due, i.State, who(i.Person, i.Forgotten), i.Sentence})
	}
}

// cut shows a listing, and says where there is more of it.
func (p *program) cut(l listing, more bool) error {
	if err := p.showDated(l); err != nil || !more {
		return err
	}
	p.say("", "There are more; see them with --limit 0.")
	return nil
}

func (p *program) retentionBlocked() *cobra.Command {
	var controller string
	var limit int
	cmd := &cobra.Command{
		Use: "blocked", Short: "The holds that stand, with what each keeps from being removed",
		Example: "  daybook retention blocked -c fenland-cycles",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := wire.RetentionBlocked{Holds: []wire.RetentionHold{}}
			more, err := pages(limit, func(after string, n int) (string, int, error) {
				f := filter{}.set("controller", controller).set("after", after).set("limit", strconv.Itoa(n))
				var page wire.RetentionBlocked
				err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/retention/blocked"), "", nil, &page)
				all.Holds, all.Next, all.Position = append(all.Holds, page.Holds...), page.Next, page.Position
				return cursor(page.Next), len(all.Holds), err
			})
			if err != nil {
				return err
			}
			l := listing{whole: all, head: []string{"Hold", "Client", "Who", "What it keeps"}, empty: "No hold keeps anything from being removed."}
			for _, h := range all.Holds {
				words := h.Sentence
				for _, i := range h.Items {
					words += "\n" + i.Sentence
				}
				l.items = append(l.items, h)
				l.rows = append(l.rows, []string{h.ID, h.Controller, who(h.Person, h.Forgotten), words})
			}
			return p.cut(l, more)
		},
	}
	cmd.Flags().StringVarP(&controller, "controller", "c", "", "only of this client")
	cmd.Flags().IntVar(&limit, "limit", 50, "the most to show; 0 for all")
	return cmd
}
