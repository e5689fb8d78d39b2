package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

func (p *program) logRead() *cobra.Command {
	var f logFilter
	var of stoppedFlags
	cmd := &cobra.Command{
		Use:   "read",
		Short: "Read entries from one position to another",
		Long: "Reads entries up to the end of the log. The events of -o jsonl are the bytes that are stored and hashed.\n" +
			"With --person it finds the person in the vault and reads the entries that name them, without ever repeating the\n" +
			"identifier; give - to read it from standard input. With --as-of it ends where the log ended then: at a position, or\n" +
			"after what was recorded until a time. What the law forbids telling of now is withheld: its line has the position\n" +
			"and the leaf hash, so that the history still proves; --secret shows it to the regulator, who says who they are\n" +
			"with --as and why with --reason; a running ledger records that. A filter leaves such lines\n" +
			"out, because whose they are must not be told. With --data it reads the directory of a ledger that is stopped.",
		Example: "  daybook log read --from 100 --to 200\n  daybook log read -c fenland-cycles --type daybook.action -o jsonl\n" +
			"  daybook log read -c fenland-cycles --person email:ada.wren@example.org -o jsonl\n" +
			"  daybook log read --as-of 2026-11-23T12:00:00Z\n  daybook log read --data ./daybook-data -o jsonl",
		Args: exact(0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.from < 0 || f.to < -1 {
				return usage("A position is below nothing.", "Positions count from 0.")
			}
			if f.to >= 0 && f.to < f.from {
				return usage("The last position comes before the first.", "Give --to a position that is not before --from.")
			}
			r, err := p.reading(f)
			if err != nil {
				return err
			}
			w := &logWriter{program: p, filter: f}
			if of.data != "" {
				if err = p.readStopped(cmd.Context(), of, r, w.take); err == nil && r.person != "" {
					p.note(unrecorded)
				}
			} else {
				err = p.readRemote(cmd.Context(), r, w.take)
			}
			r.bar.finish()
			if err != nil && w.shown == 0 && len(w.rows) == 0 && p.format == "table" {
				return err // that no entries match would be no answer
			}
			return errors.CombineErrors(err, w.end())
		},
	}
	f.add(cmd)
	cmd.Flags().Int64Var(&f.from, "from", 0, "the first position to read")
	cmd.Flags().Int64Var(&f.to, "to", -1, "the last position to read; -1 for the end of the log")
	cmd.Flags().StringVar(&f.person, "person", "", "only what names this person, as kind:value; needs --controller")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "end where the log ended: at this position, or at this time of recording, 2026-11-23T12:00:00Z, or\n"+
		"the end of a day in UTC, 2026-11-23")
	of.add(cmd, "read")
	return cmd
}

// reading says what of the log to read.
type reading struct {
	from       uint64
	controller string
	person     wire.Text // of all where it is empty
	secret     bool
	asOf       string     // as the ledger takes it
	before     *uint64    // asOf as a position
	until      *time.Time // asOf as a time
	bar        *progress
}

// reading reads from the flags what of the log is wanted.
func (p *program) reading(f logFilter) (reading, error) {
	r := reading{from: uint64(f.from), secret: f.secret, bar: &progress{}}
	if f.person != "" {
		if err := under(f.controller); err != nil {
			return r, err
		}
		who, err := p.identifier(f.person)
		if err != nil {
			return r, err
		}
		r.person, r.controller = who, f.controller
	}
	if f.asOf != "" {
		r.asOf = f.asOf
		if position, err := strconv.ParseUint(f.asOf, 10, 63); err == nil {
			r.before = &position
		} else if until, err := time.Parse(time.RFC3339, f.asOf); err == nil {
			r.until = &until
		} else if day, err := time.Parse(time.DateOnly, f.asOf); err == nil {
			r.until = new(day.AddDate(0, 0, 1).Add(-time.Millisecond)) // as the ledger reads a day
		} else {
			return r, usage("It is not said as of when.", "Write a position, a day as 2026-11-23, which stands for its end in UTC, or 2026-11-23T12:00:00Z.")
		}
	}
	// Where entries go to the terminal, a bar would stand in their way.
	if _, shown := terminal(p.out); !shown {
		r.bar = p.progress("Reading", -1)
	}
	return r, nil
}

// readStopped reads the data directory of a ledger that is not running.
func (p *program) readStopped(ctx context.Context, of stoppedFlags, r reading, take func(wire.LogEntry) (bool, error)) (err error) {
	ledger, err := p.openStopped(ctx, of)
	if err != nil {
		return err
	}
	defer func() { err = errors.CombineErrors(err, ledger.Close()) }()
	for entry, err := range ledger.Entries(ctx, app.Entries{
		From: domain.Position(r.from), Controller: r.controller, Identifier: string(r.person), Secret: r.secret,
		Before: (*domain.Position)(r.before), Until: r.until,
		Reached: func(at domain.Position) { r.bar.reach(int64(at), -1) },
	}) {
		if err != nil {
			return err
		}
		if more, err := take(entry); err != nil || !more {
			return err
		}
	}
	return nil
}

// logPage is how many entries are asked for at once.
const logPage = 10_000

// readRemote reads page after page until the end of the log, or until take says that it is enough.
func (p *program) readRemote(ctx context.Context, r reading, take func(wire.LogEntry) (bool, error)) error {
	if r.person != "" {
		return p.readPerson(ctx, r, take)
	}
	for {
		n, enough := 0, false
		q := filter{}.set("from", strconv.FormatUint(r.from, 10)).set("limit", strconv.Itoa(logPage)).set("secret", secretValue(r.secret)).set("at", r.asOf)
		err := p.ledger().lines(ctx, http.MethodGet, q.path("/log"), func(line []byte) (bool, error) {
			entry, is, err := entryOf(line)
			if err != nil || !is {
				return true, err
			}
			n, r.from = n+1, entry.Position+1
			if r.bar != nil && r.from%1024 == 0 {
				r.bar.reach(int64(r.from), -1)
			}
			more, err := take(entry)
			enough = !more
			return more, err
		})
		if err != nil || enough || n < logPage {
			return err
		}
	}
}

// readPerson reads the entries that name a person. The identifier travels in the body.
func (p *program) readPerson(ctx context.Context, r reading, take func(wire.LogEntry) (bool, error)) error {
	q := filter{}.set("secret", secretValue(r.secret)).set("at", r.asOf)
	path := q.path("/controllers/" + r.controller + "/people/log")
	return p.ledger().linesOf(ctx, http.MethodPost, path, wire.LogQuery{Person: r.person, From: r.from}, func(line []byte) (bool, error) {
		var heard wire.Heard
		if json.Unmarshal(line, &heard) == nil && heard.Reached > 0 {
			r.bar.reach(int64(heard.Reached), int64(heard.End))
			return true, nil
		}
		entry, is, err := entryOf(line)
		if err != nil || !is {
			return true, err
		}
		return take(entry)
	})
}
