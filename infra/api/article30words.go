package api

import (
	_ "embed"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/article30"
)

//go:embed article30.html
var article30Page string

// words30 puts the record of one controller into words.
type words30 struct {
	recipients map[domain.RecipientID]register.RecipientDeclared
	controller string
	seen       func(article30.Seen) wire.Article30Seen
}

func (w words30) activity(a article30.Activity) wire.Article30Activity {
	out := wire.Article30Activity{
		Instruction: string(a.Instruction), Version: a.Version, Lines: make([]wire.Article30Line, len(a.Lines)),
	}
	if a.Version > 0 {
		t, given := a.Terms, warrant(a.Given)
		out.Title, out.Purpose, out.Basis, out.Article = t.Title, t.Purpose, string(t.Basis), t.Basis.Article()
		out.Interest, out.Condition, out.Safeguard, out.Given = t.Interest, string(t.Condition), t.Safeguard, &given
		for _, r := range t.Retention {
			out.Retention = append(out.Retention, ruled(r))
		}
	}
	if a.Withdrawn != nil {
		withdrawn := warrant(*a.Withdrawn)
		out.Withdrawn = &withdrawn
	}
	for i, l := range a.Lines {
		out.Lines[i] = wire.Article30Line{
			Dimension: string(l.Dimension), Value: l.Value, Words: w.value(l.Dimension, l.Value), Declared: l.Declared, Article30Seen: w.seen(l.Seen),
		}
	}
	return out
}

// value names an operation, a category, a recipient or a country as people do.
func (w words30) value(d article30.Dimension, value string) string {
	switch d {
	case article30.Categories:
		return domain.Category(value).Term()
	case article30.Recipients:
		if r, declared := w.recipients[domain.RecipientID(value)]; declared {
			return r.Name
		}
		if value == "" {
			return "a recipient that nobody named"
		}
	case article30.Operations, article30.Countries:
	}
	return value
}

// drift says where what is declared and what is done part.
func (w words30) drift(d article30.Drift) string {
	what := w.value(d.Dimension, d.Value)
	under := sentence.Under(d.Instruction, d.Version, w.controller)
	if d.Kind == article30.Unused {
		s := upper(string(d.Dimension)) + " " + what + " is declared in " + under
		if d.Seen.IsZero() {
			return s + " and was never seen"
		}
		return s + " and was last seen on " + sentence.Day(d.Seen.Last)
	}
	s := upper(string(d.Dimension)) + " " + what + " was seen under " + under
	if d.Version > 0 {
		s += ", which does not permit it"
	}
	if first, last := sentence.Day(d.Seen.First), sentence.Day(d.Seen.Last); first != last {
		return s + ", first on " + first + " and last on " + last
	}
	return s + ", on " + sentence.Day(d.Seen.First)
}

func (c *call) seen30(s article30.Seen) wire.Article30Seen {
	if s.IsZero() {
		return wire.Article30Seen{}
	}
	at := c.placed(s.FirstAt)
	return wire.Article30Seen{First: &s.First, FirstPosition: &at, Last: &s.Last}
}
