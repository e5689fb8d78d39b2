package cli

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) personForget() *cobra.Command {
	var controller string
	var request wire.ForgetRequest
	var yes bool
	cmd := &cobra.Command{
		Use:   "forget -c CONTROLLER kind:value --yes",
		Short: "Forget a person: destroy their keys, so that nothing leads to them any more",
		Long: "Records that the person is forgotten, and then destroys the keys of what was sealed about them and every identifier that\n" +
			"leads to them (Art. 17). The entries stay and prove the same history; they are nobody's any more. Nothing brings it back,\n" +
			"except a backup of the keys from before: delete those. A hold on the person's data stops it (Art. 17(3)).",
		Example: "  daybook person forget -c fenland-cycles email:ada.wren@example.org --for-case case-7 --yes",
		Args:    exact(1, "one identifier, such as email:ada@example.org"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !wire.ValidName(controller) {
				return usage("It is not said under which client.", "Give --controller with the client's name in the register.")
			}
			if !yes {
				return usage("Nothing brings back a person who was forgotten.", "Give --yes if that is what you want.")
			}
			who, err := p.identifier(args[0])
			if err != nil {
				return err
			}
			request.Person, request.Case = who, p.inCase
			var settled wire.Settled
			if err := p.ledger().call(cmd.Context(), http.MethodPost, "/controllers/"+controller+"/people/forget", "", request, &settled); err != nil {
				return err
			}
			if p.format != "table" {
				return p.show(listing{whole: settled, items: []any{settled}, head: []string{"entry"}, rows: [][]string{{strconv.FormatUint(settled.Position, 10)}}})
			}
			words := fmt.Sprintf("Forgotten, as entry %d.", settled.Position)
			if settled.Events == 0 {
				words = "Forgotten: it had been recorded before, and is carried out now."
			}
			p.say(words, "Delete the backups of the keys that were made before: each of them still knows the person.")
			return nil
		},
	}
	cmd.Flags().StringVarP(&controller, "controller", "c", "", "the client under whom the person is known")
	cmd.Flags().StringVar(&request.By, "by", "", "the contact who said so, by the id in the register")
	cmd.Flags().BoolVar(&yes, "yes", false, "really forget")
	return cmd
}
