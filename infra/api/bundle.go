package api

import (
	"context"
	"io"
	"net/http"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/bundle"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// Bundler writes an evidence bundle of all that was recorded before the call and is in the scope; see bundle.Create.
type Bundler func(ctx context.Context, scope bundle.Scope, w io.Writer) (bundle.Manifest, error)

func (a *API) bundleRoutes() {
	a.route(huma.Operation{
		Method: http.MethodPost, Path: "/bundles", OperationID: "bundle", Tags: []string{"looks"}, Summary: "Make an evidence bundle, which others check without the ledger",
		Description: "One zip file with entries, the proof that they stand in the signed history, the trail and the record of Article 30(2) that follow " +
			"from them, and a page for people. That it was made is recorded as an export is, with trailers like its.",
		Parameters:  looker(),
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{wire.ContentJSON: {Schema: schemaOf[wire.BundleRequest](a)}}},
		Responses: map[string]*huma.Response{"200": {Description: "The bundle", Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
		}}},
	}, (*call).bundle)
}

func (c *call) bundle() error {
	var in wire.BundleRequest
	if err := c.read(&in); err != nil {
		return err
	}
	if err := c.mayShow(in.Regulator); err != nil {
		return err
	}
	by, err := c.by()
	if err != nil {
		return err
	}
	if c.api.cfg.Bundle == nil {
		return problem.New(wire.NotFound, "this ledger makes no bundles", "Make one of the stopped ledger with daybook bundle create --data.")
	}
	scope, err := c.bundleScope(in)
	if err != nil {
		return err
	}
	e := &exporting{}
	e.made.By, e.made.What, e.made.Format, e.made.Controller = by, "bundle", "zip", scope.Controller
	e.made.Subjects = scope.Subjects[:min(len(scope.Subjects), domain.MaxListed)]
	if e.made.Case == "" {
		e.made.Case = scope.Case
	}
	e.made.Until = uint64(c.api.cfg.Ledger.State().End)
	e.document = func(w *exportSink) (int, error) {
		m, err := c.api.cfg.Bundle(c.ctx(), scope, w)
		return m.Entries, err
	}
	return c.give(e)
}

// bundleScope reads of what the bundle is to be. It returns domain.ErrInvalid and domain.ErrNotFound.
func (c *call) bundleScope(in wire.BundleRequest) (bundle.Scope, error) {
	controller, err := domain.ParseName[domain.ControllerID](in.Controller)
	if err != nil {
		return bundle.Scope{}, errors.Wrap(err, "controller of a bundle")
	}
	scope := bundle.Scope{
		Kind: bundle.OfController, Controller: controller, From: (*domain.Position)(in.From), To: (*domain.Position)(in.To),
		Since: in.Since, Before: in.Before, Regulator: in.Regulator,
	}
	if _, is := c.api.cfg.Ledger.State().Register.Controllers[controller]; !is {
		return scope, problem.New(wire.NotFound, "no such controller", "Name a controller of the register.")
	}
	c.r.SetPathValue("controller", in.Controller)
	switch {
	case in.Person != "" && in.Case != "":
		return scope, problem.New(wire.InvalidField, "a bundle is of a person or of a case", "Leave one of the two out.")
	case in.Person != "":
		p, err := c.find(in.Person)
		scope.Kind, scope.Subjects = bundle.OfPerson, p.keys
		return scope, err
	case in.Case != "":
		id, err := domain.ParseID(in.Case)
		if err != nil {
			return scope, errors.Wrap(err, "case of a bundle")
		}
		s, err := c.api.cfg.Ledger.Case(request.Key{Controller: controller, Case: request.ID(id)})
		if err != nil {
			return scope, err
		}
		scope.Kind, scope.Case, scope.Cases = bundle.OfCase, id, []string{id}
		scope.Subjects, err = c.api.cases.Keys(c.ctx(), s.Received)
		return scope, err
	}
	return scope, nil
}
