package cli

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
)

// migrated is what a migration ended with.
type migrated struct {
	Events uint64 `json:"events"`
	Copied uint64 `json:"copied"`
	Root   string `json:"root"`
}

func (p *program) migrate() *cobra.Command {
	var m app.Migration
	var name string
	var maxAppend int
	cmd := &cobra.Command{
		Use:   "migrate --from PLACE --to PLACE",
		Short: "Copy the log of a stopped ledger to another engine, and prove that it is the same",
		Long: "Copies every entry with its position and exact bytes, reads them back from the target, and compares the Merkle roots. The\n" +
			"source is only read. A target that is not empty is refused; with --resume an interrupted copy goes on, after what is\n" +
			"there was held against the source.\n\n" +
			"A place is a data directory (its embedded server), nats://HOST:PORT or esdb://HOST:PORT. env:NAME takes the place from the\n" +
			"environment variable NAME, so that no password stands in a command line.\n\n" +
			"Only the log moves. Serve it from the new place with the data directory of before, which has the vault and the proof.",
		Example: "  daybook migrate --from ./daybook-data --to nats://nats.internal:4222 --replicas 3\n" +
			"  daybook migrate --from ./daybook-data --to env:DAYBOOK_KURRENTDB_URL\n" +
			"  daybook migrate --from nats://nats.internal:4222 --to ./daybook-data",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, place := range []*string{&m.From, &m.To} {
				if variable, is := strings.CutPrefix(*place, "env:"); is {
					if *place = p.env(variable); *place == "" {
						return usage("The environment variable of a place is not set.", "Set it to the place, or name the place itself.")
					}
				}
			}
			bar, at := p.progress("Migrating", -1), ""
			m.Progress = func(step string, done, of domain.Position) {
				if step != at {
					bar.finish()
					bar, at = p.progress(map[string]string{"compare": "Comparing", "copy": "Copying", "prove": "Proving"}[step], int64(of)), step
				}
				bar.reach(int64(done), int64(of))
			}
			result, err := app.Migrate(cmd.Context(), app.Config{Name: name, KurrentDBMaxAppend: maxAppend, Version: version(), Logger: p.logger(false, slog.LevelWarn)}, m)
			bar.finish()
			if err != nil {
				return err
			}
			return p.migratedTo(migrated{uint64(result.Size), uint64(result.Copied), hex.EncodeToString(result.Root[:])})
		},
	}
	f := cmd.Flags()
	f.StringVar(&m.From, "from", "", "where the log is")
	f.StringVar(&m.To, "to", "", "where it goes")
	f.BoolVar(&m.Resume, "resume", false, "go on with a target that holds the beginning of the log")
	f.StringVar(&name, "name", "", "the ledger's name, where one server holds several")
	addMaxAppend(cmd, &maxAppend)
	f.IntVar(&m.Replicas, "replicas", 0, "copies of every entry on a NATS cluster at the target; 1 by default")
	return cmd
}

func (p *program) migratedTo(m migrated) error {
	if p.format == "table" {
		p.say(fmt.Sprintf("Both places hold the same %d entries, of which %d were copied now.", m.Events, m.Copied), "  root  "+m.Root)
		return nil
	}
	return p.show(listing{whole: m, items: []any{m}, head: []string{"events", "copied", "root"},
		rows: [][]string{{strconv.FormatUint(m.Events, 10), strconv.FormatUint(m.Copied, 10), m.Root}}})
}
