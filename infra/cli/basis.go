package cli

import (
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) basis() *cobra.Command {
	var controller, instruction string
	cmd := &cobra.Command{
		Use:   "basis -c CONTROLLER -i INSTRUCTION",
		Short: "Which basis an instruction gave on a date, and which rights go with each basis",
		Long: "Says which Article 6 basis the client's instruction gave on a date, by the dates on which the client gave, changed and\n" +
			"withdrew it. With --at it says so as it was known when the ledger had so many entries, and what is known now besides.",
		Example: "  daybook basis -c fenland-cycles -i orders --on 2026-03-01\n  daybook basis -c fenland-cycles -i orders --on 2026-03-01 --at 120",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := under(controller); err != nil {
				return err
			}
			if !wire.ValidName(instruction) {
				return usage("It is not said which instruction.", "Give --instruction with its name in the register.")
			}
			var b wire.BasisOn
			path := "/controllers/" + controller + "/instructions/" + instruction + "/basis"
			if err := p.ledger().call(cmd.Context(), http.MethodGet, path, "", nil, &b); err != nil {
				return err
			}
			if p.format != "table" {
				return p.show(listing{whole: b, items: []any{b}, head: []string{"controller", "instruction", "on", "known-at", "version", "in-force", "basis"},
					rows: [][]string{{b.Controller, b.Instruction, b.On.Format(stampLayout), strconv.FormatUint(b.Position, 10),
						strconv.Itoa(b.Version), strconv.FormatBool(b.InForce), b.Basis}}})
			}
			p.sayAsItWas()
			p.say(b.Sentence + ".")
			if b.GivenPosition != nil {
				p.say("That is what entry " + strconv.FormatUint(*b.GivenPosition, 10) + " says, known when the ledger had " +
					strconv.FormatUint(b.Position, 10) + " entries.")
			}
			if b.Now != nil {
				p.say("", "Now it is known otherwise: "+b.Now.Sentence+".")
			}
			return nil
		},
	}
	clientFlag(cmd, &controller)
	cmd.Flags().StringVarP(&instruction, "instruction", "i", "", "the instruction, by its name in the register")
	cmd.AddCommand(p.basisRights())
	return cmd
}
