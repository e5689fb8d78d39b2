package cli

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) person() *cobra.Command {
	return group("person", "What was done with one person's data, and what is held", p.dated(p.personShow()), p.personLink(), p.personForget(),
		p.dated(p.personPlaces()), p.personStanding(), p.timed(p.personLooks()))
}

type personFlags struct {
	controller string
	oldest     bool
	details    bool
	limit      int
}

func (p *program) personShow() *cobra.Command {
	var f personFlags
	cmd := &cobra.Command{
		Use:   "show -c CONTROLLER kind:value",
		Short: "Show one person's record under one client",
		Long: "Shows what is held of a person under one client, and every entry about them, in sentences. Clients never see each\n" +
			"other's people. Give - to read the identifier from standard input, so that it does not stay in the shell's history.",
		Example: "  daybook person show -c fenland-cycles email:ada.wren@example.org\n" +
			"  daybook person show -c fenland-cycles customer:4711 --oldest -o json",
		Args: exact(1, "one identifier, such as email:ada@example.org"),
		RunE: func(cmd *cobra.Command, args []string) error {
			who, err := p.identifier(args[0])
			if err != nil {
				return err
			}
			query := wire.TrailQuery{Person: who, Limit: min(f.limit, wire.MaxPage), Details: f.details, Order: wire.NewestFirst}
			if f.oldest {
				query.Order = wire.OldestFirst
			}
			person, err := p.fetchPerson(cmd, f, query)
			if err != nil {
				return err
			}
			return p.showPerson(person)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.controller, "controller", "c", "", "the client under whom to look")
	flags.BoolVar(&f.oldest, "oldest", false, "the oldest entry first")
	flags.BoolVar(&f.details, "details", false, "open the sealed details")
	flags.IntVar(&f.limit, "limit", wire.DefaultPage, "the most entries to show; 0 for all")
	return cmd
}

// fetchPerson gets the record, and further pages of the trail where more entries are wanted than one holds.
func (p *program) fetchPerson(cmd *cobra.Command, f personFlags, query wire.TrailQuery) (wire.Person, error) {
	var person wire.Person
	if !wire.ValidName(f.controller) {
		return person, usage("It is not said under which client to look.", "Give --controller with the client's name in the register.")
	}
	if f.limit == 0 {
		query.Limit, f.limit = wire.MaxPage, int(^uint(0)>>1)
	}
	if f.limit < 0 {
		return person, usage("The limit is below nothing.", "Give --limit 0 for all entries.")
	}
	path := "/controllers/" + f.controller + "/people/"
	if err := p.ledger().call(cmd.Context(), http.MethodPost, path+"show", "", query, &person); err != nil {
		return person, err
	}
	for person.Trail.Next != nil && len(person.Trail.Entries) < f.limit {
		query.After = person.Trail.Next
		query.Limit = min(wire.MaxPage, f.limit-len(person.Trail.Entries))
		var page wire.Trail
		if err := p.ledger().call(cmd.Context(), http.MethodPost, path+"trail", "", query, &page); err != nil {
			return person, err
		}
		person.Trail.Entries = append(person.Trail.Entries, page.Entries...)
		person.Trail.Next = page.Next
	}
	return person, nil
}

// identifier takes the argument, or the first line of standard input for -.
func (p *program) identifier(argument string) (wire.Text, error) {
	if argument == "-" {
		line, err := bufio.NewReader(io.LimitReader(p.in, 4<<10)).ReadString('\n')
		if err != nil && line == "" {
			return "", usage("Standard input is empty.", "Write one identifier on a line, such as email:ada@example.org.")
		}
		argument = strings.TrimSpace(line)
	}
	if !strings.Contains(argument, ":") {
		return "", usage("The person is not named as kind:value.", "Write email:ada@example.org, customer:4711 or ip:192.0.2.7.")
	}
	return wire.Text(argument), nil
}

func (p *program) showPerson(person wire.Person) error {
	trail := listing{
		whole: person, head: []string{"Entry", "When (UTC)", "What was done"},
		empty: "Nothing is recorded of this person under " + person.Controller + ". No service has told the ledger about them.",
	}
	if p.format == "csv" {
		trail.head = []string{"entry", "time", "recorded", "service", "operation", "instruction", "version", "basis", "categories",
			"system", "location", "recipient", "findings", "sentence"}
	}
	for _, e := range person.Trail.Entries {
		trail.items = append(trail.items, e)
		if p.format == "csv" {
			trail.rows = append(trail.rows, []string{strconv.FormatUint(e.Position, 10), e.Time.Format(stampLayout),
				e.Recorded.Format(stampLayout), e.Service, e.Operation, e.Instruction, strconv.Itoa(e.Version), e.Basis,
				strings.Join(e.Categories, " "), e.System, e.Location, e.Recipient, codesOf(e.Findings), e.Sentence})
			continue
		}
		trail.rows = append(trail.rows, []string{strconv.FormatUint(e.Position, 10), brief(e.Time), entryWords(e)})
	}
	if p.format != "table" {
		return p.show(trail)
	}
	return p.personPage(person, trail)
}

const stampLayout = "2006-01-02T15:04:05.999Z07:00"

// personPage is the record as a page: who, what is held, what was done.
func (p *program) personPage(person wire.Person, trail listing) error {
	name := person.ControllerName
	if name == "" {
		name = person.Controller
	}
	masked := make([]string, len(person.Identifiers))
	for i, id := range person.Identifiers {
		masked[i] = string(id)
	}
	p.title("Record of " + orText(strings.Join(masked, ", "), "this person") + " under " + name)
	p.say(orText(p.asItWas(), fmt.Sprintf("As known when the ledger had %d entries.", person.Position)))
	if person.Forgotten {
		p.say("The key to this person's details was destroyed; nobody can read them again.")
	}
	p.say("")
	p.title("What is held")
	held := listing{head: []string{"What", "Where", "Since (UTC)", "Until", "Why"}, empty: "Nothing is held."}
	for _, h := range person.Holdings {
		until := ""
		if h.Until != nil {
			until = h.Until.UTC().Format("2 Jan 2006")
		}
		held.rows = append(held.rows, []string{categoryWords(h.Category), place2(h.System, h.Location), brief(h.Since), until, why(h)})
	}
	if err := p.show(held); err != nil {
		return err
	}
	order := "newest first"
	if person.Trail.Order == wire.OldestFirst {
		order = "oldest first"
	}
	p.say("")
	p.title("What was done, " + order)
	if err := p.show(trail); err != nil {
		return err
	}
	if person.Trail.Next != nil {
		p.say("", "There are more entries; see them with --limit 0.")
	}
	if len(person.Looks) == 0 {
		return nil
	}
	p.say("")
	p.title("Who looked before, newest first")
	return p.show(lookList(person, person.Looks))
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func place2(system, country string) string {
	if system == "" || country == "" {
		return system + country
	}
	return system + " (" + country + ")"
}

func why(h wire.Holding) string {
	reason := basisWords(h.Basis)
	if h.Instruction != "" {
		reason += "; instruction " + h.Instruction + " v" + strconv.Itoa(h.Version)
	}
	if h.Withdrawn {
		reason += "; deleted, but can be had back"
	}
	return strings.TrimPrefix(reason, "; ")
}

// entryWords is the sentence of an entry, and beneath it what is wrong with it and its opened details.
func entryWords(e wire.TrailEntry) string {
	words := strings.TrimSuffix(e.Sentence, " · entry "+strconv.FormatUint(e.Position, 10))
	words = strings.TrimPrefix(words, e.Time.UTC().Format("2 Jan 2006, 15:04 UTC · ")) // both have columns of their own
	if e.Late {
		words += "\nReported late, on " + brief(e.Recorded) + "."
	}
	for _, f := range e.Findings {
		words += "\nFinding: " + f.Message + " (" + f.Article + ")"
	}
	switch {
	case e.Forgotten:
		words += "\nDetails: forgotten; the key was destroyed."
	case len(e.Details) > 0:
		words += "\nDetails: " + string(e.Details)
	}
	return words
}

func (p *program) personLink() *cobra.Command {
	var controller, by string
	cmd := &cobra.Command{
		Use:   "link -c CONTROLLER KNOWN ALSO",
		Short: "Say that a second identifier names a person whom the ledger knows by the first",
		Example: "  daybook person link -c fenland-cycles email:ada.wren@example.org customer:4711\n" +
			"  daybook person show -c fenland-cycles customer:4711",
		Args: exact(2, "two identifiers: one that the ledger knows, and another of the same person"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !wire.ValidName(controller) {
				return usage("It is not said under which client.", "Give --controller with the client's name in the register.")
			}
			known, err := p.identifier(args[0])
			if err != nil {
				return err
			}
			also, err := p.identifier(args[1])
			if err != nil {
				return err
			}
			var linked wire.Linked
			request := wire.LinkRequest{Known: known, Also: also, By: by}
			if err := p.ledger().call(cmd.Context(), http.MethodPost, "/controllers/"+controller+"/people/link", "", request, &linked); err != nil {
				return err
			}
			if p.format != "table" {
				return p.show(listing{whole: linked, items: []any{linked}, head: []string{"entry", "joined"},
					rows: [][]string{{strconv.FormatUint(linked.Position, 10), strconv.FormatBool(linked.Joined)}}})
			}
			words := "From now on the second identifier leads to the same person."
			if linked.Joined {
				words = "The two were known apart; from now on both lead to one person with all entries of both."
			}
			p.say(fmt.Sprintf("Linked, as entry %d. %s", linked.Position, words))
			return nil
		},
	}
	cmd.Flags().StringVarP(&controller, "controller", "c", "", "the client under whom the person is known")
	cmd.Flags().StringVar(&by, "by", "", "the contact who said so, by the id in the register")
	return cmd
}
