package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/replay"
)

// Replayer builds views anew, apart from the live ones, and compares them; see replay.Run.
type Replayer func(ctx context.Context, views []string, at *domain.Position, progress func(projections.Progress)) ([]replay.Verdict, error)

func (a *API) replayRoutes() {
	a.route(huma.Operation{
		Method: http.MethodPost, Path: "/replay", OperationID: "replay", Tags: []string{"operate"},
		Summary: "Build views anew from the log, apart from the live ones, and compare every row",
		Description: "One line of progress after another, then one verdict a view; the last line has done, or a problem. Nothing is changed. " +
			"As of an earlier position there is no live view: it is built and its rows are counted.",
		Parameters: []*huma.Param{
			query("views", "string", "Names of views, with commas; all of them."), asOf(),
		},
		Responses: map[string]*huma.Response{"200": {
			Description: "Progress and verdicts", Content: map[string]*huma.MediaType{wire.ContentLines: {Schema: schemaOf[wire.ReplayLine](a)}},
		}},
	}, (*call).replay)
}

func (c *call) replay() error {
	if err := c.bodiless(); err != nil {
		return err
	}
	if c.api.cfg.Replay == nil {
		return problem.New(wire.NotFound, "this ledger cannot replay", "Replay the stopped ledger with daybook replay --data.")
	}
	if !c.api.replays.TryAcquire(1) {
		return errors.WithHint(errors.Wrap(domain.ErrBusy, "another replay is going on"), "Wait until it is done; it reads the whole log.")
	}
	defer c.api.replays.Release(1)
	var views []string
	if text := c.query("views"); text != "" {
		views = strings.Split(text, ",")
	}
	var out *lines
	var left error
	tell := func(line wire.ReplayLine) {
		if out == nil {
			begun := c.lines()
			out = &begun
		}
		if left == nil {
			left = out.value(line)
		}
	}
	verdicts, err := c.api.cfg.Replay(c.ctx(), views, c.at(), func(p projections.Progress) {
		tell(wire.ReplayLine{Position: uint64(p.Position), End: uint64(p.Of)})
	})
	if err != nil && out == nil {
		return err
	}
	for i := range verdicts {
		v := Replayed(&verdicts[i])
		tell(wire.ReplayLine{Verdict: &v})
	}
	last := wire.ReplayLine{Done: err == nil}
	if err != nil {
		p := c.api.problems.Problem(c.ctx(), err)
		last.Problem = &p
	}
	tell(last)
	out.end()
	return left
}

// Replayed writes a verdict in the contract's words.
func Replayed(v *replay.Verdict) wire.ReplayVerdict {
	w := wire.ReplayVerdict{
		View: v.View, Position: uint64(v.At), Verdict: wire.ReplayBuilt, Tables: v.Tables, Rows: v.Rows, LiveRows: v.LiveRows, Count: v.Count,
		Reason: v.Reason,
	}
	switch {
	case v.Equal():
		w.Verdict = wire.ReplayEqual
	case v.Compared:
		w.Verdict = wire.ReplayDifferent
	}
	for _, d := range v.Differences {
		w.Differences = append(w.Differences, wire.ReplayDifference{Table: d.Table, Key: d.Key, Live: d.Live, Rebuilt: d.Made})
	}
	return w
}
