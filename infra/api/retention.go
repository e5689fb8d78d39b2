package api

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/retention"
)

func (a *API) retentionRoutes() {
	tags := []string{"retention"}
	get(a, huma.Operation{
		Path: "/retention/calendar", OperationID: "retentionCalendar", Tags: tags, Summary: "How much falls due when, by controller",
		Parameters: append(scoped("controller"), query("from", "string", "The first day; today."),
			query("to", "string", "The last day; a year after the first."), query("by", "string", "day or month; month."), asOf(),
			onDay("What is kept, and when it is due, is as it was then."), awaits()),
	}, (*call).retentionCalendar)
	get(a, huma.Operation{
		Path: "/retention/due", OperationID: "retentionDue", Tags: tags, Summary: "What is due and not removed, the longest due first",
		Description: "What waits for the answer to an order is among it.",
		Parameters: append(scoped("controller"), query("by", "string", "Due on this day or earlier; now."),
			query("after", "string", "The cursor of the page before."), query("limit", "integer", "1 to 1,000; 100."), asOf(),
			onDay("What was due or overdue that day."), awaits()),
	}, (*call).retentionDue)
	get(a, huma.Operation{
		Path: "/retention/blocked", OperationID: "retentionBlocked", Tags: tags, Summary: "The holds that stand, with what they keep from being removed",
		Parameters: append(scoped("controller"), query("after", "integer", "The cursor of the page before."),
			query("limit", "integer", "1 to 1,000; 100."), asOf(),
			onDay("The holds that stood that day."), awaits()),
	}, (*call).retentionBlocked)
}

func (c *call) retentions() (*retention.Retentions, error) {
	view, err := c.view(retention.Name)
	if err != nil {
		return nil, err
	}
	return retention.New(view), nil
}

// controllers gives the controller that is asked for, or all of the register in the order of their names.
func (c *call) controllers() ([]domain.ControllerID, error) {
	one, err := parameter[domain.ControllerID](c, "controller")
	if err != nil || one != "" {
		return []domain.ControllerID{one}, err
	}
	return slices.Sorted(maps.Keys(c.known().Controllers)), nil
}

func (c *call) retentionCalendar() (wire.RetentionCalendars, domain.Position, error) {
	out := wire.RetentionCalendars{By: cmp.Or(c.query("by"), "month"), Calendars: []wire.RetentionCalendar{}}
	if out.By != "month" && out.By != "day" {
		return out, 0, problem.New(wire.InvalidField, "due dates are not counted by that", "Write by=day or by=month.")
	}
	controllers, err := c.controllers()
	if err != nil {
		return out, 0, err
	}
	from, err := c.day("from")
	if err != nil {
		return out, 0, err
	}
	to, err := c.day("to")
	if err != nil {
		return out, 0, err
	}
	if from.IsZero() {
		from = c.clock().UTC().Truncate(24 * time.Hour)
	}
	if to = to.AddDate(0, 0, 1); to.Year() == 1 {
		to = from.AddDate(1, 0, 0)
	}
	if days := to.Sub(from) / (24 * time.Hour); days < 1 || days > maxCalendarDays {
		return out, 0, problem.New(wire.InvalidField, "the days of a calendar are none or too many", "Ask for 1 day to 20 years.")
	}
	view, err := c.retentions()
	if err != nil {
		return out, 0, err
	}
	out.From, out.To = from.Format(time.DateOnly), to.Format(time.DateOnly)
	at := c.end()
	for _, controller := range controllers {
		q := retention.CalendarQuery{Controller: controller, From: from, To: to, Monthly: out.By == "month"}
		found, err := view.Calendar(c.ctx(), q)
		if err != nil {
			return out, 0, errors.Wrap(err, "calendar of retention over HTTP")
		}
		at = min(at, found.Position)
		out.Calendars = append(out.Calendars, dueCalendar(controller, found))
	}
	out.Position = uint64(at)
	return out, at, nil
}

// maxCalendarDays bounds a calendar to twenty years.
const maxCalendarDays = 7306

func dueCalendar(controller domain.ControllerID, found retention.Calendar) wire.RetentionCalendar {
	w := wire.RetentionCalendar{
		Controller: string(controller), Before: found.Before, Counts: []wire.RetentionCount{}, After: found.After,
		Waiting: found.Waiting, Kept: found.Kept, Unruled: found.Unruled,
	}
	for _, n := range found.Counts {
		w.Counts = append(w.Counts, wire.RetentionCount{Start: n.Start.Format(time.DateOnly), Items: n.Items})
	}
	return w
}

// dueCursor is a place in the lists of several controllers, one after the other.
type dueCursor struct {
	controller domain.ControllerID
	retention.Cursor
}

func (d dueCursor) String() string {
	return string(d.controller) + "~" + strconv.FormatInt(d.Due.UnixMilli(), 10) + "~" + d.Position.String()
}

func (c *call) dueCursor() (d dueCursor, err error) {
	text := c.query("after")
	if text == "" {
		return d, nil
	}
	parts := strings.Split(text, "~")
	if len(parts) == 3 {
		d.controller = domain.ControllerID(parts[0])
		ms, failed := strconv.ParseInt(parts[1], 10, 64)
		d.Due = time.UnixMilli(ms).UTC()
		if d.Position, err = domain.ParsePosition(parts[2]); err == nil && failed == nil {
			return d, nil
		}
	}
	return d, problem.New(wire.InvalidField, "after is no cursor of this list", "Write what next of the page before says.")
}

func (c *call) retentionDue() (wire.RetentionDue, domain.Position, error) {
	out := wire.RetentionDue{Items: []wire.RetentionItem{}}
	controllers, err := c.controllers()
	if err != nil {
		return out, 0, err
	}
	by, err := c.day("by")
	if err != nil {
		return out, 0, err
	}
	now := c.clock().UTC()
	if out.By = now; !by.IsZero() {
		out.By = by.AddDate(0, 0, 1).Add(-time.Millisecond) // until the end of the day
	}
	after, err := c.dueCursor()
	if err != nil {
		return out, 0, err
	}
	limit, err := c.limit(100, retention.MaxLimit)
	if err != nil {
		return out, 0, err
	}
	view, err := c.retentions()
	if err != nil {
		return out, 0, err
	}
	at := c.end()
	for _, controller := range controllers {
		if controller < after.controller {
			continue
		}
		q := retention.DueQuery{Controller: controller, At: out.By, Ordered: true, Limit: limit - len(out.Items)}
		if controller == after.controller {
			q.After = after.Cursor
		}
		page, err := view.DueAt(c.ctx(), q)
		if err != nil {
			return out, 0, errors.Wrap(err, "due dates over HTTP")
		}
		at = min(at, page.Position)
		for i := range page.Items {
			item, err := c.kept(&page.Items[i])
			if err != nil {
				return out, 0, err
			}
			out.Items = append(out.Items, item)
		}
		if len(out.Items) == limit {
			if last := page.Items[len(page.Items)-1]; page.Next != nil || controller != controllers[len(controllers)-1] {
				out.Next = dueCursor{controller, retention.Cursor{Due: last.Due, Position: last.NewestAt}}.String()
			}
			break
		}
	}
	out.Position = uint64(at)
	return out, at, nil
}

func (c *call) retentionBlocked() (wire.RetentionBlocked, domain.Position, error) {
	out := wire.RetentionBlocked{Holds: []wire.RetentionHold{}}
	controllers, err := c.controllers()
	if err != nil {
		return out, 0, err
	}
	after, err := c.position("after")
	if err != nil {
		return out, 0, err
	}
	limit, err := c.limit(100, retention.MaxLimit)
	if err != nil {
		return out, 0, err
	}
	view, err := c.retentions()
	if err != nil {
		return out, 0, err
	}
	at, more := c.end(), false
	var holds []retention.Hold
	for _, controller := range controllers {
		list, position, err := view.Holds(c.ctx(), controller, c.clock(), after, limit)
		if err != nil {
			return out, 0, errors.Wrap(err, "holds over HTTP")
		}
		at, more = min(at, position), more || len(list) == limit
		holds = append(holds, list...)
	}
	slices.SortFunc(holds, func(a, b retention.Hold) int { return cmp.Compare(a.Position, b.Position) })
	if more || len(holds) > limit {
		holds = holds[:min(limit, len(holds))]
		next := uint64(holds[len(holds)-1].Position)
		out.Next = &next
	}
	for i := range holds {
		hold, err := c.heldBack(&holds[i])
		if err != nil {
			return out, 0, err
		}
		out.Holds = append(out.Holds, hold)
	}
	out.Position = uint64(at)
	return out, at, nil
}
