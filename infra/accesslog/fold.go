package accesslog

import (
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/jigowatt/daybook/infra/wire"
)

// Config says under what the actions are recorded.
type Config struct {
	// Source is the CloudEvents source of the actions: /controller/service.
	Source string
	// Log names the log within the source, such as access or web2; it stands in every id. It is a name of at most 32
	// characters as the register takes them.
	Log string
	// Instruction names the controller's instruction.
	Instruction string
	// System is where the log is kept, Location the country.
	System, Location string
	// Uses says that something reads the log to act on it, so that Use is recorded too.
	Uses bool
	// Until leaves out the minute in which it lies, and what is later: a log that is still being written has not told all of its
	// last minute yet. Zero leaves out nothing.
	Until time.Time
}

// Bounds of what a fold keeps. Beyond them it closes minutes and days early, which costs a repeated action and never one lost.
const (
	maxOpenVisits = 1 << 16
	maxDayVisits  = 1 << 20
	// settle is how long a minute stays open: servers write a line when a request ends, under the time at which it began.
	settle = 2 * time.Minute
)

// Fold turns entries into actions. It is not safe for concurrent use.
type Fold struct {
	cfg    Config
	open   map[visitKey]*visit
	order  []*visit         // open ones, in the order in which they began
	days   map[dayKey]Holds // what is recorded as stored
	day    int64            // the newest day, counted from 1970
	counts map[countKey]int
	newest time.Time
	// HeldBack counts the lines left out because of Until.
	HeldBack int
}

type visitKey struct {
	addr   netip.Addr
	minute int64
}

type dayKey struct {
	addr netip.Addr
	day  int64
}

type countKey struct {
	operation byte
	second    int64
}

type visit struct {
	key      visitKey
	id       string
	first    time.Time
	last     time.Time
	requests int
	outcomes [6]int // by the hundreds of the status; 0 is unknown
	bytes    int64
	holds    Holds
	closed   bool
}

// NewFold starts a fold.
func NewFold(cfg Config) *Fold {
	return &Fold{cfg: cfg, open: map[visitKey]*visit{}, days: map[dayKey]Holds{}, counts: map[countKey]int{}}
}

// Add takes an entry in and gives the actions that are complete by now.
func (f *Fold) Add(e Entry) []wire.Event {
	if !f.cfg.Until.IsZero() && !e.Time.Before(f.cfg.Until.Truncate(time.Minute)) {
		f.HeldBack++
		return nil
	}
	var ready []wire.Event
	if e.Time.After(f.newest) {
		f.newest = e.Time
		ready = f.close(f.newest.Add(-settle))
	}
	ready = append(ready, f.daily(e)...)
	key := visitKey{e.Addr, e.Time.Unix() / 60}
	v := f.open[key]
	if v == nil {
		if len(f.open) >= maxOpenVisits {
			ready = append(ready, f.close(f.newest.Add(time.Minute))...)
		}
		v = &visit{key: key, id: f.id('c', e.Time), first: e.Time, last: e.Time}
		f.open[key] = v
		f.order = append(f.order, v)
	}
	v.requests++
	v.bytes += e.Bytes
	v.holds |= e.Holds
	v.outcomes[min(e.Status/100, 5)]++
	if e.Time.After(v.last) {
		v.last = e.Time
	}
	return ready
}

// Flush gives the actions that are still open. The fold can go on after it.
func (f *Fold) Flush() []wire.Event { return f.close(f.newest.Add(time.Minute)) }

// close gives the actions of minutes that ended by then, in the order in which they began.
func (f *Fold) close(by time.Time) []wire.Event {
	if len(f.order) == 0 || !ended(f.order[0], by) {
		return nil // the first one is nearly always the oldest; a later one waits for it
	}
	var ready []wire.Event
	for _, v := range f.order {
		if !ended(v, by) {
			continue
		}
		ready = append(ready, f.collect(v))
		v.closed = true
		delete(f.open, v.key)
	}
	f.order = slices.DeleteFunc(f.order, func(v *visit) bool { return v.closed })
	for key := range f.counts {
		if key.second < by.Unix()-int64(settle/time.Second) {
			delete(f.counts, key)
		}
	}
	return ready
}

func ended(v *visit, by time.Time) bool { return (v.key.minute+1)*60 <= by.Unix() }

// daily gives what is recorded once a day for an address, and again where a line of the day holds more than those before it.
func (f *Fold) daily(e Entry) []wire.Event {
	key := dayKey{e.Addr, e.Time.Unix() / (24 * 60 * 60)}
	known, stored := f.days[key]
	if stored && known|e.Holds == known {
		return nil
	}
	if !stored {
		f.forget(key.day)
	}
	f.days[key] = known | e.Holds
	events := []wire.Event{f.event(f.id('s', e.Time), wire.Store, e.Addr, e.Time, known|e.Holds)}
	if f.cfg.Uses {
		events = append(events, f.event(f.id('u', e.Time), wire.Use, e.Addr, e.Time, known|e.Holds))
	}
	return events
}

// forget makes room: days before yesterday are over, and beyond the bound everything goes, because what goes must not depend on
// the order of a map.
func (f *Fold) forget(day int64) {
	if day > f.day {
		f.day = day
		maps.DeleteFunc(f.days, func(old dayKey, _ Holds) bool { return old.day < day-1 })
	}
	if len(f.days) >= maxDayVisits {
		clear(f.days)
	}
}

// details is what a Collect action says beside the address.
type details struct {
	Requests  int       `json:"requests"`
	Answered  int       `json:"answered,omitempty"`
	Redirects int       `json:"redirected,omitempty"`
	Refused   int       `json:"refused,omitempty"` // 4xx
	Failed    int       `json:"failed,omitempty"`  // 5xx and above
	Bytes     int64     `json:"bytes,omitempty"`
	Last      time.Time `json:"last"`
}

func (f *Fold) collect(v *visit) wire.Event {
	e := f.event(v.id, wire.Collect, v.key.addr, v.first, v.holds)
	o := v.outcomes
	// Marshalling numbers and a time within the years 1970 to 9999 cannot fail.
	e.Data.Details, _ = json.Marshal(details{v.requests, o[1] + o[2], o[3], o[4], o[5], v.bytes, v.last})
	return e
}

func (f *Fold) event(id, operation string, addr netip.Addr, at time.Time, holds Holds) wire.Event {
	return wire.Event{
		SpecVersion: wire.SpecVersion, ID: id, Source: f.cfg.Source, Type: wire.TypeAction, Time: at,
		DataContentType: wire.ContentJSON,
		Data: wire.Action{
			Operation: operation, Subjects: []string{"ip:" + addr.String()}, Instruction: f.cfg.Instruction,
			Categories: holds.Categories(), System: f.cfg.System, Location: f.cfg.Location,
		},
	}
}

// Categories gives the categories of data that a line with these fields holds, by their DPV names.
func (h Holds) Categories() []string {
	categories := []string{"pd:IPAddress"}
	for _, c := range []struct {
		bit  Holds
		name string
	}{{HoldsUserAgent, "pd:UserAgent"}, {HoldsReferer, "pd:BrowsingReferral"}, {HoldsUser, "pd:Username"}} {
		if h&c.bit != 0 {
			categories = append(categories, c.name)
		}
	}
	return categories
}

// id gives the next id of an operation that began in a second: access.c.20261123T100000Z.0.
func (f *Fold) id(operation byte, at time.Time) string {
	key := countKey{operation, at.Unix()}
	n := f.counts[key]
	f.counts[key]++
	return f.cfg.Log + "." + string(operation) + "." + at.Format("20060102T150405Z") + "." + strconv.Itoa(n)
}

// MaxAgain bounds how often an importer moves on to an id's next spelling before it gives the action up as refused.
const MaxAgain = 16

// Again gives the id's next spelling, for an action whose id was recorded for another one; n counts from 1.
func Again(id string, n int) string { return id + "." + strconv.Itoa(n) }
