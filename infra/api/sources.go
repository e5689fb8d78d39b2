package api

import (
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// listSources gives what is known of services as sources of entries.
func (c *call) listSources() (wire.Sources, domain.Position, error) {
	var controller domain.ControllerID
	if text := c.query("controller"); text != "" {
		var err error
		if controller, err = domain.ParseName[domain.ControllerID](text); err != nil {
			return wire.Sources{}, 0, errors.Wrap(err, "parameter controller")
		}
	}
	view, err := c.sources()
	if err != nil {
		return wire.Sources{}, 0, err
	}
	list, at, err := view.All(c.ctx(), controller)
	if err != nil {
		return wire.Sources{}, 0, errors.Wrap(err, "sources over HTTP")
	}
	out := wire.Sources{Sources: make([]wire.Source, len(list)), Position: uint64(at)}
	for i, s := range list {
		w := wire.Source{
			Controller: string(s.Controller), Service: string(s.Service), Entries: s.Events, Actions: s.Actions, Findings: s.WithFindings,
			First: s.FirstRecorded, Last: s.LastRecorded, LastPosition: uint64(s.LastPosition), Sequence: s.Sequence, Gaps: s.Missing,
		}
		for _, gap := range s.Gaps {
			w.Missing = append(w.Missing, wire.Gap(gap))
		}
		out.Sources[i] = w
	}
	return out, at, nil
}
