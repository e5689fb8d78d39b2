package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// maxQuarantined bounds a page of the quarantine.
const maxQuarantined = 100

func (a *API) quarantineRoutes() {
	tags := []string{"quarantine"}
	get(a, huma.Operation{
		Path: "/quarantine", OperationID: "listQuarantine", Tags: tags, Summary: "List what could not be understood",
		Parameters: []*huma.Param{
			query("after", "string", "The id to go on after, as next of the page before."),
			query("limit", "integer", "The most messages to give; 100 at most."),
		},
	}, (*call).quarantined)
	a.quarantinePost("show", "showQuarantined", "Open one message that was set aside", responses[wire.QuarantinedContent](a),
		func(c *call, id string) (any, error) {
			content, err := c.api.cfg.Quarantine.Open(c.ctx(), id)
			if err != nil {
				return nil, err
			}
			return content, c.opened("", oversight.SetAside)
		})
	a.quarantinePost("replay", "replayQuarantined", "Record one message that was set aside, again", responses[wire.Replayed](a),
		func(c *call, id string) (any, error) { return c.api.cfg.Quarantine.Replay(c.ctx(), id) })
}

// quarantinePost adds a verb on one message. Opening is a POST too: what it shows is personal, and nothing on the way keeps it.
func (a *API) quarantinePost(verb, id, summary string, out map[string]*huma.Response, do func(*call, string) (any, error)) {
	a.route(huma.Operation{
		Method: http.MethodPost, Path: "/quarantine/{id}/" + verb, OperationID: id, Tags: []string{"quarantine"}, Summary: summary,
		Responses: out,
	}, func(c *call) error {
		if err := c.bodiless(); err != nil {
			return err
		}
		if c.api.cfg.Quarantine == nil {
			return noQuarantine()
		}
		v, err := do(c, c.r.PathValue("id"))
		if err != nil {
			return err
		}
		return c.answer(v, c.api.cfg.Ledger.State().End)
	})
}

func noQuarantine() error {
	return problem.New(wire.NotFound, "this ledger keeps no quarantine", "Ask a ledger that takes messages over NATS.")
}

// quarantined gives one page.
func (c *call) quarantined() (wire.Quarantine, domain.Position, error) {
	if c.api.cfg.Quarantine == nil {
		return wire.Quarantine{}, 0, noQuarantine()
	}
	limit, err := c.limit(maxQuarantined, maxQuarantined)
	if err != nil {
		return wire.Quarantine{}, 0, err
	}
	list, err := c.api.cfg.Quarantine.List(c.ctx(), c.query("after"), limit)
	if err != nil {
		return wire.Quarantine{}, 0, err
	}
	page := wire.Quarantine{Messages: append([]wire.Quarantined{}, list...)}
	if len(list) == limit {
		page.Next = list[len(list)-1].ID
	}
	return page, c.api.cfg.Ledger.State().End, nil
}
