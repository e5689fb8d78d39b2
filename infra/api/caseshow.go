package api

import (
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/requests"
)

func (c *call) showCase() (wire.Case, domain.Position, error) {
	key, err := c.caseKey()
	if err != nil {
		return wire.Case{}, 0, err
	}
	view, err := c.requests()
	if err != nil {
		return wire.Case{}, 0, err
	}
	one, list, at, err := view.One(c.ctx(), key)
	if err != nil {
		return wire.Case{}, 0, err
	}
	if err := c.lookedAtCase(one.State.Received, oversight.Case, c.query("notes") == "show"); err != nil {
		return wire.Case{}, 0, err
	}
	out, err := c.whole(one)
	if err != nil {
		return wire.Case{}, 0, err
	}
	out.Position = uint64(at)
	for _, step := range list {
		entry, forgotten, err := c.caseEntry(one.State.Received.Subjects[0], step)
		if err != nil {
			return wire.Case{}, 0, err
		}
		out.Steps = append(out.Steps, entry)
		out.Forgotten = out.Forgotten || forgotten
	}
	return out, at, nil
}

// summary writes a case as lists show it.
func (c *call) summary(one requests.Case) (wire.CaseSummary, error) {
	s := one.State
	stage, today := s.Stage(), c.zoned(s.Received.Calendar)
	out := wire.CaseSummary{
		Case: string(one.Key.Case), Controller: string(one.Key.Controller),
		ControllerName: c.known().Controllers[one.Key.Controller].Name,
		Kind:           string(s.Received.Kind), Title: upper(s.Received.Kind.Words()) + ", " + s.Received.Kind.Article(s.Received.Regime),
		Stage: string(stage), Next: stage.Words(), Open: !s.Over(), Owner: string(s.Owner), Received: s.Received.On.String(),
		Places: len(s.Places), Unsettled: len(s.Unsettled()), Legal: clock(one.Legal, today), Promise: clock(one.Promised, today),
	}
	out.Legal.Working, out.Promise.Working = nil, nil
	if s.Decided != nil {
		out.Outcome = string(s.Decided.Outcome)
	}
	for _, q := range []request.Question{request.Identity, request.Fee, request.Clarification} {
		if s.Open(q) {
			out.Waiting = append(out.Waiting, string(q))
		}
	}
	for _, subject := range s.Received.Subjects {
		ids, err := c.api.cfg.Vault.Identifiers(c.ctx(), subject)
		if errors.Is(err, domain.ErrForgotten) {
			continue
		}
		if err != nil {
			return out, errors.Wrap(err, "identifiers of a case's people")
		}
		for _, id := range ids {
			if masked := wire.Text(id.Masked().Reveal()); !slices.Contains(out.Identifiers, masked) {
				out.Identifiers = append(out.Identifiers, masked)
			}
		}
	}
	return out, nil
}

// clock writes a time limit as it stands on a day.
func clock(w calendar.Working, today calendar.Date) wire.CaseClock {
	out := wire.CaseClock{Due: w.Due.String(), Standing: string(w.Now), Late: w.Overdue(today), Words: clockWords(w, today)}
	if left, running := w.Left(today); running {
		out.Left = &left
	}
	for _, step := range w.Steps {
		out.Working = append(out.Working, wire.CaseClockStep{Text: step.Text, Provision: step.Provision, Date: step.Date.String()})
	}
	return out
}

// whole writes all of a case but its steps.
func (c *call) whole(one requests.Case) (wire.Case, error) {
	s, r := one.State, one.State.Received
	summary, err := c.summary(one)
	if err != nil {
		return wire.Case{}, err
	}
	today := c.zoned(r.Calendar)
	summary.Legal, summary.Promise = clock(one.Legal, today), clock(one.Promised, today)
	out := wire.Case{
		CaseSummary: summary, Channel: string(r.Channel), Regime: string(r.Regime), Calendar: string(r.Calendar), Reached: r.Reached.String(),
		Reference: r.Reference, Follows: string(r.Follows), Grounds: grounds(r.Grounds), PlaceList: []wire.CasePlaceState{}, Steps: []wire.CaseEntry{},
		NextSteps: next(s, today),
	}
	if r.Kind != request.Complaint {
		first := clock(s.FirstMonth(), today)
		out.FirstMonth = &first
	}
	if d := s.Decided; d != nil {
		out.Decision = &wire.CaseDecision{On: d.On.String(), Outcome: string(d.Outcome), Grounds: grounds(d.Grounds), Warrant: warrant(d.Warrant)}
		for _, refusal := range d.Refusals {
			out.Decision.Refusals = append(out.Decision.Refusals, refused(refusal))
		}
	}
	if s.Reviewed != nil {
		for _, w := range s.Reviewed.Withheld {
			out.Withheld = append(out.Withheld, wire.CaseWithheld{CaseCited: refused(w.Cited), Items: w.Items})
		}
	}
	for _, p := range s.Places {
		out.PlaceList = append(out.PlaceList, placeState(s.Received.Kind, p))
	}
	return out, nil
}

func grounds(list []request.Ground) []wire.CaseCited {
	var out []wire.CaseCited
	for _, g := range list {
		out = append(out, wire.CaseCited{Ground: string(g), Article: g.Article(), Words: g.Words()})
	}
	return out
}

func refused(r request.Cited) wire.CaseCited {
	return wire.CaseCited{Ground: string(r.Ground), Provision: r.Provision, Article: r.Ground.Article(), Words: r.Ground.Words()}
}

func shownPlace(p request.Place) wire.CasePlace {
	return wire.CasePlace{Kind: string(p.Kind), Name: p.Name, Service: string(p.Service)}
}

func placeState(k request.Kind, p request.PlaceState) wire.CasePlaceState {
	out := wire.CasePlaceState{CasePlace: shownPlace(p.Place), Settled: p.Settled != nil}
	for _, o := range p.Orders {
		out.Orders = append(out.Orders, o.Order)
	}
	switch {
	case p.Settled != nil:
		out.Sentence = upper(sentence.Place(p.Place)) + ": " + sentence.Settled(*p.Settled) + "."
	case len(p.Orders) > 0:
		out.Sentence = upper(sentence.Place(p.Place)) + ": open, " + counted(len(p.Orders), "order") + " sent."
	case !k.CarriedOut():
		out.Sentence = upper(sentence.Place(p.Place)) + "."
	default:
		out.Sentence = upper(sentence.Place(p.Place)) + ": open."
	}
	return out
}

// caseEntry writes one step, with its note where that was asked for.
func (c *call) caseEntry(subject domain.SubjectKey, step requests.Step) (entry wire.CaseEntry, forgotten bool, err error) {
	is, ok := step.Fact.(request.Step)
	if !ok {
		return entry, false, errors.AssertionFailedf("event %s of a case is no step", step.Position)
	}
	of := request.Details(is)
	entry = wire.CaseEntry{
		Position: c.placed(step.Position), ID: step.ID, Type: step.Fact.EventType(), On: of.On.String(), Recorded: c.recordedAt(step.Position, step.Recorded), By: string(of.By),
		Sentence: sentence.Step(step.Fact), Sealed: !of.Note.IsZero(),
	}
	if of.Note.IsZero() || c.query("notes") != "show" {
		return entry, false, nil
	}
	plain, err := c.api.cfg.Vault.Open(c.ctx(), subject, domain.SealedFor(step.Source, step.ID), of.Note)
	if errors.Is(err, domain.ErrForgotten) {
		return entry, true, nil
	}
	entry.Note = wire.Text(plain.Reveal())
	return entry, false, errors.Wrapf(err, "open the note of entry %s", step.Position)
}
