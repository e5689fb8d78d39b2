package api

import (
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
)

func (a *API) statusRoutes() {
	get(a, huma.Operation{
		Path: "/status", OperationID: "status", Tags: []string{"operate"}, Summary: "How the ledger and its views are",
	}, func(c *call) (wire.Status, domain.Position, error) {
		s := c.api.status()
		return s, domain.Position(s.End), nil
	})
	get(a, huma.Operation{
		Path: "/sources", OperationID: "sources", Tags: []string{"operate"}, Summary: "Which services report, how much, and what is missing of each",
		Description: "A service is silent when nothing of it was recorded for several times the time in which it is bound to report. What comes " +
			"late closes its gap.",
		Parameters: []*huma.Param{
			query("controller", "string", "Whose services; all by default."),
			query("times", "integer", "How many times its time to report a service may be silent; 2."), asOf(),
			onDay("A service was heard when what it reported happened, whenever it came."), awaits(),
		},
	}, (*call).listSources)
	a.route(huma.Operation{
		Method: http.MethodPost, Path: "/views/{view}/rebuild", OperationID: "rebuildView", Tags: []string{"operate"},
		Summary:     "Build a view anew from the log",
		Description: "The view goes on answering meanwhile. One line of progress after another; the last has done, or a problem.",
		Responses: map[string]*huma.Response{"200": {
			Description: "Progress", Content: map[string]*huma.MediaType{wire.ContentLines: {Schema: schemaOf[wire.Rebuild](a)}},
		}},
	}, (*call).rebuild)
	a.mux.HandleFunc("GET /livez", func(w http.ResponseWriter, r *http.Request) {
		c := &call{api: a, r: r, w: w}
		c.sendRaw(http.StatusOK, wire.ContentJSON, []byte("{\"live\":true}\n"))
	})
	a.mux.HandleFunc("GET /readyz", a.readyz)
}

// status gathers how everything is.
func (a *API) status() wire.Status {
	end := a.cfg.Ledger.State().End
	s := wire.Status{Version: a.cfg.Version, End: uint64(end), Views: []wire.ViewStatus{}}
	if a.cfg.Healthy != nil {
		if err := a.cfg.Healthy(); err != nil {
			reason := "the ledger does not write: " + problem.Redacted(err)
			if hint := errors.FlattenHints(err); hint != "" && !errors.HasAssertionFailure(err) { // whose hints are not ours
				reason += ". " + hint
			}
			s.Reasons = append(s.Reasons, reason)
		}
	}
	for _, v := range a.cfg.Views.Status() {
		view := wire.ViewStatus{Name: v.Name, Position: uint64(v.Position), Stopped: v.Stopped, Damaged: v.Damaged}
		if end > v.Position {
			view.Lag = uint64(end - v.Position)
		}
		if v.Building != nil {
			view.Building = &wire.Progress{Position: uint64(v.Building.Position), End: uint64(v.Building.Of)}
		}
		s.Views = append(s.Views, view)
		switch {
		case v.Damaged != "":
			s.Reasons = append(s.Reasons, "view "+v.Name+" has a damaged file and is being built anew")
		case v.Stopped != "":
			s.Reasons = append(s.Reasons, "view "+v.Name+" has stopped")
		case domain.Position(view.Lag) > a.cfg.MaxLag:
			s.Reasons = append(s.Reasons, "view "+v.Name+" is behind")
		}
	}
	if a.cfg.Proving != nil {
		s.Proof = a.cfg.Proving()
	}
	if a.cfg.Witnessing != nil {
		s.Witnessing = a.cfg.Witnessing()
	}
	s.Forked = a.cfg.Forked
	s.Ready = len(s.Reasons) == 0
	return s
}

// readyz answers 503 with the reasons while the ledger is not ready.
func (a *API) readyz(w http.ResponseWriter, r *http.Request) {
	c := &call{api: a, r: r, w: w}
	s := a.status()
	status := http.StatusOK
	if !s.Ready {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "2")
	}
	if err := c.send(status, wire.Readiness{Ready: s.Ready, Reasons: s.Reasons, Notes: s.Witnessing.Notes()}); err != nil {
		a.fail(c, err)
	}
}

// rebuild builds a view anew and tells how far it is.
func (c *call) rebuild() error {
	view := c.r.PathValue("view")
	if err := c.bodiless(); err != nil {
		return err
	}
	if !slices.ContainsFunc(c.api.cfg.Views.Status(), func(s projections.Status) bool { return s.Name == view }) {
		return problem.New(wire.NotFound, "there is no view of that name", "GET "+Prefix+"/status lists the views.")
	}
	var out *lines
	var gone error
	last := wire.Rebuild{View: view}
	tell := func(r wire.Rebuild) {
		if out == nil {
			begun := c.lines()
			out = &begun
		}
		if gone == nil {
			gone = out.value(r)
		}
	}
	err := c.api.cfg.Views.Rebuild(c.ctx(), view, func(p projections.Progress) {
		last.Position, last.End = uint64(p.Position), uint64(p.Of)
		tell(last)
	})
	switch {
	case err != nil && out == nil:
		return err
	case err != nil:
		p := c.api.problems.Problem(c.ctx(), err)
		last.Problem = &p
	default:
		last.Done = true
	}
	tell(last)
	out.end()
	return gone
}
