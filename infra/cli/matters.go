package cli

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

// matterFlags is what is said about a person as the command line names it.
type matterFlags struct {
	controller, at string
	in             wire.Matter
}

// matter gives a command that says something about a person. Where it ends something, its second argument is that thing's id.
func (p *program) matter(kind, use, short, example string, ends bool, flags func(*cobra.Command, *matterFlags), read func(*matterFlags) error) *cobra.Command {
	f := &matterFlags{}
	wanted, n := "one identifier, such as email:ada@example.org", 1
	use += " -c CONTROLLER kind:value"
	if ends {
		wanted, n = "one identifier, such as email:ada@example.org, and the id of what ends", 2
		use += " ID"
	}
	cmd := &cobra.Command{
		Use: use, Short: short, Example: "  daybook " + example, Args: exact(n, wanted),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := under(f.controller); err != nil {
				return err
			}
			var err error
			if f.in.Person, err = p.identifier(args[0]); err != nil {
				return err
			}
			if ends {
				f.in.ID = args[1]
			}
			if f.in.At, err = timeFlag("at", f.at); err != nil {
				return err
			}
			if read != nil {
				if err := read(f); err != nil {
					return err
				}
			}
			f.in.Kind = kind
			var settled wire.Settled
			if err := p.ledger().call(cmd.Context(), http.MethodPost, "/controllers/"+f.controller+"/people/matters", "", f.in, &settled); err != nil {
				return err
			}
			return p.settled(settled)
		},
	}
	clientFlag(cmd, &f.controller)
	cmd.Flags().StringVar(&f.at, "at", "", "when it was said: 2026-11-02 or 2026-11-02T10:00:00Z; now by default")
	cmd.Flags().StringVar(&f.in.By, "by", "", "the contact who says so")
	flags(cmd, f)
	return cmd
}

func (p *program) settled(s wire.Settled) error {
	if p.format != "table" {
		return p.show(listing{whole: s, items: []any{s}, head: []string{"id", "entry", "entries"},
			rows: [][]string{{s.ID, strconv.FormatUint(s.Position, 10), strconv.Itoa(s.Events)}}})
	}
	p.say(settledWords(s))
	p.notes(s.Notes)
	if len(s.Left) > 0 {
		p.say("What is left without that consent, to go unless another basis covers it (Art. 7(3), 17(1)(b)):")
	}
	for _, item := range s.Left {
		p.say("- " + item.Sentence + ".")
	}
	return nil
}

// notes shows what was recorded and does nothing.
func (p *program) notes(list []wire.Note) {
	for _, n := range list {
		p.say(n.Message + " (" + n.Article + ")")
	}
}

// timeFlag reads an optional day or time.
func timeFlag(flag, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return &t, nil
		}
	}
	return nil, usage("The time in --"+flag+" cannot be read.", "Write it as 2026-11-02 or 2026-11-02T10:00:00Z.")
}

func (f *matterFlags) instruction(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVar(&f.in.Instruction, "instruction", "", usage)
}

func (p *program) consent() *cobra.Command {
	how := func(cmd *cobra.Command, f *matterFlags) {
		f.instruction(cmd, "the instruction under which the data are processed")
		cmd.Flags().StringVar(&f.in.How, "how", "", "in a few words: double-opt-in, paper form")
	}
	return group("consent", "Record that a person consented, or withdrew it (Art. 7)",
		p.matter(wire.MatterConsentGiven, "give", "Record that a person consented",
			"consent give -c fenland-cycles --instruction newsletter --how double-opt-in email:ada.wren@example.org", false,
			func(cmd *cobra.Command, f *matterFlags) {
				how(cmd, f)
				cmd.Flags().BoolVar(&f.in.Explicit, "explicit", false, "explicit, as special categories need it (Art. 9(2)(a))")
			}, nil),
		p.matter(wire.MatterConsentWithdrawn, "withdraw", "Record that a person withdrew a consent",
			"consent withdraw -c fenland-cycles --instruction newsletter --how unsubscribe-link email:ada.wren@example.org", false, how, nil))
}

func (p *program) objection() *cobra.Command {
	return group("objection", "Record that a person objects, and what was decided (Art. 21)",
		p.matter(wire.MatterObjection, "raise", "Record that a person objects: processing stops until it is resolved",
			"objection raise -c fenland-cycles --marketing email:ada.wren@example.org", false, func(cmd *cobra.Command, f *matterFlags) {
				f.instruction(cmd, "one instruction only; else all that rests on Art. 6(1)(e) or (f), in the UK also (ea)")
				cmd.Flags().BoolVar(&f.in.Marketing, "marketing", false, "to direct marketing, which nothing overrides (Art. 21(3))")
				cmd.Flags().StringVar(&f.in.ID, "id", "", "its id; a new UUID by default")
			}, nil),
		p.matter(wire.MatterObjectionResolved, "resolve", "Record that an objection stands for good, or what overrides it",
			"objection resolve -c fenland-cycles email:ada.wren@example.org ID --overridden --ground \"fraud prevention\"", true, func(cmd *cobra.Command, f *matterFlags) {
				cmd.Flags().BoolVar(&f.in.Overridden, "overridden", false, "the client showed compelling legitimate grounds")
				cmd.Flags().BoolVar(&f.in.Void, "void", false, "there is none any more: the person took it back, or it was not theirs")
				cmd.Flags().StringVar(&f.in.Ground, "ground", "", "which grounds, or why it is void")
			}, nil))
}

func (p *program) restriction() *cobra.Command {
	var told string
	return group("restriction", "Restrict what may be done with a person's data (Art. 18)",
		p.matter(wire.MatterRestriction, "place", "Restrict a person's data: storing stays allowed",
			"restriction place -c fenland-cycles --ground A18-1-a email:ada.wren@example.org", false, func(cmd *cobra.Command, f *matterFlags) {
				f.instruction(cmd, "one instruction only; else all")
				cmd.Flags().StringVar(&f.in.Ground, "ground", "", "A18-1-a accuracy contested, -b unlawful, -c needed for claims, -d objection pending")
				cmd.Flags().StringArrayVar(&f.in.Allowed, "allow", nil, "an operation that stays allowed beside storing; again for several")
				cmd.Flags().StringArrayVar(&f.in.Prohibited, "prohibit", nil, "an operation that does not, though --allow names what is above it")
				cmd.Flags().StringVar(&f.in.ID, "id", "", "its id; a new UUID by default")
			}, nil),
		p.matter(wire.MatterRestrictionLifted, "lift", "Lift a restriction, after the person was told that it ends (Art. 18(3))",
			"restriction lift -c fenland-cycles email:ada.wren@example.org ID --told 2026-11-20", true, func(cmd *cobra.Command, _ *matterFlags) {
				cmd.Flags().StringVar(&told, "told", "", "when the person was told that it ends, which comes first (Art. 18(3))")
			}, func(f *matterFlags) (err error) {
				f.in.Told, err = timeFlag("told", told)
				return err
			}))
}

func (p *program) hold() *cobra.Command {
	var until string
	list := p.standing("list", "List the holds on a person's data", func(s wire.Standing) listing {
		if p.format == "csv" {
			return holdRows(s)
		}
		return holdList(s)
	})
	return group("hold", "Keep data from removal: a court's order, a legal claim (Art. 17(3))",
		p.matter(wire.MatterHold, "place", "Keep data from being removed, item by item",
			"hold place -c fenland-cycles --ground legal-claim --reference \"Claim 7\" --system accounts email:ada.wren@example.org", false,
			func(cmd *cobra.Command, f *matterFlags) {
				f.instruction(cmd, "one instruction only; else all")
				cmd.Flags().StringVar(&f.in.Ground, "ground", "", "court-order, legal-claim, or A17-3-a to A17-3-e")
				cmd.Flags().StringVar(&f.in.Reference, "reference", "", "of the order or the claim")
				cmd.Flags().StringArrayVar(&f.in.Categories, "category", nil, "these data only: pd:Name; again for several")
				cmd.Flags().StringArrayVar(&f.in.Systems, "system", nil, "in these systems only; again for several")
				cmd.Flags().StringVar(&until, "until", "", "when it ends by itself; else by release only")
				cmd.Flags().StringVar(&f.in.ID, "id", "", "its id; a new UUID by default")
			}, func(f *matterFlags) (err error) {
				f.in.Until, err = timeFlag("until", until)
				return err
			}),
		p.matter(wire.MatterHoldReleased, "release", "Release a hold: what waited for it goes on, without a new count",
			"hold release -c fenland-cycles email:ada.wren@example.org ID", true, func(*cobra.Command, *matterFlags) {}, nil), list)
}

// holdRows is holdList with a member of each hold in a column.
func holdRows(s wire.Standing) listing {
	l := listing{head: []string{"hold", "ground", "reference", "instruction", "categories", "systems", "until"}}
	for _, h := range s.Holds {
		until := ""
		if h.Until != nil {
			until = h.Until.Format(stampLayout)
		}
		l.rows = append(l.rows, []string{h.ID, h.Ground, h.Reference, h.Instruction, strings.Join(h.Categories, " "), strings.Join(h.Systems, " "), until})
	}
	return l
}

func holdList(s wire.Standing) listing {
	l := listing{whole: s.Holds, head: []string{"Hold", "Ground", "Reference", "Keeps", "Until"}, empty: "No hold keeps anything of this person."}
	for _, h := range s.Holds {
		var keeps []string
		if h.Instruction != "" {
			keeps = append(keeps, "instruction "+h.Instruction)
		}
		keeps = append(keeps, h.Systems...)
		if len(h.Categories) > 0 {
			keeps = append(keeps, categoriesWords(h.Categories))
		}
		until := "its release"
		if h.Until != nil {
			until = brief(*h.Until)
		}
		l.items = append(l.items, h)
		l.rows = append(l.rows, []string{h.ID, h.Ground, h.Reference, orText(strings.Join(keeps, ", "), "everything"), until})
	}
	return l
}
