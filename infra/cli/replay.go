package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/spf13/cobra"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// replaying are the flags of replay.
type replaying struct {
	stoppedFlags
	keep  string
	at    int64
	views []string
}

func (p *program) replay() *cobra.Command {
	var f replaying
	cmd := &cobra.Command{
		Use:   "replay [VIEW…]",
		Short: "Build views anew from the log, apart from the live ones, and prove every row equal",
		Long: "Folds the named views, or all, from the entries of the log into a folder of their own, and compares every row of every\n" +
			"table with the live views, at exactly the position where each of those stands. Nothing is changed. It exits with 3\n" +
			"where a row differs, and shows the first differences of each view. With --at it builds the views as they were when\n" +
			"the ledger had so many entries; there is no live view of then to compare with, unless one stands there. With --data it\n" +
			"replays a ledger that is stopped, and with --keep the rebuilt files stay in a folder to look at.",
		Example: "  daybook replay\n  daybook replay trail holdings -o json\n  daybook replay --data ./daybook-data --at 120 --keep ./as-of-120",
		RunE: func(cmd *cobra.Command, views []string) error {
			f.views = views
			return p.replayViews(cmd.Context(), f)
		},
	}
	f.add(cmd, "replay")
	cmd.Flags().Int64Var(&f.at, "at", -1, "as of this position; -1 for where the live views stand")
	cmd.Flags().StringVar(&f.keep, "keep", "", "build in this new folder and leave the files there; needs --data")
	return cmd
}

func (p *program) replayViews(ctx context.Context, f replaying) error {
	switch {
	case f.at < -1:
		return usage("The position is below nothing.", "Positions count from 0.")
	case f.keep != "" && f.data == "":
		return usage("A running ledger keeps no files of a replay.", "Stop it and give --data with its directory.")
	}
	if entries, err := os.ReadDir(f.keep); f.keep != "" && err == nil && len(entries) > 0 {
		return usage("The folder to build in is not empty.", "Name a new one with --keep.")
	}
	bar := p.progress("Replaying", -1)
	reached := func(done, of domain.Position) { bar.reach(int64(done), int64(of)) }
	var verdicts []wire.ReplayVerdict
	var err error
	if f.data != "" {
		verdicts, err = p.replayStopped(ctx, f, reached)
	} else {
		verdicts, err = p.replayRemote(ctx, f, reached)
	}
	bar.finish()
	if err != nil {
		return err
	}
	return p.replayed(verdicts, f)
}

func (p *program) replayStopped(ctx context.Context, f replaying, reached func(done, of domain.Position)) (verdicts []wire.ReplayVerdict, err error) {
	ledger, err := p.openStopped(ctx, f.stoppedFlags)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.CombineErrors(err, ledger.Close()) }()
	var at *domain.Position
	if f.at >= 0 {
		position := domain.Position(f.at)
		at = &position
	}
	return ledger.Replay(ctx, f.views, at, f.keep, func(progress app.Progress) { reached(progress.Position, progress.Of) })
}

func (p *program) replayRemote(ctx context.Context, f replaying, reached func(done, of domain.Position)) ([]wire.ReplayVerdict, error) {
	q := filter{}.set("views", strings.Join(f.views, ","))
	if f.at >= 0 {
		q.set("at", strconv.FormatInt(f.at, 10))
	}
	var verdicts []wire.ReplayVerdict
	done := false
	err := p.ledger().lines(ctx, http.MethodPost, q.path("/replay"), func(raw []byte) (bool, error) {
		var line wire.ReplayLine
		if err := json.Unmarshal(raw, &line); err != nil {
			return false, errors.Wrap(err, "read a line of the replay")
		}
		switch {
		case line.Problem != nil:
			return false, refused(*line.Problem)
		case line.Verdict != nil:
			verdicts = append(verdicts, *line.Verdict)
		case !line.Done:
			reached(domain.Position(line.Position), domain.Position(line.End))
		}
		done = line.Done
		return true, nil
	})
	if err == nil && !done {
		err = &failure{errUnfinished, "The replay ended before it was done.", "Look at the ledger's log, and try again.", nil}
	}
	return verdicts, err
}

// replayed shows the verdicts, and fails where a view differs.
func (p *program) replayed(verdicts []wire.ReplayVerdict, f replaying) error {
	l := listing{whole: verdicts, head: []string{"View", "At", "Tables", "Rows", "Verdict"}, empty: "There are no views."}
	different := 0
	for _, v := range verdicts {
		words := v.Verdict
		switch v.Verdict {
		case wire.ReplayDifferent:
			different++
			words = "different: " + count(int(v.Count), "row") + ", and " + strconv.FormatUint(v.LiveRows, 10) + " in all"
		case wire.ReplayBuilt:
			words = "built; no live view stands there to compare with"
		}
		if v.Reason != "" && p.format == "table" {
			words += "\n" + v.Reason
		}
		if p.format == "csv" {
			words = v.Verdict
		}
		l.items = append(l.items, v)
		l.rows = append(l.rows, []string{v.View, strconv.FormatUint(v.Position, 10), strconv.Itoa(v.Tables), strconv.FormatUint(v.Rows, 10), words})
	}
	if err := p.show(l); err != nil {
		return err
	}
	for _, v := range verdicts {
		if err := p.replayDifferences(v); err != nil {
			return err
		}
	}
	if f.keep != "" {
		p.say("", "The files are in "+f.keep+".")
	}
	if different == 0 {
		return nil
	}
	words := strconv.Itoa(different) + " views are not what the log says."
	if different == 1 {
		words = "1 view is not what the log says."
	}
	return &failure{errVerification, words, "Keep a copy of the data directory; daybook rebuild builds a view anew from the log.", nil}
}

func (p *program) replayDifferences(v wire.ReplayVerdict) error {
	if p.format != "table" || len(v.Differences) == 0 {
		return nil
	}
	p.say("")
	p.title("Differences of " + v.View)
	l := listing{head: []string{"Table", "Row", "Live view", "The log says"}}
	for _, d := range v.Differences {
		l.rows = append(l.rows, []string{d.Table, d.Key, orText(d.Live, "not there"), orText(d.Rebuilt, "not there")})
	}
	if err := p.show(l); err != nil {
		return err
	}
	if more := v.Count - uint64(len(v.Differences)); more > 0 {
		p.say("and " + strconv.FormatUint(more, 10) + " more")
	}
	return nil
}
