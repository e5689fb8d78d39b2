package api

import (
	"bytes"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/wire"
)

// Names says that a stored event names one of the subject keys.
func Names(keys []domain.SubjectKey) func(stored []byte) bool {
	names := make([][]byte, len(keys))
	for i, key := range keys {
		names[i] = key.AppendText([]byte{'"'})
		names[i] = append(names[i], '"')
	}
	return func(stored []byte) bool {
		for _, name := range names {
			if bytes.Contains(stored, name) {
				return true
			}
		}
		return false
	}
}

// toldEvery is after how many entries a search says how far it is.
const toldEvery = 100_000

// personLog gives the entries that name a person, up to the end that the log had when reading began.
func (c *call) personLog() error {
	var in wire.LogQuery
	if err := c.read(&in); err != nil {
		return err
	}
	p, err := c.find(in.Person)
	if err != nil {
		return err
	}
	from, end := domain.Position(in.From), c.end()
	if err := c.within(from); err != nil {
		return err
	}
	veil, err := c.veil()
	if err != nil {
		return err
	}
	if err := c.looked(glance{of: p, view: oversight.Entries}); err != nil {
		return err
	}
	if !c.api.replays.TryAcquire(1) {
		return errors.WithHint(errors.Wrap(domain.ErrBusy, "another search of the whole log is going on"), "Wait until it is done.")
	}
	defer c.api.replays.Release(1)
	c.w.Header().Set(wire.HeaderPosition, end.String())
	out := c.lines()
	defer out.end()
	told, wanted := from, Names(p.keys)
	for batch, err := range c.api.cfg.Log.Read(c.ctx(), from) {
		if err != nil {
			return out.problem(errors.Wrap(err, "search the log over HTTP"))
		}
		batch.Events = batch.Events[:min(domain.Position(len(batch.Events)), end-min(batch.At, end))]
		if err := out.entries(batch, veil, wanted); err != nil {
			return err
		}
		if batch.End() >= end || batch.CaughtUp {
			break
		}
		if batch.End() >= told+toldEvery {
			told = batch.End()
			if err := out.value(wire.Heard{End: uint64(end), Reached: uint64(told)}); err != nil {
				return err
			}
		}
	}
	return nil
}
