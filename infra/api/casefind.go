package api

import (
	"slices"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/disclosures"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/trail"
)

// maxScanned bounds the entries of one person that are gone through for a case.
const maxScanned = 100_000

// scan goes through all entries of a case's people, the newest first, until each says false. It waits for the trail to have
// everything that is recorded.
func (c *call) scan(controller domain.ControllerID, keys []domain.SubjectKey, each func(trail.Entry) bool) error {
	end := c.api.cfg.Ledger.State().End
	trails, err := c.trails(&end)
	if err != nil {
		return err
	}
	q := trail.Query{Controller: controller, Subjects: keys, Newest: true, Limit: trail.MaxLimit, At: &end}
	for scanned := 0; scanned < maxScanned; {
		page, err := trails.Of(c.ctx(), q)
		if err != nil {
			return errors.Wrap(err, "trail of a case's people")
		}
		for _, e := range page.Entries {
			if !each(e) {
				return nil
			}
		}
		if !page.More {
			return nil
		}
		scanned += len(page.Entries)
		q.Before = &page.Entries[len(page.Entries)-1].Position
	}
	return problem.New(wire.Conflict, "the person has more entries than are gone through for a case",
		"Look through the trail page by page, and record the places or the evidence as steps.")
}

// heldNow gives what is held of a case's people, with everything that is recorded taken in.
func (c *call) heldNow(controller domain.ControllerID, keys []domain.SubjectKey) ([]holdings.Item, error) {
	view, err := c.view(holdings.Name)
	if err != nil {
		return nil, err
	}
	end := c.api.cfg.Ledger.State().End
	if err := c.reach(&end, view); err != nil {
		return nil, err
	}
	held, err := holdings.New(view).Of(c.ctx(), controller, keys)
	return held.Items, errors.Wrap(err, "holdings of a case's people")
}

// everyKey gives all keys of a case's people: dossiers may have been found to be one person's since the case was opened.
func (c *call) everyKey(r request.Received) ([]domain.SubjectKey, error) {
	all := slices.Clone(r.Subjects)
	for _, subject := range r.Subjects {
		ids, err := c.api.cfg.Vault.Identifiers(c.ctx(), subject)
		if errors.Is(err, domain.ErrForgotten) {
			continue
		}
		if err != nil {
			return nil, errors.Wrap(err, "identifiers of a case's people")
		}
		for _, id := range ids {
			keys, err := c.api.cfg.Vault.Keys(c.ctx(), r.Controller, id)
			if err != nil && !errors.Is(err, domain.ErrNotFound) {
				return nil, errors.Wrap(err, "keys of a case's people")
			}
			for _, key := range keys {
				if !slices.Contains(all, key) && len(all) < domain.MaxListed {
					all = append(all, key)
				}
			}
		}
	}
	return all, nil
}

// findForCase records where the people's data are: the systems and services that hold them now, and the recipients who had them.
func (c *call) findForCase(in wire.CaseAction) (wire.CaseFound, domain.Position, error) {
	key, err := c.caseKey()
	if err != nil {
		return wire.CaseFound{}, 0, err
	}
	s, err := c.api.cfg.Ledger.Case(key)
	if err != nil {
		return wire.CaseFound{}, 0, err
	}
	of, err := c.of(s, in.On, in.By)
	if err != nil {
		return wire.CaseFound{}, 0, err
	}
	found := request.Found{Of: of}
	if found.Places, err = c.look(s); err != nil {
		return wire.CaseFound{}, 0, err
	}
	settled, err := c.api.cfg.Ledger.TakeStep(c.ctx(), commands.Stepped{Step: found, Today: c.zoned(s.Received.Calendar)})
	if err != nil {
		return wire.CaseFound{}, 0, err
	}
	out := wire.CaseFound{Places: []wire.CasePlace{}}
	for _, p := range found.Places {
		out.Places = append(out.Places, shownPlace(p))
	}
	var at domain.Position
	out.CaseTaken, at, err = c.taken(key, settled)
	return out, at, err
}

// look gives the places where data of the people are, and the recipients who have them, each once and as the case names it already
// where it does.
func (c *call) look(s request.State) ([]request.Place, error) {
	keys, err := c.everyKey(s.Received)
	if err != nil {
		return nil, err
	}
	copies, err := c.copies(s.Received.Controller, keys)
	if err != nil {
		return nil, err
	}
	// Whoever asked under a court's order is no recipient who is told of what becomes of the data (Art. 4(9), 19), and may be secret.
	orders := c.api.cfg.Ledger.State().CourtOrders.Orders
	given := map[string]bool{}
	if err := c.scan(s.Received.Controller, keys, func(e trail.Entry) bool {
		_, compelled := orders[e.Order]
		given[string(e.Recipient)] = given[string(e.Recipient)] || !compelled
		return true
	}); err != nil {
		return nil, err
	}
	list := []request.Place{}
	for _, found := range copies {
		if !found.Open || found.Kind == request.Recipient && !given[found.Name] {
			continue
		}
		p := found.Place
		for _, known := range s.Places {
			if known.Place.Kind == p.Kind && known.Place.Name == p.Name {
				p = known.Place
			}
		}
		list = append(list, p)
	}
	return list, nil
}

// copies gives where the people's data are or were, with everything that is recorded taken in. What the law forbids telling of is
// left out.
func (c *call) copies(controller domain.ControllerID, keys []domain.SubjectKey) ([]disclosures.Place, error) {
	view, err := c.view(disclosures.Name)
	if err != nil {
		return nil, err
	}
	end := c.api.cfg.Ledger.State().End
	if err := c.reach(&end, view); err != nil {
		return nil, err
	}
	list, _, err := disclosures.New(view).Places(c.ctx(), controller, keys, disclosures.Sight{Now: c.api.cfg.Now()})
	return list, errors.Wrap(err, "copies of a case's people")
}

// evidence looks up the recorded action that closes a place, and what it did: nobody has to be believed that it erases.
func (c *call) evidence(s request.State, e request.Settled) (request.Settled, error) {
	keys, err := c.everyKey(s.Received)
	if err != nil {
		return e, err
	}
	var found *trail.Entry
	if err := c.scan(s.Received.Controller, keys, func(entry trail.Entry) bool {
		if entry.Fact == nil && (entry.ID == e.Event || entry.Action == e.Event) {
			found = &entry
		}
		return found == nil
	}); err != nil {
		return e, err
	}
	if found == nil {
		return e, problem.New(wire.NotFound, "no such action in the person's trail", "Name the id of an action that is recorded of the person of this case.")
	}
	if why := unfit(e.Place, *found); why != "" {
		return e, problem.New(wire.Conflict, why, "Name an action at the place itself: of its system, by its service, to its recipient.")
	}
	if s.Decided != nil && dayIn(s, found.Time).Before(s.Decided.On) {
		return e, problem.New(wire.Conflict, "the action is older than the decision",
			"Name what was done because of the decision; settle as absent what was gone before.")
	}
	return c.settledBy(e, *found), nil
}

// dayIn gives the day on which something happened, in the case's calendar.
func dayIn(s request.State, at time.Time) calendar.Date {
	return calendar.DateOf(at.In(zone(s.Received.Calendar)))
}

// unfit says why an action is no evidence for a place, nothing where it is.
func unfit(p request.Place, e trail.Entry) string {
	switch {
	case p.Kind == request.System && e.System != p.Name && e.From != p.Name:
		return "the action was at another system"
	case p.Kind == request.Service && string(e.Service) != p.Name:
		return "the action was another service's"
	case p.Kind == request.Recipient && string(e.Recipient) != p.Name:
		return "the action had another recipient"
	}
	return ""
}

// settledBy fills in what an action did. Whether a removal erases, the instruction says under which it was done.
func (c *call) settledBy(e request.Settled, by trail.Entry) request.Settled {
	e.Event, e.Source = by.ID, domain.ServiceSource(by.Controller, by.Service)
	if e.How == request.ByAction {
		e.Operation, e.Erases = by.Operation, c.erases(by)
	}
	return e
}

func (c *call) erases(e trail.Entry) bool {
	terms, _ := c.termsOf(e.Controller, e.Instruction, e.Version)
	return terms.Erases(e.Operation)
}

// confirmed makes sure that the service has answered the order that is to close a place.
func (c *call) confirmed(s request.State, e request.Settled) error {
	for _, key := range c.api.cfg.Ledger.Roots(s.Received.Subjects) {
		for _, o := range c.api.cfg.Ledger.Standing(key).Orders {
			if o.Order == e.Order {
				return problem.New(wire.Conflict, "the order was not answered", "Wait until the service has recorded what it did under the order's id.")
			}
		}
	}
	return nil
}
