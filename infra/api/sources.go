package api

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/sources"
)

// maxSilences bounds how many times its time to report a service may be silent.
const maxSilences = 1000

// listSources gives what is known of services as sources of entries: of those that the register names, and of those that reported.
func (c *call) listSources() (wire.Sources, domain.Position, error) {
	controller, err := parameter[domain.ControllerID](c, "controller")
	if err != nil {
		return wire.Sources{}, 0, err
	}
	times := 2
	if text := c.query("times"); text != "" {
		if times, err = strconv.Atoi(text); err != nil || times < 1 || times > maxSilences {
			return wire.Sources{}, 0, problem.New(wire.InvalidField, "times is no number that can be", "Give a number from 1 to 1,000.")
		}
	}
	view, err := c.sources()
	if err != nil {
		return wire.Sources{}, 0, err
	}
	list, at, err := view.All(c.ctx(), controller)
	if err != nil {
		return wire.Sources{}, 0, errors.Wrap(err, "sources over HTTP")
	}
	services := c.known().Services
	seen := map[register.ServiceKey]bool{}
	for _, s := range list {
		seen[register.ServiceKey{Controller: s.Controller, Service: s.Service}] = true
	}
	for key := range services {
		if !seen[key] && (controller == "" || key.Controller == controller) {
			list = append(list, sources.Source{Controller: key.Controller, Service: key.Service})
		}
	}
	slices.SortFunc(list, func(a, b sources.Source) int {
		return cmp.Or(cmp.Compare(a.Controller, b.Controller), cmp.Compare(a.Service, b.Service))
	})
	now := c.clock()
	out := wire.Sources{Sources: make([]wire.Source, len(list)), Position: uint64(at)}
	for i := range list {
		s := &list[i]
		declared, is := services[register.ServiceKey{Controller: s.Controller, Service: s.Service}]
		within := time.Duration(declared.ReportsWithin) * time.Second
		w := c.sourced(s, now.Add(-within*time.Duration(times)), is)
		if w.Declared = is; is {
			w.ReportsWithin = compactDuration(within)
		}
		w.Complete, w.Sentence = completeness(&w)
		out.Sources[i] = w
	}
	return out, at, nil
}

// sourced writes a source in the contract's words. What is older than the limit is late, where there is one.
func (c *call) sourced(s *sources.Source, limit time.Time, limited bool) wire.Source {
	heard := s.LastHeard()
	w := wire.Source{
		Controller: string(s.Controller), Service: string(s.Service), Entries: s.Events, Actions: s.Actions, Findings: s.WithFindings,
		First: since(s.FirstRecorded), Last: since(s.LastRecorded), Heard: since(heard),
		Silent: limited && heard.Before(limit), Sequence: s.Sequence, Gaps: s.Missing, Unconfirmed: s.Unconfirmed,
	}
	if !s.LastRecorded.IsZero() {
		w.LastPosition = c.placed(s.LastPosition)
	}
	for _, gap := range s.Gaps {
		w.Missing = append(w.Missing, wire.Gap(gap))
	}
	for _, a := range s.Announced {
		w.Announced = append(w.Announced, wire.Announced{
			ID: a.ID, Position: c.placed(a.Position), Time: a.Time, Operation: string(a.Operation), Instruction: string(a.Instruction),
			System: a.System, Overdue: limited && a.Time.Before(limit),
		})
	}
	for _, n := range s.Counted {
		w.Counts = append(w.Counts, wire.SourceCount{
			System: n.System, Category: string(n.Category), Time: n.Time, Position: c.placed(n.Position), Counted: n.People, Known: n.Known,
		})
	}
	return w
}

// completeness says whether anything of a source is missing, and what.
func completeness(s *wire.Source) (bool, string) {
	var missing []string
	switch {
	case s.Heard == nil:
		missing = append(missing, "it was never heard of")
	case s.Silent:
		missing = append(missing, "it is silent since "+sentence.Moment(*s.Heard)+", and is bound to report within "+s.ReportsWithin)
	}
	if s.Gaps > 0 {
		missing = append(missing, gapsWords(s))
	}
	if late := slices.IndexFunc(s.Announced, func(a wire.Announced) bool { return a.Overdue }); late >= 0 {
		a := s.Announced[late]
		missing = append(missing, "what it announced on "+sentence.Moment(a.Time)+" (entry "+strconv.FormatUint(a.Position, 10)+") was not confirmed")
	}
	for _, n := range s.Counts {
		if n.Counted != n.Known {
			missing = append(missing, countWords(n))
		}
	}
	if len(missing) == 0 {
		return true, "Nothing is missing"
	}
	return false, upper(strings.Join(missing, "; "))
}

func gapsWords(s *wire.Source) string {
	words := strconv.FormatUint(s.Gaps, 10) + " of its messages have not come"
	if s.Gaps == 1 {
		words = "1 of its messages has not come"
	}
	if len(s.Missing) == 0 {
		return words
	}
	newest := s.Missing[len(s.Missing)-1]
	if newest.From == newest.To {
		return words + ", the newest number " + strconv.FormatUint(newest.From, 10)
	}
	return words + ", the newest numbers " + strconv.FormatUint(newest.From, 10) + " to " + strconv.FormatUint(newest.To, 10)
}

func countWords(n wire.SourceCount) string {
	return "on " + sentence.Day(n.Time) + " it counted " + strconv.FormatUint(n.Counted, 10) + " people with " + domain.Category(n.Category).Term() +
		" in " + n.System + ", and the ledger knows of " + strconv.FormatUint(n.Known, 10)
}
