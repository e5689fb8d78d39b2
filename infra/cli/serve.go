package cli

import (
	"context"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/telemetry"
)

// doors are the flags of a running ledger.
type doors struct {
	data, http, nats, natsURL, name string
	witnesses                       string
	replicas                        int
	monitors                        []string
	engine                          engineFlags
	verbose, shared                 bool
}

func (d *doors) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&d.http, "http", app.DefaultHTTP, "the address for HTTP; loopback only")
	f.StringVar(&d.nats, "nats", app.DefaultNATS, "the address of the embedded NATS server; loopback only")
	f.StringVar(&d.natsURL, "nats-url", "", "use this NATS server instead of the embedded one")
	d.engine.add(cmd)
	f.BoolVarP(&d.verbose, "verbose", "v", false, "log more")
}

func (d *doors) config(p *program) app.Config {
	cfg := app.Config{
		Data: d.data, HTTP: d.http, NATS: d.nats, NATSURL: d.natsURL, NATSMonitors: d.monitors, SharedVault: d.shared, Name: d.name, Replicas: d.replicas,
		WitnessPolicy: d.witnesses, Version: version(), Logger: p.logger(d.verbose, slog.LevelWarn),
	}
	d.engine.set(p, &cfg)
	return cfg
}

// logger writes to standard error: text on a terminal, JSON for whoever collects logs.
func (p *program) logger(verbose bool, level slog.Level) *slog.Logger {
	if verbose {
		level = slog.LevelDebug
	}
	_, is := terminal(p.err)
	return telemetry.NewLogger(p.err, !is, level)
}

func (p *program) serve() *cobra.Command {
	var d doors
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a ledger on a data directory, until interrupted",
		Long: "Opens the ledger in a directory, which it makes where there is none, and answers over HTTP and NATS. There is no access\n" +
			"control yet, so that it listens on this machine only (Art. 32).",
		Example: "  daybook serve --data /var/lib/daybook\n  daybook serve --nats-url nats://nats.internal:4222",
		Args:    exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.run(cmd.Context(), d.config(p), true, func(_ context.Context, at app.Addresses) error {
				p.say("The ledger in "+d.data+" answers.", "  HTTP  "+at.HTTP, "  NATS  "+at.NATS, "Stop it with Ctrl-C.")
				return nil
			})
		},
	}
	d.add(cmd)
	cmd.Flags().StringVar(&d.data, "data", orText(p.env("DAYBOOK_DATA"), "daybook-data"), "the directory that holds everything (or DAYBOOK_DATA)")
	cmd.Flags().StringVar(&d.name, "name", "", "the ledger's name, where one NATS server holds several")
	cmd.Flags().StringVar(&d.witnesses, "witness-policy", "", "a C2SP tlog-policy file: who cosigns the history, and how many of them must")
	cmd.Flags().IntVar(&d.replicas, "replicas", 0, "copies of every entry on a NATS cluster; 1 by default")
	cmd.Flags().BoolVar(&d.shared, "shared-vault", false, "keep who is who on the NATS server too, so that a second process can stand by on another machine")
	cmd.Flags().StringSliceVar(&d.monitors, "nats-monitor", nil, "the monitoring addresses of the NATS servers; one that does not sync is refused")
	return cmd
}

// memoryLimit is how much memory the collector lets the program's heap take before it collects more often: twice of what a busy ledger
// holds at once, so that bursts do not double what the process takes. GOMEMLIMIT sets another.
const memoryLimit = 288 << 20

// run opens a ledger, does the work once it answers, and keeps on answering until ctx ends or the work fails. What the operator
// must know about the directory is said where it is kept.
func (p *program) run(ctx context.Context, cfg app.Config, kept bool, work func(context.Context, app.Addresses) error) error {
	if p.env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	a, err := app.Open(ctx, cfg)
	if err != nil {
		return err
	}
	if a.Note != "" && kept {
		_, _ = io.WriteString(p.err, clean(a.Note)+"\n\n")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	worked := make(chan error, 1)
	begun := false
	err = a.Run(ctx, func(at app.Addresses) {
		begun = true
		go func() { // awaited below
			err := work(ctx, at)
			if err != nil {
				stop()
			}
			worked <- err
		}()
	})
	stop()
	if begun {
		if failed := <-worked; failed != nil && !errors.Is(failed, errDone) {
			return failed
		}
	}
	return err
}

// version is that of the build, as the Go tool chain knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "0.1.0-devel"
	}
	return info.Main.Version
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: exact(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version string `json:"version"`
				Go      string `json:"go"`
			}{version(), runtime.Version()}
			if p.format == "table" {
				p.say("daybook " + v.Version + " (" + v.Go + ")")
				return nil
			}
			return p.show(listing{whole: v, items: []any{v}, head: []string{"version", "go"}, rows: [][]string{{v.Version, v.Go}}})
		},
	}
}
