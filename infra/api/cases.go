package api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/casework"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/requests"
)

func (a *API) caseRoutes() {
	const (
		path          = "/controllers/{controller}/cases"
		stepsHaveDays = "A step counts on the day that it names; both clocks stand as they did that day."
	)
	operation := func(path, id, summary, description string, params ...*huma.Param) huma.Operation {
		return huma.Operation{Path: path, OperationID: id, Tags: []string{"cases"}, Summary: summary, Description: description,
			Parameters: append(params, awaits())}
	}
	post(a, operation(path, "openCase", "Open a case: one exercise of a right, or one complaint",
		"Regime and calendar are the controller's. An objection stops processing at once, as Article 21(1) has it; the decision resolves it."), (*call).openCase)
	post(a, operation(path+"/{case}/steps", "takeStep", "Record one step of a case",
		"The same step again records nothing. A decision that accepts a restriction places it."), (*call).takeStep)
	get(a, operation(path+"/{case}", "showCase", "A case: its stage, both clocks with their working, places, steps, and what can be done next",
		"notes=show opens the sealed notes.", &huma.Param{Name: "notes", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"show"}}}, asOf(), onDay(stepsHaveDays)), (*call).showCase)
	get(a, operation("/cases", "listCases", "Cases, the one with the soonest limit first", "",
		query("controller", "string", "of one controller"), query("kind", "string", "of one kind"), query("owner", "string", "of one owner"),
		query("due", "integer", "of which a clock runs out within so many days"), query("late", "boolean", "of which a clock has run out"),
		query("all", "boolean", "those that are over, too"),
		query("restricted", "boolean", "closed ones whose restriction goes on, because the person was not told that it ends (Art. 18(3))"), query("after", "string", "next of the page before"), query("limit", "integer", "1 to 500"), asOf(), onDay(stepsHaveDays)),
		(*call).listCases)
	post(a, operation("/controllers/{controller}/people/cases", "personCases", "The cases of one person, those that are over, too",
		"The identifier travels in the body, so that no URL names a person.", asOf(), onDay(stepsHaveDays)), (*call).personCases)
	post(a, operation(path+"/{case}/find", "findForCase", "Look for the person's data and record where they are", ""), (*call).findForCase)
	post(a, operation(path+"/{case}/orders", "orderForCase", "Order what was decided, at every place where a service carries orders out",
		"Places that a hold keeps are named and left alone."), (*call).orderForCase)
	post(a, operation(path+"/{case}/settle", "settleCase", "Close the places whose orders were answered, by the recorded actions", ""), (*call).settleCase)
}

// zoned gives the day that it is in the calendar, or the one as it was on which the call asks.
func (c *call) zoned(cal calendar.Calendar) calendar.Date {
	if c.on != nil && !c.on.day.IsZero() {
		return c.on.day
	}
	return calendar.DateOf(c.clock().In(casework.Zone(cal)))
}

// date reads an optional day of a body. Its refusal names the member.
func date(member, text string, absent calendar.Date) (calendar.Date, error) {
	if text == "" {
		return absent, nil
	}
	d, err := calendar.ParseDate(text)
	return d, errors.Wrapf(err, "%s", errors.Safe(member))
}

// caseKey reads which case the address names.
func (c *call) caseKey() (request.Key, error) {
	controller, err := name[domain.ControllerID](c, "controller")
	if err != nil {
		return request.Key{}, err
	}
	id, err := domain.ParseID(c.r.PathValue("case"))
	return request.Key{Controller: controller, Case: request.ID(id)}, errors.Wrap(err, "case in the address")
}

func (c *call) openCase(in wire.OpenCase) (wire.CaseTaken, domain.Position, error) {
	controller, err := name[domain.ControllerID](c, "controller")
	if err != nil {
		return wire.CaseTaken{}, 0, err
	}
	r, err := c.received(controller, in)
	if err != nil {
		return wire.CaseTaken{}, 0, err
	}
	people, err := each("people", texts(in.People), domain.ParseIdentifier)
	if err != nil {
		return wire.CaseTaken{}, 0, err
	}
	stepped := commands.Stepped{Note: domain.NewPersonal(string(in.Note)), Today: c.zoned(r.Calendar)}
	settled, err := c.api.cfg.Ledger.Open(c.ctx(), r, people, stepped)
	if err != nil {
		return wire.CaseTaken{}, 0, err
	}
	return c.taken(request.KeyOf(r), settled)
}

// received reads the opening of a case.
func (c *call) received(controller domain.ControllerID, in wire.OpenCase) (request.Received, error) {
	if in.Case == "" {
		in.Case = uuid.Must(uuid.NewV7()).String()
	}
	declared, known := c.api.cfg.Ledger.State().Register.Controllers[controller]
	if !known {
		return request.Received{}, problem.New(wire.NotFound, "there is no such controller", "Declare the controller in the register first.")
	}
	r := request.Received{
		Of: request.Of{Controller: controller, Case: request.ID(in.Case), By: domain.ContactID(in.By)}, Kind: request.Kind(in.Kind),
		Owner: domain.ContactID(in.Owner), Channel: request.Channel(in.Channel), Regime: declared.Regime,
		Grounds: codes[request.Ground](in.Grounds), Reference: in.Reference, Follows: request.ID(in.Follows),
	}
	var err error
	if r.Calendar, err = calendarOf(declared, in.Calendar); err != nil {
		return r, err
	}
	if r.On, err = date("on", in.On, c.zoned(r.Calendar)); err != nil {
		return r, err
	}
	if r.Reached, err = date("reached", in.Reached, calendar.Date{}); err != nil {
		return r, err
	}
	if p := in.Promise; p != nil {
		r.Promise = calendar.Promise{Days: p.Days, Working: p.Working, By: calendar.Calendar(p.By)}
	}
	return r, nil
}

// calendarOf gives the calendar by which a case's days are counted.
func calendarOf(of register.ControllerDeclared, named string) (calendar.Calendar, error) {
	if named == "" {
		return calendar.For(of.Regime, of.Country, of.Nation)
	}
	cal, err := calendar.Parse(named)
	if err == nil && (of.Regime == domain.UK) != strings.HasPrefix(named, string(calendar.UnitedKingdom)) {
		return "", problem.Fields([]wire.FieldError{{Pointer: "/calendar", Detail: "the calendar is not one of the controller's regime"}},
			"In the UK name GB-EAW, GB-SCT, GB-NIR or GB; in the EU the member state whose days count.")
	}
	return cal, errors.Wrap(err, "calendar")
}

// codes takes codes as they are; the case itself checks them.
func codes[T ~string](in []string) []T {
	var out []T
	for _, text := range in {
		out = append(out, T(text))
	}
	return out
}

// taken says where a case stands after a step.
func (c *call) taken(key request.Key, settled commands.Settled) (wire.CaseTaken, domain.Position, error) {
	state, err := c.api.cfg.Ledger.Case(key)
	stage := state.Stage()
	return wire.CaseTaken{
		Case: string(key.Case), Position: uint64(settled.Position), Events: settled.Events, Stage: string(stage), Next: stage.Words(),
		Notes: report.Notes(settled.Note),
	}, c.api.cfg.Ledger.State().End, err
}

func (c *call) requests() (*requests.Requests, error) {
	view, err := c.view(requests.Name)
	if err != nil {
		return nil, err
	}
	return requests.New(view), nil
}

func (c *call) listCases() (wire.CaseList, domain.Position, error) {
	q, err := c.caseQuery()
	if err != nil {
		return wire.CaseList{}, 0, err
	}
	view, err := c.requests()
	if err != nil {
		return wire.CaseList{}, 0, err
	}
	list, err := view.List(c.ctx(), q)
	if err != nil {
		return wire.CaseList{}, 0, err
	}
	out := wire.CaseList{Cases: make([]wire.CaseSummary, 0, len(list.Cases)), Position: uint64(list.Position)}
	for _, one := range list.Cases {
		if list.More {
			out.Next = string(one.Key.Controller) + "/" + string(one.Key.Case)
		}
		if q.Untold {
			if stands, err := c.restricted(one); err != nil || !stands {
				if err != nil {
					return wire.CaseList{}, 0, err
				}
				continue // it was lifted apart from the case
			}
		}
		summary, err := c.summary(one)
		if err != nil {
			return wire.CaseList{}, 0, err
		}
		out.Cases = append(out.Cases, summary)
	}
	return out, list.Position, nil
}

// restricted says that the restriction of a case stands still.
func (c *call) restricted(one requests.Case) (bool, error) {
	s, err := c.stands(person{one.Key.Controller, one.State.Received.Subjects})
	return slices.ContainsFunc(s.Restrictions, func(r dossier.Restriction) bool {
		return r.Restriction == string(one.Key.Case) && r.Lifted.IsZero()
	}), err
}

// caseQuery reads what list is asked for.
func (c *call) caseQuery() (q requests.Query, err error) {
	if q.Controller, err = named[domain.ControllerID]("controller", c.query("controller")); err != nil {
		return q, err
	}
	if kind := c.query("kind"); kind != "" {
		if q.Kind, err = request.ParseKind(kind); err != nil {
			return q, err
		}
	}
	if q.Owner, err = named[domain.ContactID]("owner", c.query("owner")); err != nil {
		return q, err
	}
	if q.Late, err = c.flag("late"); err != nil {
		return q, err
	}
	if q.Ended, err = c.flag("all"); err != nil {
		return q, err
	}
	if q.Untold, err = c.flag("restricted"); err != nil {
		return q, err
	}
	if q.Untold && c.on != nil {
		return q, problem.New(wire.InvalidField, "which restrictions go on is not told of a date", "Leave out on; at says what was known then.")
	}
	if q.Untold {
		q.Kind, q.Stage, q.Ended = request.Restriction, request.IsClosed, true
	}
	if q.Limit, err = c.limit(100, requests.MaxLimit); err != nil {
		return q, err
	}
	q.Today = c.zoned
	if text := c.query("due"); text != "" {
		days, err := strconv.Atoi(text)
		if err != nil || days < 0 || days > 3660 {
			return q, problem.New(wire.InvalidField, "the days are not a number that can be", "Give due as a number of days from 0 to 3660.")
		}
		q.DueBy = calendar.DateOf(c.clock().UTC()).AddDays(days)
	}
	if text := c.query("after"); text != "" {
		controller, id, _ := strings.Cut(text, "/")
		q.After = request.Key{Controller: domain.ControllerID(controller), Case: request.ID(id)}
	}
	return q, nil
}

// flag reads a parameter that is true or false, absent false.
func (c *call) flag(parameter string) (bool, error) {
	text := c.query(parameter)
	if text == "" {
		return false, nil
	}
	is, err := strconv.ParseBool(text)
	if err != nil {
		return false, problem.New(wire.InvalidField, "a parameter is neither true nor false", "Write "+parameter+"=true or leave it out.")
	}
	return is, nil
}
