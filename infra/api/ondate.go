package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/disclosures"
	"github.com/jigowatt/daybook/projections/history"
	"github.com/jigowatt/daybook/projections/holdings"
	registers "github.com/jigowatt/daybook/projections/register"
	"github.com/jigowatt/daybook/projections/retention"
	"github.com/jigowatt/daybook/projections/trail"
)

// Hindsight gives views of events in the order in which they happened; history.History implements it.
type Hindsight interface {
	// Retell gives a view as it would be if the events had been recorded in their order, each when it happened, and nothing else; release
	// is called when it is no longer read. It returns domain.ErrBusy where others are at it until ctx ends.
	Retell(ctx context.Context, view string, events []domain.Event) (told *projections.View, release func(), err error)
	// OnDate gives a view as it was on a date. It returns domain.ErrUnavailable where it is not built when ctx ends, and domain.ErrBusy
	// where too many are being built.
	OnDate(ctx context.Context, view string, q history.OnDate) (told *history.Told, release func(), err error)
	// Building says how far a view that is being built is, false for one that is not.
	Building(view string, q history.OnDate) (projections.Progress, bool)
}

// undated names the views of which only what is asked for is as of a date, and not what else an answer needs: a person's trail is put in
// order by itself, and names are those that are known.
var undated = map[string]bool{trail.Name: true, registers.Name: true}

// toldAgain names the views that are folded again for one person as it was on a date.
var toldAgain = map[string]bool{holdings.Name: true, disclosures.Name: true, retention.Name: true}

// maxHappened bounds what is put in the order in which it happened: all of it is in memory.
const maxHappened = 20_000

var errMuchHappened = errors.Wrap(domain.ErrInvalid, "much is recorded of the person")

// onDate describes the parameter with which a person's record is as it was on a date.
func onDate() *huma.Param {
	return query("on", "string", "As it was on this day, 2026-11-14, which stands for its end in UTC, or at this moment, by when things happened, "+
		"given all that is known now, or as of at: what was reported late counts. Findings, versions and bases are those that were recorded.")
}

// onDay describes the parameter with which a view of many people is as it was on a date.
func onDay(more string) *huma.Param {
	return query("on", "string", "As it was on this day, 2026-11-14, which stands for its end in UTC, or at this moment, by when things happened, "+
		"given all that is known now, or as of at. "+more+" The whole history is put in order for it, some ten seconds for a million entries; "+
		"meanwhile the answer is 503 with Retry-After and "+wire.HeaderBuilding+".")
}

// hindsight is the time on which a call asks how it was.
type hindsight struct {
	time  time.Time
	day   calendar.Date // where a day was asked for and no moment
	of    person        // nobody where it is about many
	told  *telling      // of the person, nil before it was asked for
	whole *history.Told // the view that was asked for last, nil for none
}

// telling is all that is known to have happened with a person by then.
type telling struct {
	entries []trail.Entry // in the order in which it happened
	events  []domain.Event
	// positions are where the events stand in the ledger, in the order of events.
	positions []domain.Position
	end       domain.Position // of the ledger that it rests on
}

// dated reads on which date the call asks how it was with a person, if on any.
func (c *call) dated() error {
	if c.query("on") == "" {
		return nil
	}
	if c.api.cfg.Hindsight == nil {
		return problem.New(wire.NotFound, "this ledger puts nothing in the order in which it happened", "Leave out on.")
	}
	on, err := c.moment("on")
	if err != nil {
		return err
	}
	c.on = &hindsight{time: on}
	if len(c.query("on")) == len(time.DateOnly) {
		c.on.day = calendar.DateOf(on)
	}
	return nil
}

// told gives a view of many people as it was on the date.
func (c *call) told(name string) (projections.Reader, error) {
	least, err := c.least()
	if err != nil {
		return nil, err
	}
	q := history.OnDate{On: c.on.time, End: c.end(), Fixed: c.as != nil, Least: least}
	ctx, cancel := context.WithTimeout(c.ctx(), c.api.cfg.Patience)
	defer cancel()
	view, release, err := c.api.cfg.Hindsight.OnDate(ctx, name, q)
	if err != nil {
		c.building(c.api.cfg.Hindsight.Building(name, q))
		return nil, errors.Wrap(err, "a view on a date")
	}
	c.releases = append(c.releases, release)
	c.on.whole = view
	return view, nil
}

// asked gives on which date the call asks, nil where on none.
func (c *call) asked() *time.Time {
	if c.on == nil {
		return nil
	}
	return &c.on.time
}

// happened gives what is known to have happened with the person by the date on which the call asks. What the register and links of
// identifiers say comes first: it is known, and the register has dates of its own.
func (c *call) happened() (*telling, error) {
	if c.on.told != nil {
		return c.on.told, nil
	}
	t := &telling{}
	if err := c.declared(t); err != nil {
		return nil, err
	}
	trails, err := c.trails()
	if err != nil {
		return nil, err
	}
	entries, after := c.about(trails, c.on.of)
	for e := range entries {
		if link, is := e.Fact.(dossier.IdentifierLinked); is {
			t.tell(e.Position, domain.Event{ID: e.ID, Source: domain.LedgerSource, Time: e.Time, Fact: link})
		}
		if e.Time.After(c.on.time) {
			continue
		}
		if len(t.entries) == maxHappened {
			return nil, errors.WithHint(errors.WithStack(errMuchHappened),
				"More than 20,000 entries are not put in the order in which they happened; ask as known at a time, with at, instead.")
		}
		t.entries = append(t.entries, *e)
	}
	if t.end, err = after(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(t.entries, func(a, b trail.Entry) int { return a.Time.Compare(b.Time) })
	for i := range t.entries {
		if _, link := t.entries[i].Fact.(dossier.IdentifierLinked); !link {
			t.tell(t.entries[i].Position, saying(&t.entries[i]))
		}
	}
	c.on.told = t
	return t, nil
}

func (t *telling) tell(at domain.Position, e domain.Event) {
	t.events, t.positions = append(t.events, e), append(t.positions, at)
}

// declared tells what a person's views need of the register: the instructions by the dates on which the controller gave and withdrew
// them, and the orders of courts, all that are on record, so that nothing shows that must not.
func (c *call) declared(t *telling) error {
	view, err := c.registers()
	if err != nil {
		return err
	}
	known, err := view.All(c.ctx(), c.at())
	if err != nil {
		return errors.Wrap(err, "register on a date")
	}
	say := func(on time.Time, fact domain.Fact) {
		t.tell(0, domain.Event{ID: "register", Source: domain.LedgerSource, Time: on, Fact: fact})
	}
	for _, key := range sorted(known.Instructions, func(a, b registers.InstructionKey) int { return cmp.Compare(a.Instruction, b.Instruction) }) {
		if key.Controller != c.on.of.controller {
			continue
		}
		for _, v := range known.Instructions[key] {
			if v.Given.On.After(c.on.time) {
				break
			}
			say(v.Given.On, instruction.Given{Controller: key.Controller, Instruction: key.Instruction, Version: v.Number, Terms: v.Terms, Warrant: v.Given})
			if w := v.Withdrawn; w != nil && !w.On.After(c.on.time) {
				say(w.On, instruction.Withdrawn{Controller: key.Controller, Instruction: key.Instruction, Version: v.Number, Warrant: *w})
			}
		}
	}
	courts := c.api.cfg.Ledger.State().CourtOrders.Orders
	for _, id := range sorted(courts, cmp.Compare[string]) {
		if order := courts[id]; order.Received.Controller == c.on.of.controller {
			say(order.Received.Issued, order.Received)
		}
	}
	return nil
}

// retold gives a view of the person as it was on the date.
func (c *call) retold(name string) (projections.Reader, error) {
	t, err := c.happened()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.ctx(), c.api.cfg.Patience)
	defer cancel()
	view, release, err := c.api.cfg.Hindsight.Retell(ctx, name, t.events)
	if err != nil {
		return nil, errors.Wrap(err, "how it was on a date")
	}
	c.releases = append(c.releases, release)
	return view, nil
}

// placed gives where an event stands in the ledger that a view of the call places elsewhere, because it was told again.
func (c *call) placed(at domain.Position) uint64 {
	switch {
	case c.on == nil:
	case c.on.told != nil && at < domain.Position(len(c.on.told.positions)):
		return uint64(c.on.told.positions[at])
	case c.on.whole != nil:
		position, _ := c.origin(at)
		return uint64(position)
	}
	return uint64(at)
}

// recordedAt gives when an event of a view was recorded, of which the view says so too unless it is told as it was on a date.
func (c *call) recordedAt(at domain.Position, is time.Time) time.Time {
	if c.on == nil || c.on.whole == nil {
		return is
	}
	_, recorded := c.origin(at)
	return recorded
}

// origin gives where an event of the view on a date stands and when it was recorded. What cannot be read fails the answer.
func (c *call) origin(at domain.Position) (domain.Position, time.Time) {
	position, recorded, err := c.on.whole.Origin(at)
	c.fault = errors.CombineErrors(c.fault, err)
	return position, recorded
}

// happenedPage gives a page of what happened with the person by the date, in the order in which it did.
func (c *call) happenedPage(q trail.Query) (trail.Page, error) {
	t, err := c.happened()
	if err != nil {
		return trail.Page{}, err
	}
	list, after := slices.Clone(t.entries), q.After
	if q.Newest {
		slices.Reverse(list)
		after = q.Before
	}
	if after != nil {
		n := slices.IndexFunc(list, func(e trail.Entry) bool { return e.Position == *after })
		if n < 0 {
			return trail.Page{}, errors.WithHint(errors.Wrap(domain.ErrInvalid, "after, which no entry by that date has"),
				"Send next of the page before, with the same on.")
		}
		list = list[n+1:]
	}
	page := trail.Page{Entries: list, Position: t.end}
	if page.More = len(list) > q.Limit; page.More {
		page.Entries = list[:q.Limit]
	}
	return page, nil
}
