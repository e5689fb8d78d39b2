package api

import (
	"reflect"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/sentence"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections/register"
)

// basisOn says which basis an instruction gave on a date, as known at a position, and what is known now where that differs.
func (c *call) basisOn() (wire.BasisOn, domain.Position, error) {
	on, err := c.moment("on")
	if err != nil {
		return wire.BasisOn{}, 0, err
	}
	r, id, err := c.controller()
	if err != nil {
		return wire.BasisOn{}, 0, err
	}
	key := register.InstructionKey{Controller: id}
	if key.Instruction, err = name[domain.InstructionID](c, "instruction"); err != nil {
		return wire.BasisOn{}, 0, err
	}
	out := wire.BasisOn{
		Controller: string(id), Instruction: string(key.Instruction), On: on, Position: uint64(r.Position), BasisAnswer: c.basis(r, key, on),
	}
	if c.as == nil {
		return out, r.Position, nil
	}
	registers, err := c.registers()
	if err != nil {
		return wire.BasisOn{}, 0, err
	}
	today, err := registers.All(c.ctx(), nil)
	if err != nil {
		return wire.BasisOn{}, 0, errors.Wrap(err, "basis as known now")
	}
	if now := c.basis(today, key, on); !reflect.DeepEqual(now, out.BasisAnswer) {
		out.Now = &now
	}
	return out, r.Position, nil
}

// moment reads a time from the query string: a day stands for its end, in UTC, and none for now.
func (c *call) moment(in string) (time.Time, error) {
	text := c.query(in)
	if text == "" {
		return c.api.cfg.Now().UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, problem.New(wire.InvalidField, "a time of the address is none",
			"Write a day as 2026-11-23, or a moment as 2026-11-23T09:30:00Z.")
	}
	return t.AddDate(0, 0, 1).Add(-time.Millisecond), nil
}

func (c *call) basis(r register.Snapshot, key register.InstructionKey, on time.Time) wire.BasisAnswer {
	versions := r.Instructions[key]
	var s instruction.State
	for _, v := range versions {
		s.Versions = append(s.Versions, v.Version)
	}
	controller := r.Controllers[key.Controller].Name
	v, withdrawn, found := s.InForce(on)
	if !found {
		return wire.BasisAnswer{Sentence: controller + " had given no instruction " + string(key.Instruction) + " by " + sentence.Moment(on)}
	}
	given := warrant(v.Given)
	w := wire.BasisAnswer{Version: v.Number, Title: v.Terms.Title, Purpose: v.Terms.Purpose, Given: &given}
	for _, of := range versions {
		if of.Number == v.Number {
			position := uint64(of.GivenAt)
			w.GivenPosition = &position
			if withdrawn && of.WithdrawnAt != nil {
				ended := uint64(*of.WithdrawnAt)
				w.WithdrawnPosition = &ended
			}
		}
	}
	under := upper(sentence.Under(key.Instruction, v.Number, controller))
	if withdrawn {
		ended := warrant(*v.Withdrawn)
		w.Withdrawn = &ended
		w.Sentence = under + " had been withdrawn on " + sentence.Day(v.Withdrawn.On) + ": no basis on " + sentence.Moment(on)
		return w
	}
	w.InForce, w.Basis, w.Article = true, string(v.Terms.Basis), v.Terms.Basis.Article()
	w.Sentence = under + ", given on " + sentence.Day(v.Given.On) + ", gave " + sentence.Basis(v.Terms.Basis) + ", on " + sentence.Moment(on)
	return w
}
