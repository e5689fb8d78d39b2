package cli

import (
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/infra/app"
)

// engineFlags say what keeps the log.
type engineFlags struct {
	engine, url string
	maxAppend   int
}

// add adds the flags. What the environment says is never their default, since help shows defaults and it may hold a password.
func (e *engineFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&e.engine, "engine", "", "what keeps the log: nats or kurrentdb (or DAYBOOK_ENGINE; nats)")
	f.StringVar(&e.url, "kurrentdb-url", "", "the KurrentDB server, as esdb://host:2113; with a password better in DAYBOOK_KURRENTDB_URL")
	addMaxAppend(cmd, &e.maxAppend)
}

func addMaxAppend(cmd *cobra.Command, size *int) {
	cmd.Flags().IntVar(size, "kurrentdb-max-append", 0, "the KurrentDB server's setting MaxAppendSize, in bytes; 1 MiB by default, as there")
}

// set puts into a configuration what the flags and the environment say.
func (e *engineFlags) set(p *program, cfg *app.Config) {
	cfg.Engine = orText(e.engine, p.env("DAYBOOK_ENGINE"))
	cfg.KurrentDBURL = orText(e.url, p.env("DAYBOOK_KURRENTDB_URL"))
	cfg.KurrentDBMaxAppend = e.maxAppend
}

// stoppedFlags name a ledger that no process serves.
type stoppedFlags struct {
	data, name, natsURL string
	engine              engineFlags
}

// add adds the flags; what is what is done with the directory.
func (s *stoppedFlags) add(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&s.data, "data", "", what+" this data directory of a stopped ledger")
	cmd.Flags().StringVar(&s.name, "name", "", "with --data, the name that daybook serve was given")
	cmd.Flags().StringVar(&s.natsURL, "nats-url", "", "with --data, the NATS server that keeps the log, where it is not the embedded one")
	s.engine.add(cmd)
}
