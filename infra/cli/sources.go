package cli

import (
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) sources() *cobra.Command {
	var controller string
	var times int
	var missing bool
	cmd := &cobra.Command{
		Use: "sources", Short: "Which services report, when they last did, and what is missing of each",
		Long: "Shows for each service when it was last heard of, which numbers of its own count have not come, what it announced and did not\n" +
			"confirm, and where its counts of people differ from what the entries say. What comes late closes its gap.",
		Example: "  daybook sources\n  daybook sources --missing --times 1",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := filter{}.set("controller", controller).set("times", strconv.Itoa(times))
			var sources wire.Sources
			if err := p.ledger().call(cmd.Context(), http.MethodGet, f.path("/sources"), "", nil, &sources); err != nil {
				return err
			}
			if missing {
				all := sources.Sources
				sources.Sources = []wire.Source{}
				for _, s := range all {
					if !s.Complete {
						sources.Sources = append(sources.Sources, s)
					}
				}
			}
			empty := "No service is declared, and none has reported anything yet."
			if missing {
				empty = "Nothing is missing of any service."
			}
			return p.showDated(p.sourceList(sources, empty))
		},
	}
	cmd.Flags().StringVarP(&controller, "controller", "c", "", "only of this client")
	cmd.Flags().IntVar(&times, "times", 2, "how many times its time to report a service may be silent")
	cmd.Flags().BoolVar(&missing, "missing", false, "only services of which something is missing")
	return cmd
}

func (p *program) sourceList(sources wire.Sources, empty string) listing {
	l := listing{whole: sources, head: []string{"Client", "Service", "Entries", "With findings", "Last heard (UTC)", "What is missing"}, empty: empty}
	if p.format == "csv" {
		l.head = []string{"controller", "service", "entries", "findings", "heard", "declared", "silent", "gaps", "unconfirmed", "complete", "sentence"}
	}
	for _, s := range sources.Sources {
		l.items = append(l.items, s)
		entries, findings := strconv.FormatUint(s.Entries, 10), strconv.FormatUint(s.Findings, 10)
		if p.format == "csv" {
			l.rows = append(l.rows, []string{s.Controller, s.Service, entries, findings, stamp(s.Heard), strconv.FormatBool(s.Declared),
				strconv.FormatBool(s.Silent), strconv.FormatUint(s.Gaps, 10), strconv.FormatUint(s.Unconfirmed, 10), strconv.FormatBool(s.Complete), s.Sentence})
			continue
		}
		heard := "never"
		if s.Heard != nil {
			heard = brief(*s.Heard)
		}
		words := s.Sentence
		if s.Complete {
			words = "nothing"
		}
		if !s.Declared {
			words += "\nnot in the register"
		}
		if waiting := s.Unconfirmed - uint64(overdue(s.Announced)); waiting > 0 {
			words += "\n" + strconv.FormatUint(waiting, 10) + " announced, and yet to be confirmed"
		}
		l.rows = append(l.rows, []string{s.Controller, s.Service, entries, findings, heard, words})
	}
	return l
}

func overdue(list []wire.Announced) (n int) {
	for _, a := range list {
		if a.Overdue {
			n++
		}
	}
	return n
}
