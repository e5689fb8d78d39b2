package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

// Proofs proves the history; infra/tiles implements it.
type Proofs interface {
	report.Prover
	// File gives a file of the log in the layout of C2SP tlog-tiles: checkpoint, or tile/…. It returns domain.ErrNotFound for one
	// that there is not, or not yet, and domain.ErrUnavailable.
	File(ctx context.Context, path string) ([]byte, error)
	// Key gives the verifier key with which checkpoints are checked.
	Key() string
}

const (
	contentText   = "text/plain; charset=utf-8"
	contentBinary = "application/octet-stream"
)

// proofRoutes serves what tools from elsewhere check the history with. The address of the log in the standard layout is
// /api/v1/proof; its tiles stand at /api/v1/tile, too.
func (a *API) proofRoutes() {
	a.proofRoute("/proof/key", "verifierKey", "The key with which checkpoints are checked, as C2SP signed-note writes it", contentText,
		nil, func(c *call, proofs Proofs) ([]byte, error) { return []byte(proofs.Key() + "\n"), nil })
	a.proofRoute("/proof/checkpoint", "checkpoint", "The last signed checkpoint (C2SP tlog-checkpoint)", contentText,
		nil, func(c *call, proofs Proofs) ([]byte, error) { return proofs.File(c.ctx(), "checkpoint") })
	a.proofRoute("/proof/witnessed", "witnessed", "The newest checkpoint that witnesses cosigned as the policy demands", contentText,
		nil, func(c *call, proofs Proofs) ([]byte, error) { return proofs.File(c.ctx(), "witnessed") })
	a.proofRoute("/proof/inclusion", "inclusion", "The proof that an event is in the log (C2SP tlog-proof)", contentText,
		[]*huma.Param{
			query("position", "integer", "The position of the event."),
			query("witnessed", "boolean", "By a checkpoint that witnesses cosigned as the policy demands."),
			query("wait", "boolean", "Wait, 5 seconds at most, until such a checkpoint covers the event."),
		}, (*call).inclusion)
	for _, at := range []struct{ path, id string }{{"/tile/{path...}", "tile"}, {"/proof/tile/{path...}", "proofTile"}} {
		a.proofRoute(at.path, at.id, "A tile or a bundle of entries (C2SP tlog-tiles), such as 0/x001/234 or entries/000.p/5", contentBinary,
			nil, func(c *call, proofs Proofs) ([]byte, error) {
				tile, err := proofs.File(c.ctx(), "tile/"+c.r.PathValue("path"))
				if err == nil { // what a path names never changes; the entries are of people, so that no shared cache keeps them
					c.w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
				}
				return tile, err
			})
	}
}

func (a *API) proofRoute(path, id, summary, content string, params []*huma.Param, get func(*call, Proofs) ([]byte, error)) {
	media, _, _ := strings.Cut(content, ";")
	a.route(huma.Operation{
		Method: http.MethodGet, Path: path, OperationID: id, Tags: []string{"proof"}, Summary: summary, Parameters: params,
		Responses: map[string]*huma.Response{"200": {
			Description: "OK", Content: map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: "string"}}},
		}},
	}, func(c *call) error {
		if c.api.cfg.Proofs == nil {
			return problem.New(wire.NotFound, "this ledger keeps no proof of its history", "Ask the ledger that signs.")
		}
		body, err := get(c, c.api.cfg.Proofs)
		if err != nil {
			return err
		}
		c.sendRaw(http.StatusOK, content, body)
		return nil
	})
}

func (c *call) inclusion(proofs Proofs) ([]byte, error) {
	at, err := c.position("position")
	switch {
	case err != nil:
		return nil, err
	case at == nil:
		return nil, problem.New(wire.InvalidField, "the position is not there", "Name the event with ?position=, as its receipt does.")
	}
	if end := c.api.cfg.Ledger.State().End; *at >= end {
		return nil, errors.WithHint(errors.Wrapf(domain.ErrNotFound, "event at position %s, where the log ends at %s", *at, end),
			"A receipt names the position of its event.")
	}
	witnessed, err := c.flag("witnessed")
	if err != nil {
		return nil, err
	}
	wait, err := c.flag("wait")
	if err != nil {
		return nil, err
	}
	if wait {
		ctx, cancel := context.WithTimeout(c.ctx(), c.api.cfg.Patience)
		defer cancel()
		if err := proofs.Await(ctx, *at, witnessed); err != nil {
			return nil, err
		}
	}
	return proofs.Inclusion(c.ctx(), *at, witnessed)
}
