package cli

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

// stepFlags is a step as the command line names it.
type stepFlags struct {
	controller, note, exempt string
	in                       wire.CaseStep
	warrant                  wire.Warrant
	places, refuse, withhold []string
}

func (p *program) caseStep() *cobra.Command {
	var f stepFlags
	cmd := &cobra.Command{
		Use:   "step -c CONTROLLER CASE STEP",
		Short: "Record a step of a case",
		Long: "Steps and the flags that they take:\n" +
			"  assigned --owner              acknowledged         asked --for\n" +
			"  replied --for --enough        found --place ...    extended --months --reason\n" +
			"  reviewed --withhold GROUND=ITEMS\n" +
			"  decided --outcome --ground --refuse --warrant-by --warrant-how --warrant-on\n" +
			"  settled --place --how --event --order --exempt     delivered\n" +
			"  answered --remedies           closed --told        withdrawn --told\n" +
			"  transferred --to              corresponded --authority --direction\n" +
			"Every step takes --on, --by and --note. A restriction goes on after its case unless --told says when the person was told that it " +
			"ends (Art. 18(3)); case list --restricted lists those that wait for that.",
		Example: "  daybook case step -c fenland-cycles CASE asked --for identity\n" +
			"  daybook case step -c fenland-cycles CASE extended --months 2 --reason JustificationA12Complexity\n" +
			"  daybook case step -c fenland-cycles CASE decided --outcome accepted --ground A17-1-b --warrant-by owner --warrant-how e-mail\n" +
			"  daybook case step -c fenland-cycles CASE settled --place system:crm --how action --event 0199a0c2-7d3e",
		Args: exact(2, "a case and a step"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := casePath(f.controller, args[0])
			if err != nil {
				return err
			}
			f.in.Step = args[1]
			if err := f.read(p); err != nil {
				return err
			}
			var taken wire.CaseTaken
			if err := p.ledger().call(cmd.Context(), http.MethodPost, path+"/steps", "", f.in, &taken); err != nil {
				return err
			}
			return p.caseTaken(taken, "Recorded, as entry "+strconv.FormatUint(taken.Position, 10)+".")
		},
	}
	f.add(cmd)
	return cmd
}

func (f *stepFlags) add(cmd *cobra.Command) {
	clientFlag(cmd, &f.controller)
	flags := cmd.Flags()
	for _, text := range []struct {
		into        *string
		name, usage string
	}{
		{&f.in.On, "on", "the day: 2026-11-02; today by default"}, {&f.in.By, "by", "the contact who records it"},
		{&f.note, "note", "free text, kept sealed; - for standard input"}, {&f.in.Owner, "owner", "assigned: the contact who takes over"},
		{&f.in.For, "for", "asked, replied: identity, fee or clarification"}, {&f.in.Outcome, "outcome", "decided: accepted, partly or refused"},
		{&f.in.How, "how", "settled: action, order, told, exemption or absent"},
		{&f.in.Event, "event", "settled: the id of the recorded action that is the evidence"}, {&f.in.Order, "order", "settled: the order that was answered"},
		{&f.exempt, "exempt", "settled: GROUND or GROUND=PROVISION: JustificationA17LegalClaims"},
		{&f.warrant.By, "warrant-by", "decided: the client's contact who decided"}, {&f.warrant.On, "warrant-on", "decided: on which day; that of the step by default"},
		{&f.warrant.How, "warrant-how", "decided: contract, signed-document, e-mail or portal"}, {&f.warrant.Reference, "warrant-reference", "decided: of the document"},
		{&f.in.Authority, "authority", "corresponded: the authority"}, {&f.in.Direction, "direction", "corresponded: in or out"},
		{&f.in.Told, "told", "withdrawn, closed: when the person was told that the restriction ends; else a closed case leaves it (Art. 18(3))"},
		{&f.in.Reference, "reference", "corresponded: the authority's"}, {&f.in.To, "to", "transferred: the right client, none where it is not ours"},
	} {
		flags.StringVar(text.into, text.name, "", text.usage)
	}
	for _, list := range []struct {
		into        *[]string
		name, usage string
	}{
		{&f.in.Reasons, "reason", "extended: JustificationA12Complexity, JustificationA12HighVolume"}, {&f.in.Grounds, "ground", "decided: A17-1-b; again for several"},
		{&f.places, "place", "found, settled: system:crm, service:mailer, recipient:northprint; system:crm@webshop names who carries orders out"},
		{&f.refuse, "refuse", "decided: GROUND or GROUND=PROVISION; again for several"}, {&f.withhold, "withhold", "reviewed: GROUND=ITEMS: A15-4=3; again for several"},
	} {
		flags.StringArrayVar(list.into, list.name, nil, list.usage)
	}
	flags.IntVar(&f.in.Months, "months", 0, "extended: further months, 1 or 2")
	flags.BoolVar(&f.in.Enough, "enough", false, "replied: what was asked for came, all of it")
	flags.BoolVar(&f.in.Remedies, "remedies", false, "answered: the answer named the complaint and the judicial remedy")
}

// read puts the flags into the message.
func (f *stepFlags) read(p *program) error {
	var err error
	if f.in.Note, err = p.sealable(f.note); err != nil {
		return err
	}
	for _, text := range f.places {
		place, err := casePlace(text)
		if err != nil {
			return err
		}
		f.in.Places = append(f.in.Places, place)
	}
	if f.in.Step == "settled" && len(f.in.Places) == 1 {
		f.in.Place, f.in.Places = &f.in.Places[0], nil
	}
	if f.exempt != "" {
		cited := cite(f.exempt)
		f.in.Exemption = &cited
	}
	for _, text := range f.refuse {
		f.in.Refusals = append(f.in.Refusals, cite(text))
	}
	for _, text := range f.withhold {
		ground, items, _ := strings.Cut(text, "=")
		n, err := strconv.Atoi(items)
		if err != nil {
			return usage("It is not said how much is left out.", "Write --withhold A15-4=3 for three items.")
		}
		f.in.Withheld = append(f.in.Withheld, wire.CaseWithhold{Ground: ground, Items: n})
	}
	if f.warrant != (wire.Warrant{}) {
		if f.warrant.On == "" {
			f.warrant.On = orText(f.in.On, p.now().UTC().Format("2006-01-02"))
		}
		f.in.Warrant = &f.warrant
	}
	return nil
}

func casePlace(text string) (wire.CasePlace, error) {
	kind, name, is := strings.Cut(text, ":")
	if !is {
		return wire.CasePlace{}, usage("The place is not named as kind:name.", "Write system:crm, service:mailer or recipient:northprint.")
	}
	name, service, _ := strings.Cut(name, "@")
	return wire.CasePlace{Kind: kind, Name: name, Service: service}, nil
}

func cite(text string) wire.CaseCite {
	ground, provision, _ := strings.Cut(text, "=")
	return wire.CaseCite{Ground: ground, Provision: provision}
}
