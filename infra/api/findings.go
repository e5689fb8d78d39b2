package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/findings"
)

func (a *API) findingRoutes() {
	tags := []string{"findings"}
	get(a, huma.Operation{
		Path: "/findings", OperationID: "findings", Tags: tags, Summary: "Recorded actions with findings, newest first",
		Parameters: append(scoped("controller", "service"), query("code", "string", "Only these findings; several with commas."),
			query("from", "string", "Recorded on this day or later."), query("to", "string", "Recorded on this day or earlier."),
			query("after", "integer", "The cursor of the page before."), query("limit", "integer", "1 to 1,000; 100."), asOf(),
			onDay("A finding is of the day of its action, whenever it was recorded, and so are from and to."), secret(), awaits()),
	}, (*call).listFindings)
	get(a, huma.Operation{
		Path: "/findings/counts", OperationID: "findingCounts", Tags: tags, Summary: "How often what was found, by controller",
		Parameters: append(scoped("controller"), query("from", "string", "The first day."), query("to", "string", "The last day."),
			query("by", "string", "day counts each day by itself, at most 366; from is needed then."), asOf(),
			onDay("A finding is counted on the day of its action."), secret(), awaits()),
	}, (*call).countFindings)
	get(a, huma.Operation{
		Path: "/findings/retroactive", OperationID: "retroactiveFindings", Tags: tags,
		Summary: "Actions that relied on a basis which had been withdrawn or objected to before the ledger knew",
		Parameters: append(scoped("controller"), query("after", "integer", "The cursor of the page before."),
			query("limit", "integer", "1 to 1,000; 100."), asOf(), awaits()),
		Metadata: map[string]any{noDates: "These are about what became known late, and on a date nothing did: ask as known at a time, with at."},
	}, (*call).retroactive)
}

func (c *call) findings() (*findings.Findings, error) {
	view, err := c.view(findings.Name)
	if err != nil {
		return nil, err
	}
	return findings.New(view), nil
}

func (c *call) listFindings() (wire.Findings, domain.Position, error) {
	q, err := c.findingsQuery()
	if err != nil {
		return wire.Findings{}, 0, err
	}
	view, err := c.findings()
	if err != nil {
		return wire.Findings{}, 0, err
	}
	page, err := view.List(c.ctx(), q)
	if err != nil {
		return wire.Findings{}, 0, errors.Wrap(err, "findings over HTTP")
	}
	at := c.stood(page.Position)
	out := wire.Findings{Entries: make([]wire.Found, len(page.Entries)), Position: uint64(at)}
	for i := range page.Entries {
		out.Entries[i] = c.found(&page.Entries[i])
	}
	if page.More && len(page.Entries) > 0 {
		next := uint64(page.Entries[len(page.Entries)-1].Position) // as the view counts
		out.Next = &next
	}
	return out, at, nil
}

func (c *call) findingsQuery() (q findings.Query, err error) {
	if q.Controller, err = parameter[domain.ControllerID](c, "controller"); err != nil {
		return q, err
	}
	if q.Service, err = parameter[domain.ServiceID](c, "service"); err != nil {
		return q, err
	}
	if q.Codes, err = c.codes(); err != nil {
		return q, err
	}
	if q.From, err = c.day("from"); err != nil {
		return q, err
	}
	if q.Until, err = c.day("to"); err != nil {
		return q, err
	}
	if !q.Until.IsZero() {
		q.Until = q.Until.AddDate(0, 0, 1) // The day is included.
	}
	if q.Before, err = c.position("after"); err != nil {
		return q, err
	}
	q.At = c.upTo()
	q.Sight.Now, q.Sight.Orders = c.now(), c.secretOrders()
	if q.Secret, err = c.sees(); err != nil {
		return q, err
	}
	q.Limit, err = c.limit(100, findings.MaxLimit)
	return q, err
}

// codes reads the findings that are asked for.
func (c *call) codes() ([]domain.Finding, error) {
	text := c.query("code")
	if text == "" {
		return nil, nil
	}
	var list []domain.Finding
	for code := range strings.SplitSeq(text, ",") {
		f, err := domain.ParseFinding(code)
		if err != nil {
			return nil, errors.WithHint(errors.Wrap(err, "parameter code"), "Write codes as findings bear them, such as no-instruction or basis-mismatch.")
		}
		list = append(list, f)
	}
	return list, nil
}

func (c *call) found(e *findings.Entry) wire.Found {
	w := wire.Found{
		Position: c.placed(e.Position), Time: e.Time, Recorded: c.recordedAt(e.Position, e.Recorded), Controller: string(e.Controller), Service: string(e.Service),
		Operation: string(e.Operation), Instruction: string(e.Instruction), Version: e.Version, Basis: string(e.Basis),
		Stated: string(e.Stated), Categories: texts(e.Categories), System: e.System, From: e.From, Location: string(e.Location),
		Recipient: string(e.Recipient), Order: e.Order, Findings: []wire.Finding{},
		Sentence: sentence.Of(sentence.Entry{Position: e.Position, Time: e.Time, Fact: dossier.ActionRecorded{
			Controller: e.Controller, Service: e.Service, Operation: e.Operation, Instruction: e.Instruction, Version: e.Version,
			Basis: e.Basis, Categories: e.Categories, System: e.System, From: e.From, Location: e.Location, Recipient: e.Recipient,
			Order: e.Order, Findings: e.Findings,
		}}, c.names(e.Controller)),
	}
	for _, f := range e.Findings.List() {
		w.Findings = append(w.Findings, wire.Finding{Code: f.Code(), Article: f.Article(), Message: f.Message()})
	}
	return w
}

func (c *call) countQuery() (q findings.CountQuery, err error) {
	if q.Controller, err = parameter[domain.ControllerID](c, "controller"); err != nil {
		return q, err
	}
	if q.From, err = c.day("from"); err != nil {
		return q, err
	}
	if q.Until, err = c.day("to"); err != nil {
		return q, err
	}
	q.At = c.upTo()
	q.Sight.Now, q.Sight.Orders = c.now(), c.secretOrders()
	q.Secret, err = c.sees()
	return q, err
}

func (c *call) countFindings() (wire.FindingCounts, domain.Position, error) {
	q, err := c.countQuery()
	if err != nil {
		return wire.FindingCounts{}, 0, err
	}
	view, err := c.findings()
	if err != nil {
		return wire.FindingCounts{}, 0, err
	}
	count := view.Totals
	switch c.query("by") {
	case "":
	case "day":
		count = view.Days
		if q.Until.IsZero() {
			q.Until = c.clock()
		}
	default:
		return wire.FindingCounts{}, 0, problem.New(wire.InvalidField, "findings are not counted by that", "Write by=day, or leave it out.")
	}
	list, end, err := count(c.ctx(), q)
	if err != nil {
		return wire.FindingCounts{}, 0, errors.Wrap(err, "counts of findings over HTTP")
	}
	end = c.stood(end)
	out := wire.FindingCounts{Counts: make([]wire.FindingTally, len(list)), Position: uint64(end)}
	for i, t := range list {
		w := wire.FindingTally{Controller: string(t.Controller), Entries: t.Events, Findings: []wire.FindingCount{}}
		if !t.Day.IsZero() {
			w.Day = t.Day.Format(time.DateOnly)
		}
		for _, n := range t.Findings {
			w.Findings = append(w.Findings, wire.FindingCount{Code: n.Finding.Code(), Article: n.Finding.Article(), Message: n.Finding.Message(), Entries: n.Events})
		}
		out.Counts[i] = w
	}
	return out, end, nil
}

func (c *call) retroactive() (wire.RetroactiveList, domain.Position, error) {
	var q findings.LateQuery
	var err error
	if q.Controller, err = parameter[domain.ControllerID](c, "controller"); err != nil {
		return wire.RetroactiveList{}, 0, err
	}
	if q.Before, err = c.position("after"); err != nil {
		return wire.RetroactiveList{}, 0, err
	}
	q.At = c.at()
	if q.Limit, err = c.limit(100, findings.MaxLimit); err != nil {
		return wire.RetroactiveList{}, 0, err
	}
	view, err := c.findings()
	if err != nil {
		return wire.RetroactiveList{}, 0, err
	}
	page, err := view.Late(c.ctx(), q)
	if err != nil {
		return wire.RetroactiveList{}, 0, errors.Wrap(err, "retroactive findings over HTTP")
	}
	at := c.stood(page.Position)
	out := wire.RetroactiveList{Matters: make([]wire.Retroactive, len(page.Matters)), Position: uint64(at)}
	for i := range page.Matters {
		if out.Matters[i], err = c.late(&page.Matters[i]); err != nil {
			return wire.RetroactiveList{}, 0, err
		}
	}
	if page.Next != nil {
		next := uint64(*page.Next)
		out.Next = &next
	}
	return out, at, nil
}

// late writes one withdrawal or objection in the contract's words.
func (c *call) late(l *findings.Late) (wire.Retroactive, error) {
	w := wire.Retroactive{
		Position: uint64(l.Position), Controller: string(l.Controller), Kind: wire.LateWithdrawal, Instruction: string(l.Instruction),
		Objection: l.Objection, Marketing: l.Marketing, Effect: l.Effect, Known: l.Known, Count: l.Count,
		Actions: make([]wire.LateRelied, len(l.Actions)),
	}
	if l.Objection != "" {
		w.Kind = wire.LateObjection
	}
	for i, m := range l.Actions {
		w.Actions[i] = wire.LateRelied{
			Position: uint64(m.Position), Time: m.Time, Instruction: string(m.Instruction), Version: m.Version, Basis: string(m.Basis),
		}
	}
	w.Sentence = lateSentence(l)
	var err error
	w.Person, w.Forgotten, err = c.masked(l.Subject)
	return w, err
}

func lateSentence(l *findings.Late) string {
	what := "A consent to instruction " + string(l.Instruction) + " was withdrawn"
	switch {
	case l.Objection == "":
	case l.Marketing:
		what = "An objection to direct marketing was raised"
	case l.Instruction != "":
		what = "An objection to instruction " + string(l.Instruction) + " was raised"
	default:
		what = "An objection to what rests on legitimate interests or a public task was raised"
	}
	relied := "1 action that was recorded before relied"
	if l.Count != 1 {
		relied = strconv.Itoa(l.Count) + " actions that were recorded before relied"
	}
	return what + " on " + sentence.Moment(l.Effect) + " and became known on " + sentence.Moment(l.Known) + "; " + relied +
		" on what it had ended."
}
