package cli

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) apply() *cobra.Command {
	var file string
	var planOnly bool
	cmd := &cobra.Command{
		Use:   "apply -f register.yaml",
		Short: "Declare the register: the firm, clients, their services, instructions, recipients",
		Long: "Reads the register from YAML, shows how it differs from what is recorded, and records the differences: all or none.\n" +
			"What the file does not mention stays as it is. Applied again, the same file records nothing.",
		Example: "  daybook apply -f register.yaml --plan\n  daybook apply -f register.yaml",
		Args:    exact(0, "its file as -f"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usage("No register is named.", "Name the file with -f, or -f - for standard input.")
			}
			raw, err := p.readFile(file)
			if err != nil {
				return err
			}
			f, err := parseRegister(file, raw)
			if err != nil {
				return err
			}
			return p.declare(cmd, f, planOnly)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "the register, as YAML or JSON; - for standard input")
	cmd.Flags().BoolVar(&planOnly, "plan", false, "only show what would be recorded")
	return cmd
}

func (p *program) declare(cmd *cobra.Command, f *registerFile, planOnly bool) error {
	var plan wire.Plan
	if err := p.ledger().call(cmd.Context(), http.MethodPost, "/register/plan", "", f.register, &plan); err != nil {
		return f.located(err)
	}
	if !planOnly && len(plan.Changes) > 0 {
		if p.format == "table" {
			if err := p.showPlan(plan); err != nil {
				return err
			}
			p.say("")
		}
		if err := p.ledger().call(cmd.Context(), http.MethodPost, "/register", "", f.register, &plan); err != nil {
			return f.located(err)
		}
		if p.format == "table" {
			p.say(recordedAs(plan))
			return nil
		}
	}
	return p.showPlan(plan)
}

func recordedAs(plan wire.Plan) string {
	if !plan.Recorded || plan.Position == nil {
		return "Nothing was recorded: the ledger knew all of it by then."
	}
	first, n := *plan.Position, len(plan.Changes)
	if n == 1 {
		return fmt.Sprintf("Recorded one change, as entry %d.", first)
	}
	return fmt.Sprintf("Recorded %d changes, as entries %d to %d.", n, first, first+uint64(n)-1)
}

func (p *program) showPlan(plan wire.Plan) error {
	l := listing{
		whole: plan, head: []string{"Change", "What", "Whose", "Name", "In words"},
		empty: "There is nothing to record: the ledger knows all of it already.",
	}
	for _, c := range plan.Changes {
		name := c.Name
		if c.Version > 0 {
			name += " v" + strconv.Itoa(c.Version)
		}
		l.items = append(l.items, c)
		l.rows = append(l.rows, []string{c.Change, c.Kind, c.Controller, name, c.Summary})
	}
	return p.show(l)
}
