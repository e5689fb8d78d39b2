// Package casework looks up what is on record about the people of a case, and closes by it the places that it closes: when somebody
// asks, and by itself as services report (Art. 17, 19).
//
// What closes a place, domain/request says. It deliberately cites no exemption, decides nothing and sends no order.
package casework

import (
	"context"
	"slices"
	"time"
	_ "time/tzdata" // Days are counted where the controller is, also on a machine that knows no zones.

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/disclosures"
	"github.com/jigowatt/daybook/projections/holdings"
	"github.com/jigowatt/daybook/projections/trail"
)

// MaxScanned bounds the entries of one person that are gone through for a case.
const MaxScanned = 100_000

// Ledger is what is asked of the write side; see commands.Ledger.
type Ledger interface {
	Case(key request.Key) (request.State, error)
	TakeStep(ctx context.Context, s commands.Stepped) (commands.Settled, error)
	State() commands.State
	Standing(key domain.SubjectKey) dossier.Standing
}

// Vault finds the dossiers of one person; see commands.Vault.
type Vault interface {
	Keys(ctx context.Context, controller domain.ControllerID, id domain.Identifier) ([]domain.SubjectKey, error)
	Identifiers(ctx context.Context, key domain.SubjectKey) ([]domain.Identifier, error)
}

// Views gives a view by its name, nil where there is none; see projections.Runner.
type Views interface {
	View(name string) *projections.View
}

var _ Ledger = (*commands.Ledger)(nil)

// Config is what the work needs. Ledger, Vault and Views are required; zero values of the rest mean the defaults.
type Config struct {
	Ledger Ledger
	Vault  Vault
	Views  Views
	// Now is the clock; time.Now.
	Now func() time.Time
	// Patience is how long a view may take to have everything that is recorded; 5 seconds.
	Patience time.Duration
}

// Cases does the work. Sweep is called by one goroutine; the rest may be called by many.
type Cases struct {
	cfg Config
	// looked gives of each case that is being carried out how it was when it was looked at last. It is owned by Sweep.
	looked map[request.Key]seen
}

// New makes a Cases.
func New(cfg Config) *Cases {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Patience == 0 {
		cfg.Patience = 5 * time.Second
	}
	return &Cases{cfg: cfg, looked: map[request.Key]seen{}}
}

// Zone gives where the days of a calendar are counted.
func Zone(cal calendar.Calendar) *time.Location {
	zone, err := time.LoadLocation(cal.Zone())
	if err != nil {
		return time.UTC // A calendar that is not known has no zone; what uses it is refused elsewhere.
	}
	return zone
}

// Day gives the day on which something happened, in the case's calendar.
func Day(s request.State, at time.Time) calendar.Date {
	return calendar.DateOf(at.In(Zone(s.Received.Calendar)))
}

// view gives a view that has everything that is recorded. It returns domain.ErrUnavailable.
func (c *Cases) view(ctx context.Context, name string) (view *projections.View, end domain.Position, err error) {
	if view = c.cfg.Views.View(name); view == nil {
		return nil, 0, errors.AssertionFailedf("the ledger runs without its view %s", errors.Safe(name))
	}
	if end = c.cfg.Ledger.State().End; end == 0 {
		return view, 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Patience)
	defer cancel()
	return view, end, view.Await(ctx, end-1)
}

var errTooLong = errors.Wrap(domain.ErrConflict, "the person has more entries than are gone through for a case")

// Scan goes through all actions of a case's people, the newest first, until each says false. It returns domain.ErrConflict where
// there are more than MaxScanned, and domain.ErrUnavailable.
func (c *Cases) Scan(ctx context.Context, controller domain.ControllerID, keys []domain.SubjectKey, each func(trail.Entry) bool) error {
	view, end, err := c.view(ctx, trail.Name)
	if err != nil {
		return err
	}
	q := trail.Query{Controller: controller, Subjects: keys, Newest: true, Limit: trail.MaxLimit, At: &end}
	for scanned := 0; scanned < MaxScanned; {
		page, err := trail.New(view).Of(ctx, q)
		if err != nil {
			return errors.Wrap(err, "trail of a case's people")
		}
		for _, e := range page.Entries {
			if e.Fact == nil && !each(e) {
				return nil
			}
		}
		if !page.More {
			return nil
		}
		scanned += len(page.Entries)
		q.Before = &page.Entries[len(page.Entries)-1].Position
	}
	return errors.WithHint(errors.WithStack(errTooLong), "Look through the trail page by page, and record the places or the evidence as steps.")
}

// Held gives what is held of a case's people. It returns domain.ErrUnavailable.
func (c *Cases) Held(ctx context.Context, controller domain.ControllerID, keys []domain.SubjectKey) ([]holdings.Item, error) {
	view, _, err := c.view(ctx, holdings.Name)
	if err != nil {
		return nil, err
	}
	held, err := holdings.New(view).Of(ctx, controller, keys)
	return held.Items, errors.Wrap(err, "holdings of a case's people")
}

// Copies gives where the people's data are or were. What the law forbids telling of is left out. It returns domain.ErrUnavailable.
func (c *Cases) Copies(ctx context.Context, controller domain.ControllerID, keys []domain.SubjectKey) ([]disclosures.Place, error) {
	view, _, err := c.view(ctx, disclosures.Name)
	if err != nil {
		return nil, err
	}
	list, _, err := disclosures.New(view).Places(ctx, controller, keys, projections.Sight{Now: c.cfg.Now()})
	return list, errors.Wrap(err, "copies of a case's people")
}

// Keys gives all keys of a case's people: dossiers may have been found to be one person's since the case was opened. It returns
// domain.ErrUnavailable.
func (c *Cases) Keys(ctx context.Context, r request.Received) ([]domain.SubjectKey, error) {
	all := slices.Clone(r.Subjects)
	for _, subject := range r.Subjects {
		ids, err := c.cfg.Vault.Identifiers(ctx, subject)
		if errors.Is(err, domain.ErrForgotten) {
			continue
		}
		if err != nil {
			return nil, errors.Wrap(err, "identifiers of a case's people")
		}
		for _, id := range ids {
			keys, err := c.cfg.Vault.Keys(ctx, r.Controller, id)
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

// Erases says that the instruction under which a removal was done counts it as erasure.
func (c *Cases) Erases(controller domain.ControllerID, id domain.InstructionID, version int, op domain.Operation) bool {
	var terms domain.Terms
	for _, v := range c.cfg.Ledger.State().Instructions[commands.InstructionKey{Controller: controller, Instruction: id}].Versions {
		if v.Number == version {
			terms = v.Terms
		}
	}
	return terms.Erases(op)
}
