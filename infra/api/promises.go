package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/promises"
	"github.com/jigowatt/daybook/projections/statistics"
)

func (a *API) promiseRoutes() {
	tags := []string{"promises"}
	const description = "check=statistics first checks that the statistics lead to nobody, on which one promise rests: it reads the whole log."
	evidence := onDay("The evidence is what had happened by then.")
	check := &huma.Param{Name: "check", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"statistics"}}}
	get(a, huma.Operation{
		Path: "/promises", OperationID: "promises", Tags: tags, Description: description,
		Summary: "Every promise of the privacy notice, with the evidence for and against it", Parameters: []*huma.Param{check, secret(), asOf(), evidence, awaits()},
	}, (*call).promises)
	get(a, huma.Operation{
		Path: "/controllers/{controller}/promises", OperationID: "controllerPromises", Tags: tags, Description: description,
		Summary:    "Every promise of the privacy notice, with the evidence under one controller",
		Parameters: []*huma.Param{check, secret(), asOf(), evidence, awaits()},
	}, (*call).promises)
	get(a, huma.Operation{
		Path: "/statistics", OperationID: "statistics", Tags: tags, Summary: "How much was done on each day, without anybody whose data it was",
		Parameters: append(scoped("controller", "instruction"), query("kind", "string", "Of this kind of identifier only, such as ip."),
			query("from", "string", "The first day; 30 days before the last."), query("to", "string", "The last day; today."),
			query("few", "integer", "Below how many entries a number is not shown, at least 5; 10."), asOf(),
			onDay("Each action is counted on its own day."), awaits()),
	}, (*call).statistics)
	a.route(huma.Operation{
		Method: http.MethodPost, Path: "/statistics/check", OperationID: "checkStatistics", Tags: tags,
		Summary:     "Check that the statistics lead to nobody",
		Description: "Reads the whole log for its subject keys, and every byte of the statistics for them.", Parameters: []*huma.Param{awaits()},
		Responses: responses[wire.StatisticsProof](a),
	}, (*call).checkStatistics)
}

func (c *call) promises() (wire.Promises, domain.Position, error) {
	var q promises.Query
	var err error
	if c.r.PathValue("controller") != "" {
		if q.Controller, err = name[domain.ControllerID](c, "controller"); err != nil {
			return wire.Promises{}, 0, err
		}
		if _, known := c.known().Controllers[q.Controller]; !known {
			return wire.Promises{}, 0, problem.New(wire.NotFound, "there is no such controller", "GET "+Prefix+"/register lists the controllers.")
		}
	}
	q.Sight.Now, q.Sight.Orders = c.now(), c.secretOrders()
	if q.Secret, err = c.sees(); err != nil {
		return wire.Promises{}, 0, err
	}
	switch c.query("check") {
	case "":
	case "statistics":
		proof, err := c.proof()
		if err != nil {
			return wire.Promises{}, 0, err
		}
		holds := proof.Holds()
		q.Unlinked = &holds
	default:
		return wire.Promises{}, 0, problem.New(wire.InvalidField, "nothing of that name can be checked", "Write check=statistics, or leave it out.")
	}
	view, err := c.view(promises.Name)
	if err != nil {
		return wire.Promises{}, 0, err
	}
	page, err := promises.New(view).All(c.ctx(), q)
	if err != nil {
		return wire.Promises{}, 0, errors.Wrap(err, "promises over HTTP")
	}
	out := wire.Promises{Controller: string(q.Controller), Promises: make([]wire.Promise, len(page.Promises)), Position: uint64(page.Position)}
	for i, p := range page.Promises {
		out.Promises[i] = wire.Promise{
			Number: p.Number, Text: p.Text, Article: p.Article, Rests: p.Rests, Verdict: string(p.Verdict), For: c.promiseEvidence(p.For),
			Against: c.promiseEvidence(p.Against), Beside: p.Beside, BesideWords: p.BesideWords, Open: p.Open,
		}
	}
	return out, page.Position, nil
}

func (c *call) promiseEvidence(e promises.Evidence) wire.PromiseEvidence {
	w := wire.PromiseEvidence{Count: e.Count, Last: since(e.Last), Examples: []uint64{}}
	for _, at := range e.Examples {
		w.Examples = append(w.Examples, c.placed(at))
	}
	return w
}

// proof checks the statistics against all keys of the log.
func (c *call) proof() (statistics.Proof, error) {
	view, err := c.view(statistics.Name)
	if err != nil {
		return statistics.Proof{}, err
	}
	proof, err := statistics.New(view).Check(c.ctx(), statistics.Keys(c.ctx(), c.api.cfg.Log))
	return proof, errors.Wrap(err, "check of the statistics")
}

func (c *call) checkStatistics() error {
	if err := c.bodiless(); err != nil {
		return err
	}
	proof, err := c.proof()
	if err != nil {
		return err
	}
	return c.answer(wire.StatisticsProof{
		Holds: proof.Holds(), Columns: proof.Columns, Keys: proof.Keys, Bytes: proof.Bytes, Faults: append([]string{}, proof.Faults...),
		Position: uint64(proof.Position),
	}, proof.Position)
}

func (c *call) statistics() (wire.Statistics, domain.Position, error) {
	q, err := c.statisticsQuery()
	if err != nil {
		return wire.Statistics{}, 0, err
	}
	view, err := c.view(statistics.Name)
	if err != nil {
		return wire.Statistics{}, 0, err
	}
	page, err := statistics.New(view).Days(c.ctx(), q)
	if err != nil {
		return wire.Statistics{}, 0, errors.Wrap(err, "statistics over HTTP")
	}
	out := wire.Statistics{Statistics: make([]wire.Statistic, len(page.Cells)), Entries: page.Events, Hidden: page.Hidden, Position: uint64(page.Position)}
	for i, cell := range page.Cells {
		out.Statistics[i] = wire.Statistic{
			Controller: string(cell.Controller), Day: cell.Day.Format(time.DateOnly), Instruction: string(cell.Instruction), Kind: cell.Kind,
			Operation: string(cell.Operation), Entries: cell.Events, Few: cell.Few,
		}
	}
	return out, page.Position, nil
}

func (c *call) statisticsQuery() (q statistics.Query, err error) {
	if q.Controller, err = parameter[domain.ControllerID](c, "controller"); err != nil {
		return q, err
	}
	if q.Instruction, err = parameter[domain.InstructionID](c, "instruction"); err != nil {
		return q, err
	}
	if q.From, err = c.day("from"); err != nil {
		return q, err
	}
	if q.Until, err = c.day("to"); err != nil {
		return q, err
	}
	if q.Until.IsZero() {
		q.Until = c.clock().UTC()
	}
	if q.From.IsZero() {
		q.From = q.Until.AddDate(0, 0, -30)
	}
	if text := c.query("few"); text != "" {
		if q.Few, err = strconv.Atoi(text); err != nil || q.Few < statistics.MinFew {
			return q, problem.New(wire.InvalidField, "few is too small to hide anybody", "Hide numbers below 5 or more.")
		}
	}
	q.Kind = c.query("kind")
	return q, nil
}
