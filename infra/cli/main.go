package cli

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"
)

// DefaultServer is where commands look for a ledger unless --server or DAYBOOK_SERVER names another place.
const DefaultServer = "http://127.0.0.1:8430"

// program is one run of daybook with everything it takes from outside.
type program struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
	now      func() time.Time
	http     *http.Client
	name     string // how to run the program once more

	server string // flag
	actor  string // flag
	reason string // flag
	inCase string // flag
	format string // flag
	at     string // flag of commands that look at views
	on     string // flag of those that look at how it was on a date
	pinned string // the end of the ledger that the first answer on a date rested on
}

// Main runs daybook with the arguments that follow its name, and gives its exit code: 0 for success, 1 for an error, 2 for a
// command line that makes no sense, 3 where a verification fails, 4 where nothing is found, 5 where the ledger cannot answer.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	// Answers are as long as the log, so the whole of one has no time limit; the wait for its beginning has.
	transport := &http.Transport{ResponseHeaderTimeout: time.Minute, MaxIdleConnsPerHost: 16}
	defer transport.CloseIdleConnections()
	p := &program{in: in, out: out, err: errOut, env: os.Getenv, now: time.Now, http: &http.Client{Transport: transport},
		name: "daybook"}
	if strings.Contains(os.Args[0], "go-build") {
		p.name = "go run ."
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // whoever interrupts a second time does not want to wait
	root := p.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	if err := root.ExecuteContext(ctx); err != nil {
		if strings.HasPrefix(err.Error(), "unknown command") {
			err = usage("There is no such command.", "See daybook --help.")
		}
		if !errors.Is(err, errNotPermitted) { // the answer said so
			p.report(err)
		}
		return exitCode(err)
	}
	return 0
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "daybook",
		Short: "The book of original entry for personal data",
		Long: "Daybook writes down every processing of personal data once, in order: what was done, to whose data, for which client,\n" +
			"on whose instruction and on which Article 6 basis. See it at work with: daybook demo",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(upperFirst(err.Error())+".", "See "+cmd.CommandPath()+" --help.")
	})
	flags := root.PersistentFlags()
	flags.StringVar(&p.server, "server", "", "the ledger to ask (or DAYBOOK_SERVER; "+DefaultServer+")")
	flags.StringVarP(&p.format, "output", "o", "table", "table, json, jsonl or csv")
	p.lookerFlags(flags)
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		switch p.format {
		case "table", "json", "jsonl", "csv":
			return nil
		}
		return usage("The output format is not known.", "Use -o table, json, jsonl or csv.")
	}
	root.AddGroup(&cobra.Group{ID: "run", Title: "Run a ledger:"}, &cobra.Group{ID: "write", Title: "Write in it:"},
		&cobra.Group{ID: "rights", Title: "People's rights, and what stands in their way:"}, &cobra.Group{ID: "read", Title: "Read it:"}, &cobra.Group{ID: "keep", Title: "Look after it:"})
	root.SetHelpCommandGroupID("keep")
	for _, group := range []struct {
		id       string
		commands []*cobra.Command
	}{
		{"run", []*cobra.Command{p.demo(), p.serve()}},
		{"write", []*cobra.Command{p.apply(), p.record(), p.ask(), p.importing()}},
		{"rights", []*cobra.Command{p.cases(), p.consent(), p.objection(), p.restriction(), p.hold(), p.courtOrder()}},
		{"read", []*cobra.Command{
			p.person(), p.log(), p.onDay(p.sources()), p.onDay(p.findings()), p.retention(), p.orders(), p.onDay(p.disclosures()), p.onDay(p.recipients()), p.dated(p.basis()),
			p.onDay(p.article30()), p.onDay(p.promises()), p.onDay(p.statistics()), p.timed(p.looks()), p.export(), p.bundle(), p.verify(), p.proof(), p.replay(),
		}},
		{"keep", []*cobra.Command{p.status(), p.doctor(), p.rebuild(), p.repair(), p.backup(), p.migrate(), p.keys(), p.quarantine(), p.version()}},
	} {
		for _, cmd := range group.commands {
			cmd.GroupID = group.id
			root.AddCommand(cmd)
		}
	}
	p.fitHelp(root)
	return root
}

// ledger gives the ledger that the command asks.
func (p *program) ledger() remote {
	base := p.server
	if base == "" {
		base = p.env("DAYBOOK_SERVER")
	}
	if base == "" {
		base = DefaultServer
	}
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	return remote{strings.TrimRight(base, "/"), p.http, p.looker(), p.at, p.on, &p.pinned, p.progress}
}

// exact refuses a wrong number of arguments with a sentence.
func exact(n int, wanted string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("The command takes "+wanted+".", "See "+cmd.CommandPath()+" --help.")
		}
		return nil
	}
}

// group is a command that only has commands beneath it.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short, Args: func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage("There is no such command beneath "+cmd.CommandPath()+".", "See "+cmd.CommandPath()+" --help.")
		}
		return nil
	}, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(commands...)
	return cmd
}
