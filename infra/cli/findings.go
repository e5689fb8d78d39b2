package cli

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) findings() *cobra.Command {
	var controller, service, since, until string
	var codes []string
	var limit int
	var secret bool
	cmd := &cobra.Command{
		Use:   "findings",
		Short: "What is wrong with what was done, newest first",
		Long: "Lists the recorded actions with findings. What happened is recorded in any case; a finding says where it parts with the\n" +
			"client's instruction or with the law.",
		Example: "  daybook findings -c fenland-cycles --since 2026-11-01\n  daybook findings --code no-instruction --code basis-mismatch -o csv\n" +
			"  daybook findings count\n  daybook findings late",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := wire.Findings{Entries: []wire.Found{}}
			more, err := pages(limit, func(after string, n int) (string, int, error) {
				f := filter{}.set("controller", controller).set("service", service).set("code", strings.Join(codes, ",")).set("from", since).
					set("to", until).set("after", after).set("limit", strconv.Itoa(n)).set("secret", secretValue(secret))
				var page wire.Findings
				err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/findings"), "", nil, &page)
				all.Entries, all.Next, all.Position = append(all.Entries, page.Entries...), page.Next, page.Position
				return cursor(page.Next), len(all.Entries), err
			})
			if err != nil {
				return err
			}
			return p.foundList(all, more)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&controller, "controller", "c", "", "only of this client")
	f.StringVarP(&service, "service", "s", "", "only of this service")
	f.StringArrayVar(&codes, "code", nil, "only with this finding; again for several")
	f.StringVar(&since, "since", "", "recorded on this day or later, or with --on done: 2026-11-01")
	f.StringVar(&until, "until", "", "recorded on this day or earlier")
	f.IntVar(&limit, "limit", 50, "the most entries to show; 0 for all")
	secretFlag(cmd, &secret)
	cmd.AddCommand(p.onDay(p.findingsCount()), p.timed(p.findingsLate()))
	return cmd
}

func (p *program) foundList(all wire.Findings, more bool) error {
	l := listing{whole: all, head: []string{"Entry", "When (UTC)", "What was done, and what is wrong with it"}, empty: "Nothing is wrong with what was done."}
	if p.format == "csv" {
		l.head = []string{"entry", "time", "recorded", "controller", "service", "operation", "instruction", "version", "basis", "stated",
			"categories", "system", "location", "recipient", "findings", "sentence"}
	}
	for _, e := range all.Entries {
		l.items = append(l.items, e)
		if p.format == "csv" {
			l.rows = append(l.rows, []string{strconv.FormatUint(e.Position, 10), e.Time.Format(stampLayout), e.Recorded.Format(stampLayout),
				e.Controller, e.Service, e.Operation, e.Instruction, strconv.Itoa(e.Version), e.Basis, e.Stated, strings.Join(e.Categories, " "),
				e.System, e.Location, e.Recipient, codesOf(e.Findings), e.Sentence})
			continue
		}
		words := entryWords(wire.TrailEntry{Position: e.Position, Time: e.Time, Sentence: e.Sentence, Findings: e.Findings})
		l.rows = append(l.rows, []string{strconv.FormatUint(e.Position, 10), brief(e.Time), words})
	}
	return p.cut(l, more)
}

func (p *program) findingsCount() *cobra.Command {
	var controller, since, until string
	var daily bool
	cmd := &cobra.Command{
		Use: "count", Short: "How often what is wrong, by client, or by client and day",
		Example: "  daybook findings count\n  daybook findings count --daily --since 2026-11-01",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := filter{}.set("controller", controller).set("from", since).set("to", until)
			if daily {
				f.set("by", "day")
			}
			var counts wire.FindingCounts
			if err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/findings/counts"), "", nil, &counts); err != nil {
				return err
			}
			l := listing{whole: counts, head: []string{"Client", "Day", "Entries", "Finding", "What is wrong"}, empty: "Nothing is wrong with what was done."}
			if p.format == "csv" {
				l.head = []string{"controller", "day", "entries", "code", "message", "article"}
			}
			for _, c := range counts.Counts {
				l.items = append(l.items, c)
				for _, n := range c.Findings {
					if p.format == "csv" {
						l.rows = append(l.rows, []string{c.Controller, c.Day, strconv.FormatUint(n.Entries, 10), n.Code, n.Message, n.Article})
						continue
					}
					l.rows = append(l.rows, []string{c.Controller, orText(c.Day, "all"), strconv.FormatUint(n.Entries, 10), n.Code, n.Message + " (" + n.Article + ")"})
				}
			}
			return p.showDated(l)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&controller, "controller", "c", "", "only of this client")
	f.StringVar(&since, "since", "", "recorded on this day or later")
	f.StringVar(&until, "until", "", "recorded on this day or earlier")
	f.BoolVar(&daily, "daily", false, "each day by itself; needs --since")
	return cmd
}

func (p *program) findingsLate() *cobra.Command {
	var controller string
	var limit int
	cmd := &cobra.Command{
		Use: "late", Short: "What relied on a basis that had ended before the ledger knew",
		Long: "Lists withdrawals of consent and objections that took effect before the ledger learned of them, each with the actions that\n" +
			"had relied meanwhile on what it ended. No action was wrong by what was known when it was recorded.",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := wire.RetroactiveList{Matters: []wire.Retroactive{}}
			more, err := pages(limit, func(after string, n int) (string, int, error) {
				f := filter{}.set("controller", controller).set("after", after).set("limit", strconv.Itoa(n))
				var page wire.RetroactiveList
				err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/findings/retroactive"), "", nil, &page)
				all.Matters, all.Next, all.Position = append(all.Matters, page.Matters...), page.Next, page.Position
				return cursor(page.Next), len(all.Matters), err
			})
			if err != nil {
				return err
			}
			l := listing{whole: all, head: []string{"Entry", "Client", "Who", "What came late", "Relied on it"},
				empty: "Nothing that ended a basis came late."}
			for _, m := range all.Matters {
				var met []string
				for _, a := range m.Actions[:min(len(m.Actions), 20)] {
					met = append(met, strconv.FormatUint(a.Position, 10))
				}
				if len(met) < m.Count {
					met = append(met, "and more")
				}
				l.items = append(l.items, m)
				l.rows = append(l.rows, []string{strconv.FormatUint(m.Position, 10), m.Controller, who(m.Person, m.Forgotten), m.Sentence, strings.Join(met, ", ")})
			}
			return p.cut(l, more)
		},
	}
	cmd.Flags().StringVarP(&controller, "controller", "c", "", "only of this client")
	cmd.Flags().IntVar(&limit, "limit", 50, "the most to show; 0 for all")
	return cmd
}
