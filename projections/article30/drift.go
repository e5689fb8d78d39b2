package article30

import (
	"slices"
	"time"

	"github.com/jigowatt/daybook/domain"
)

// activity is one instruction with all its versions, and what was seen under them.
type activity struct {
	id       domain.InstructionID
	versions []given // oldest first
	seen     []line
}

// declared lists what terms declare in all dimensions.
func declared(t domain.Terms) []Drift {
	var list []Drift
	for _, op := range t.Operations {
		list = append(list, Drift{Dimension: Operations, Value: string(op)})
	}
	for _, c := range t.Categories {
		list = append(list, Drift{Dimension: Categories, Value: string(c)})
	}
	for _, r := range t.Recipients {
		list = append(list, Drift{Dimension: Recipients, Value: string(r)})
	}
	for _, in := range t.Territory {
		list = append(list, Drift{Dimension: Countries, Value: string(in)})
	}
	return list
}

// covers says that what is declared permits what was seen.
func covers(d, seen Drift) bool {
	if d.Dimension != seen.Dimension {
		return false
	}
	switch d.Dimension {
	case Operations:
		return domain.Operation(seen.Value).Within(domain.Operation(d.Value))
	case Countries:
		return domain.Territory(d.Value).Holds(domain.Location(seen.Value))
	default:
		return d.Value == seen.Value
	}
}

func permitted(t domain.Terms, seen Drift) bool {
	return slices.ContainsFunc(declared(t), func(d Drift) bool { return covers(d, seen) })
}

// newest gives the newest version, nil where none was given.
func (a *activity) newest() *given {
	if len(a.versions) == 0 {
		return nil
	}
	return &a.versions[len(a.versions)-1]
}

// shown gives the activity with a line for whatever is declared or was seen.
func (a *activity) shown() Activity {
	shown := Activity{Instruction: a.id}
	var terms domain.Terms
	if v := a.newest(); v != nil {
		shown.Version, shown.Terms, shown.Given, shown.Withdrawn = v.Number, v.Terms, v.Given, v.Withdrawn
		terms = v.Terms
	}
	list := declared(terms)
	for i := range list {
		list[i].Seen = a.used(list[i])
	}
	ours := len(list)
	for _, l := range a.seen {
		i := slices.IndexFunc(list, func(d Drift) bool { return d.Dimension == l.Dimension && d.Value == l.Value })
		switch {
		case i < 0:
			list = append(list, l.Drift)
		case i >= ours: // what is declared has all that it covers already
			list[i].Seen = list[i].Seen.merge(l.Seen)
		}
	}
	slices.SortFunc(list, order)
	for _, d := range list {
		shown.Lines = append(shown.Lines, Line{d.Dimension, d.Value, permitted(terms, d), d.Seen})
	}
	return shown
}

// used gives when what is declared was done, under any version.
func (a *activity) used(d Drift) (seen Seen) {
	for _, l := range a.seen {
		if covers(d, l.Drift) {
			seen = seen.merge(l.Seen)
		}
	}
	return seen
}

// undeclared lists what was done though the version then in force does not permit it.
func (a *activity) undeclared() []Drift {
	var list []Drift
	for _, l := range a.seen {
		at := slices.IndexFunc(a.versions, func(v given) bool { return v.Number == l.Version })
		if at >= 0 && permitted(a.versions[at].Terms, l.Drift) {
			continue
		}
		l.Kind = Undeclared
		same := slices.IndexFunc(list, func(d Drift) bool {
			return d.Dimension == l.Dimension && d.Value == l.Value && d.Version == l.Version
		})
		if same < 0 {
			list = append(list, l.Drift)
		} else {
			list[same].Seen = list[same].Seen.merge(l.Seen)
		}
	}
	slices.SortFunc(list, order)
	return list
}

// unused lists what the newest version declares and was not done since a time, nor declared since then.
func (a *activity) unused(since time.Time) []Drift {
	v := a.newest()
	if v == nil || v.Withdrawn != nil {
		return nil
	}
	var list []Drift
	for _, d := range declared(v.Terms) {
		if a.since(d).After(since) {
			continue
		}
		if d.Seen = a.used(d); d.Seen.Last.Before(since) {
			d.Kind, d.Instruction, d.Version = Unused, a.id, v.Number
			list = append(list, d)
		}
	}
	slices.SortFunc(list, order)
	return list
}

// since gives when it was declared: by the first of the last versions in a row that do.
func (a *activity) since(d Drift) (at time.Time) {
	for _, v := range slices.Backward(a.versions) {
		if !slices.ContainsFunc(declared(v.Terms), func(o Drift) bool { return o.Dimension == d.Dimension && o.Value == d.Value }) {
			break
		}
		at = v.since
	}
	return at
}
