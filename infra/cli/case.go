package cli

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) cases() *cobra.Command {
	return group("case", "Cases: people's rights and complaints, with both clocks", p.caseOpen(), p.onDay(p.caseList()), p.onDay(p.caseShow()), p.caseStep(), p.caseFind(), p.caseOrder(), p.caseSettle(), p.caseReport())
}

// clientFlag adds the flag that names the client.
func clientFlag(cmd *cobra.Command, controller *string) {
	cmd.Flags().StringVarP(controller, "controller", "c", "", "the client, by its name in the register")
}

// under checks that the client is named.
func under(controller string) error {
	if !wire.ValidName(controller) {
		return usage("It is not said under which client.", "Give --controller with the client's name in the register.")
	}
	return nil
}

// casePath gives the path of a case.
func casePath(controller, id string) (string, error) {
	if err := under(controller); err != nil {
		return "", err
	}
	if !wire.ValidID(id) {
		return "", usage("That can be no case's id.", "See daybook case list for the ids.")
	}
	return "/controllers/" + controller + "/cases/" + url.PathEscape(id), nil
}

// sealable takes free text from the argument, or from standard input for -, so that it does not stay in the shell's history.
func (p *program) sealable(argument string) (wire.Text, error) {
	if argument != "-" {
		return wire.Text(argument), nil
	}
	text, err := io.ReadAll(bufio.NewReader(io.LimitReader(p.in, 8<<10)))
	if err != nil || len(text) == 0 {
		return "", usage("Standard input is empty.", "Write the note there.")
	}
	return wire.Text(strings.TrimRight(string(text), "\n")), nil
}

func (p *program) caseOpen() *cobra.Command {
	var controller, note string
	var in wire.OpenCase
	var promise wire.CasePromise
	cmd := &cobra.Command{
		Use:   "open -c CONTROLLER --kind KIND --owner CONTACT kind:value ...",
		Short: "Open a case for a person, also for one of whom nothing is known",
		Long: "Opens a case: access, rectification, erasure, restriction, portability, objection, automated-decision or complaint.\n" +
			"Both clocks run from the day of receipt: the client's limit in law, and what we promised the client.\n" +
			"Give - to read the identifier from standard input.",
		Example: "  daybook case open -c fenland-cycles --kind access --owner privacy-manager --on 2026-11-02 --promise 10 email:ada.wren@example.org\n" +
			"  daybook case open -c fenland-cycles --kind erasure --owner privacy-manager --ground A17-1-b customer:4711",
		Args: someArgs("one identifier or several of one person, such as email:ada@example.org"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := under(controller); err != nil {
				return err
			}
			for _, arg := range args {
				who, err := p.identifier(arg)
				if err != nil {
					return err
				}
				in.People = append(in.People, who)
			}
			var err error
			if in.Note, err = p.sealable(note); err != nil {
				return err
			}
			if promise.Days != 0 || promise.Working {
				in.Promise = &promise
			}
			var taken wire.CaseTaken
			if err := p.ledger().call(cmd.Context(), http.MethodPost, "/controllers/"+controller+"/cases", "", in, &taken); err != nil {
				return err
			}
			return p.caseTaken(taken, "Opened case "+taken.Case+", as entry "+strconv.FormatUint(taken.Position, 10)+".")
		},
	}
	f := cmd.Flags()
	clientFlag(cmd, &controller)
	f.StringVar(&in.Kind, "kind", "", "the right, or complaint")
	f.StringVar(&in.Owner, "owner", "", "the contact who looks after it")
	f.StringVar(&in.Channel, "channel", "e-mail", "e-mail, post, telephone, in-person, portal, agent or opendsr")
	f.StringVar(&in.On, "on", "", "the day of receipt: 2026-11-02; today by default")
	f.StringVar(&in.Reached, "reached", "", "the day on which it reached us, where that is later")
	f.StringArrayVar(&in.Grounds, "ground", nil, "what the person rests it on: A17-1-b; again for several")
	f.IntVar(&promise.Days, "promise", 0, "the days that we promised the client")
	f.BoolVar(&promise.Working, "working-days", false, "only working days count for the promise")
	f.StringVar(&in.Calendar, "calendar", "", "whose holidays count: GB-SCT; by default those of the client's country, or in the UK of its nation")
	f.StringVar(&in.Case, "id", "", "the case's id; a new UUID by default")
	f.StringVar(&in.Reference, "reference", "", "the client's own number for it")
	f.StringVar(&in.Follows, "follows", "", "the case that it complains of or takes up again")
	f.StringVar(&in.By, "by", "", "the contact who records it")
	f.StringVar(&note, "note", "", "free text, kept sealed; - for standard input")
	return cmd
}

// someArgs refuses an empty list of arguments with a sentence.
func someArgs(wanted string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage("The command takes "+wanted+".", "See "+cmd.CommandPath()+" --help.")
		}
		return nil
	}
}

// caseTaken shows what a step led to.
func (p *program) caseTaken(taken wire.CaseTaken, sentence string) error {
	if p.format != "table" {
		return p.show(listing{whole: taken, items: []any{taken}, head: []string{"case", "entry", "entries", "stage"},
			rows: [][]string{{taken.Case, strconv.FormatUint(taken.Position, 10), strconv.Itoa(taken.Events), taken.Stage}}})
	}
	if taken.Events == 0 {
		sentence = "The same stood recorded already; nothing was added."
	}
	p.say(sentence)
	p.notes(taken.Notes)
	p.say(taken.Next)
	return nil
}

func (p *program) caseList() *cobra.Command {
	var controller, kind, owner, person string
	var due, limit int
	var late, all, restricted bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List cases, the one with the soonest limit first",
		Example: "  daybook case list\n  daybook case list -c fenland-cycles --due 7\n  daybook case list --late",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if person != "" {
				return p.personCases(cmd, controller, person)
			}
			q := url.Values{}
			for name, value := range map[string]string{"controller": controller, "kind": kind, "owner": owner} {
				if value != "" {
					q.Set(name, value)
				}
			}
			if due >= 0 {
				q.Set("due", strconv.Itoa(due))
			}
			if late {
				q.Set("late", "true")
			}
			if all {
				q.Set("all", "true")
			}
			if restricted {
				q.Set("restricted", "true")
			}
			q.Set("limit", strconv.Itoa(limit))
			var list wire.CaseList
			if err := p.ledger().call(cmd.Context(), http.MethodGet, "/cases?"+q.Encode(), "", nil, &list); err != nil {
				return err
			}
			if !restricted {
				return p.caseTable(list)
			}
			if err := p.caseRows(list, "No restriction waits for its end to be told."); err != nil || len(list.Cases) == 0 {
				return err
			}
			p.say("", "Each of these restrictions goes on until the person was told that it ends (Art. 18(3)). Tell them, and then:",
				"  daybook restriction lift -c CLIENT kind:value CASE --told DAY")
			return nil
		},
	}
	f := cmd.Flags()
	clientFlag(cmd, &controller)
	f.BoolVar(&restricted, "restricted", false, "closed ones whose restriction goes on, because the person was not told that it ends (Art. 18(3))")
	f.StringVar(&kind, "kind", "", "of one kind only")
	f.StringVar(&owner, "owner", "", "of one owner only")
	f.IntVar(&due, "due", -1, "of which a clock runs out within so many days")
	f.BoolVar(&late, "late", false, "of which a clock has run out")
	f.BoolVar(&all, "all", false, "those that are over, too")
	f.IntVar(&limit, "limit", 100, "the most cases to show, at most 500")
	f.StringVar(&person, "person", "", "of one person under one client, with no other filter: email:ada@example.org; - for standard input")
	return cmd
}

// personCases lists the cases of one person.
func (p *program) personCases(cmd *cobra.Command, controller, person string) error {
	if err := under(controller); err != nil {
		return err
	}
	who, err := p.identifier(person)
	if err != nil {
		return err
	}
	var list wire.CaseList
	if err := p.ledger().call(cmd.Context(), http.MethodPost, "/controllers/"+controller+"/people/cases", "", wire.StandingQuery{Person: who}, &list); err != nil {
		return err
	}
	return p.caseTable(list)
}

func (p *program) caseTable(list wire.CaseList) error {
	return p.caseRows(list, "No open cases. When a client forwards a request, log it with daybook case open.")
}

func (p *program) caseRows(list wire.CaseList, empty string) error {
	l := listing{whole: list, empty: empty,
		head: []string{"Case", "Client", "Kind", "Stage", "Owner", "Limit in law", "Our promise", "Open places"}}
	if p.format == "csv" {
		l.head = []string{"case", "controller", "kind", "stage", "owner", "legal", "promise", "unsettled"}
	}
	for _, c := range list.Cases {
		l.items = append(l.items, c)
		legal, promise := clockBrief(c.Legal), clockBrief(c.Promise)
		if p.format == "csv" {
			legal, promise = c.Legal.Due, c.Promise.Due
		}
		l.rows = append(l.rows, []string{c.Case, c.Controller, c.Kind, c.Stage, c.Owner, legal, promise, strconv.Itoa(c.Unsettled)})
	}
	if err := p.showDated(l); err != nil {
		return err
	}
	if list.Next != "" {
		p.say("", "There are more cases; see them with --limit 500, or narrow the list down.")
	}
	return nil
}

// clockBrief is a clock in a cell: the day, and how many days are left.
func clockBrief(c wire.CaseClock) string {
	due, err := time.Parse(time.DateOnly, c.Due)
	switch {
	case c.Left == nil && c.Late:
		return "missed"
	case c.Left == nil || err != nil:
		return strings.ReplaceAll(c.Standing, "-", " ")
	case *c.Left < 0:
		return due.Format("2 Jan 2006") + ", " + strconv.Itoa(-*c.Left) + " late"
	default:
		return due.Format("2 Jan 2006") + ", " + strconv.Itoa(*c.Left) + " left"
	}
}
