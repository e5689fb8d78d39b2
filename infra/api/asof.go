package api

import (
	"context"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/findings"
	registers "github.com/jigowatt/daybook/projections/register"
	"github.com/jigowatt/daybook/projections/trail"
)

// Past gives views as they were when the log ended at earlier positions; history.History implements it.
type Past interface {
	// View gives a view as of a position; release is called when it is no longer read. It returns domain.ErrUnavailable where it is
	// not built when ctx ends, and domain.ErrBusy where too many are being built.
	View(ctx context.Context, view string, at domain.Position) (found *projections.View, release func(), err error)
	// Progress says how far a view that is being built is, false for one that is not.
	Progress(view string, at domain.Position) (projections.Progress, bool)
	// PositionAt gives where the log ended at a time, and RecordedAt when the event at a position was recorded.
	PositionAt(ctx context.Context, end domain.Position, at time.Time) (domain.Position, error)
	RecordedAt(ctx context.Context, at domain.Position) (time.Time, error)
}

// instant is as of when a call asks: what was known before a position, at the time of the last event before it or at the time that
// was asked for. Who is who, what was forgotten, and what the law forbids telling are as they are known now.
type instant struct {
	position domain.Position
	time     time.Time
	register registers.Snapshot
}

// direct names the views that answer as of any position by themselves: their rows stand in the order of the log and stay.
var direct = map[string]bool{trail.Name: true, registers.Name: true, findings.Name: true}

// asOf describes the parameter with which an answer is as of a position or a time.
func asOf() *huma.Param {
	return query("at", "string", "As known when the ledger ended at this position, or at this time: 2026-11-23T09:30:00Z, or a day, which stands "+
		"for its end in UTC. While the view as of then is being built the answer is 503 with Retry-After and "+wire.HeaderBuilding+".")
}

// travel reads as of when the call asks, and what the register was then.
func (c *call) travel() error {
	text := c.query("at")
	if text == "" {
		return nil
	}
	if !strings.ContainsAny(text, "-:") {
		at, err := c.position("at")
		if err != nil {
			return err
		}
		return c.travelTo(*at, time.Time{})
	}
	moment, err := c.moment("at")
	if err != nil {
		return err
	}
	if c.api.cfg.Past == nil {
		return noPast()
	}
	at, err := c.api.cfg.Past.PositionAt(c.ctx(), c.api.cfg.Ledger.State().End, moment)
	if err != nil {
		return errors.Wrap(err, "position of a time")
	}
	return c.travelTo(at, moment)
}

func noPast() error {
	return problem.New(wire.NotFound, "this ledger answers as of now only", "Leave out at.")
}

// travelTo makes the call ask as of a position, and of a time where that was asked for.
func (c *call) travelTo(at domain.Position, moment time.Time) error {
	if c.api.cfg.Past == nil {
		return noPast()
	}
	if end := c.api.cfg.Ledger.State().End; at > end {
		return errors.WithHint(errors.Wrapf(domain.ErrInvalid, "at %s, beyond the end %s of the ledger", at, end),
			"Ask for a position that was recorded.")
	}
	to := &instant{position: at, time: moment}
	switch {
	case !moment.IsZero():
	case at == 0:
		to.time = c.api.cfg.Now().UTC()
	default:
		recorded, err := c.api.cfg.Past.RecordedAt(c.ctx(), at-1)
		if err != nil {
			return err
		}
		to.time = recorded
	}
	c.as = to
	view, err := c.registers()
	if err != nil {
		return err
	}
	to.register, err = view.All(c.ctx(), &at)
	return errors.Wrap(err, "register as of then")
}

// at gives the position as of which the call asks, nil for now.
func (c *call) at() *domain.Position {
	if c.as == nil {
		return nil
	}
	return &c.as.position
}

// upTo is at for a view that answers as of any position by itself: nil where it is told as it was on a date, from what was known then.
func (c *call) upTo() *domain.Position {
	if c.on != nil {
		return nil
	}
	return c.at()
}

// clock gives the time by which what is due, late or silent is so: that of the date on which the call asks, or else now.
func (c *call) clock() time.Time {
	if c.on != nil {
		return c.on.time
	}
	return c.now()
}

// now gives the time as of which the call asks.
func (c *call) now() time.Time {
	if c.as == nil {
		return c.api.cfg.Now()
	}
	return c.as.time
}

// end gives the end of the ledger as of which the call asks.
func (c *call) end() domain.Position {
	if c.as == nil {
		return c.api.cfg.Ledger.State().End
	}
	return c.as.position
}

// known gives the register as of which the call asks.
func (c *call) known() register.State {
	if c.as == nil {
		return c.api.cfg.Ledger.State().Register
	}
	return c.as.register.State
}

// view gives one of the views: the live one, once it answers with what the caller has seen or asks as of, the view as of then, or as it
// was on a date. It returns domain.ErrUnavailable where that takes too long.
func (c *call) view(name string) (projections.Reader, error) {
	switch {
	case c.on == nil || undated[name]:
		return c.standing(name)
	case c.on.of.keys != nil && toldAgain[name]:
		return c.retold(name)
	}
	return c.told(name)
}

// standing gives the live view, or the one as of then.
func (c *call) standing(name string) (projections.Reader, error) {
	if c.as != nil && !direct[name] {
		return c.past(name)
	}
	view := c.api.cfg.Views.View(name)
	if view == nil {
		return nil, errors.AssertionFailedf("the ledger runs without its view %s", errors.Safe(name))
	}
	if err := c.await(view); err != nil {
		return nil, err
	}
	if c.as == nil {
		return view, nil
	}
	return view, c.reach(view, c.as.position)
}

func (c *call) past(name string) (projections.Reader, error) {
	ctx, cancel := context.WithTimeout(c.ctx(), c.api.cfg.Patience)
	defer cancel()
	view, release, err := c.api.cfg.Past.View(ctx, name, c.as.position)
	if err != nil {
		c.building(c.api.cfg.Past.Progress(name, c.as.position))
		return nil, err
	}
	c.releases = append(c.releases, release)
	return view, nil
}

// building tells how far a view is that is being built.
func (c *call) building(p projections.Progress, building bool) {
	if building {
		c.w.Header().Set(wire.HeaderBuilding, p.Position.String()+"/"+p.Of.String())
	}
}

// release ends what the call read of the past.
func (c *call) release() {
	for _, release := range c.releases {
		release()
	}
}

// reach waits for a live view to have all events before a position.
func (c *call) reach(view *projections.View, at domain.Position) error {
	if at == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.ctx(), c.api.cfg.Patience)
	defer cancel()
	return view.Await(ctx, at-1)
}

// stood gives the end of the ledger that an answer rests on, where the view itself stands at a position.
func (c *call) stood(view domain.Position) domain.Position {
	switch {
	case c.as != nil:
		return c.as.position
	case c.on != nil && c.on.told != nil:
		return c.on.told.end
	}
	return view
}
