package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/sample"
)

// The person whose record the demo shows, and the client under whom.
const (
	demoPerson     = "email:ada.wren@example.org"
	demoController = "fenland-cycles"
)

// errDone ends a run whose work is done.
var errDone = errors.New("the work is done")

func (p *program) demo() *cobra.Command {
	var d doors
	var exit bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it at work: a firm, its clients, and one day of processing over NATS",
		Long: "Runs a ledger with an embedded NATS server in a fresh directory, declares an invented firm with its clients and their\n" +
			"instructions, lets its services report one working day over NATS, shows what was done with one person's data, and keeps\n" +
			"answering until interrupted. The directory is removed afterwards, unless --data names one.",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if p.format != "table" {
				return usage("The demo is for reading.", "Leave out -o; ask the running demo with other commands.")
			}
			kept := d.data != ""
			if !kept {
				if d.data, err = os.MkdirTemp("", "daybook-demo-"); err != nil {
					return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "make a directory for the demo"), err)
				}
				defer func() {
					if removed := os.RemoveAll(d.data); removed != nil && err == nil {
						err = errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "remove the directory of the demo"), removed)
					}
				}()
			}
			cfg := d.config(p)
			cfg.Logger = p.logger(d.verbose, slog.LevelError)
			cfg.Sweep = time.Second // so that what falls due in the day is ordered in the day
			return p.run(cmd.Context(), cfg, kept, func(ctx context.Context, at app.Addresses) error {
				if err := p.demonstrate(ctx, cmd, at); err != nil {
					return err
				}
				if exit {
					return errDone
				}
				p.next(at, d.data)
				return nil
			})
		},
	}
	d.add(cmd)
	cmd.Flags().StringVar(&d.data, "data", "", "keep the ledger in this directory")
	cmd.Flags().BoolVar(&exit, "exit", false, "end when the day was played and shown")
	return cmd
}

func (p *program) demonstrate(ctx context.Context, cmd *cobra.Command, at app.Addresses) error {
	p.server = at.HTTP
	f, err := parseRegister("register.yaml", sample.Register())
	if err != nil {
		return err
	}
	var before wire.Status
	if err := p.ledger().call(ctx, http.MethodGet, "/status", "", nil, &before); err != nil {
		return err
	}
	var plan wire.Plan
	if err := p.ledger().call(ctx, http.MethodPost, "/register", "", f.register, &plan); err != nil {
		return f.located(err)
	}
	p.title("The register")
	p.say(declared(f.register, plan), "")

	player := player{ledger: p.ledger(), natsURL: at.NATS, midnight: day(p.now()), services: map[string]*simulated{}, announced: map[string]string{}}
	if err := player.play(ctx); err != nil {
		return err
	}
	end := before.End + uint64(len(plan.Changes)+player.played.entries+player.played.links)
	if err := player.settled(ctx, end); err != nil {
		return err
	}
	if err := p.dayWords(&player); err != nil {
		return err
	}
	if err := p.deskWords(ctx, &player); err != nil {
		return err
	}
	query := wire.TrailQuery{Person: demoPerson, Order: wire.OldestFirst, Limit: wire.MaxPage}
	person, err := p.fetchPerson(cmd, personFlags{controller: demoController, limit: wire.MaxPage}, query)
	if err != nil {
		return err
	}
	if err := p.showPerson(person); err != nil {
		return err
	}
	promises, err := p.fetchPromises(ctx, "/promises?check=statistics")
	if err != nil {
		return err
	}
	p.say("")
	return p.promisePage(promises)
}

// declared says what the register holds.
func declared(r wire.Register, plan wire.Plan) string {
	services, instructions := 0, 0
	for _, c := range r.Controllers {
		services += len(c.Services)
		instructions += len(c.Instructions)
	}
	return fmt.Sprintf("%s declares %d clients with %d services and %d instructions, and %d recipients, in %s.",
		r.Processor.Name, len(r.Controllers), services, instructions, len(r.Recipients), entriesWords(len(plan.Changes)))
}

func entriesWords(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func (p *program) dayWords(player *player) error {
	d := player.played
	p.title("The day, " + player.midnight.Format("2 January 2006"))
	p.say(fmt.Sprintf("%d services reported %d actions over as many connections to NATS, and %d times what people decided, what ended or "+
		"what they were about to do: %s, one for each person.", len(player.services), d.actions, d.said, entriesWords(d.entries)),
		fmt.Sprintf("They asked beforehand %d times, and were told no %d times. %s sent twice and recorded once.",
			d.asked, d.refused, was(d.repeated, "message")),
		fmt.Sprintf("%s not understood; it is in quarantine with the reason (daybook quarantine list).", was(d.aside, "message")),
		"", "Nothing that happened is refused. What is wrong with it is a finding:", "")
	if err := p.show(listing{head: []string{"When (UTC)", "Service", "What is wrong"}, rows: d.found, empty: "Nothing."}); err != nil {
		return err
	}
	p.say("")
	return nil
}

func was(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return fmt.Sprintf("%d %ss were", n, noun)
}

// next says what to try.
func (p *program) next(at app.Addresses, data string) {
	server := ""
	if at.HTTP != DefaultServer {
		server = " --server " + at.HTTP
	}
	p.say("")
	p.title("It goes on answering")
	p.say("  HTTP  "+at.HTTP+"/api/v1 (OpenAPI at /api/v1/openapi.json)",
		"  NATS  "+at.NATS,
		"  Data  "+data,
		"", "Try, in another terminal:",
		"  "+p.name+server+" person show -c wharf-physio "+demoPerson,
		"  "+p.name+server+" ask -c harbour-books -s webshop --operation Disclose --instruction orders --category pd:Name \\",
		"      --recipient northprint --location GB",
		"  "+p.name+server+" case show -c "+demoController+" FC-015",
		"  "+p.name+server+" case report -c "+demoController+" FC-014",
		"  "+p.name+server+" orders list",
		"  "+p.name+server+" sources",
		"  "+p.name+server+" findings",
		"  "+p.name+server+" retention due",
		"  "+p.name+server+" article30 -c kilbrack-joinery",
		"  "+p.name+server+" quarantine list",
		"  "+p.name+server+" log follow",
		"", "Stop it with Ctrl-C.")
}
