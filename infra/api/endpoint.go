package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

var (
	detailsType = reflect.TypeFor[wire.Details]()
	objectType  = reflect.TypeFor[map[string]any]()
)

// call is one request on its way.
type call struct {
	api *API
	r   *http.Request
	w   http.ResponseWriter
	// room is how many bytes of bodies the call has reserved.
	room int64
	// began says that the status was sent, so that an error can no longer become the answer.
	began bool
	// as is as of when the call asks, nil for now, and releases end what it read of the past.
	as       *instant
	releases []func()
	// on is the date on which the call asks how it was, nil for none.
	on *hindsight
	// fault is what went wrong while the answer was written.
	fault error
}

func (c *call) ctx() context.Context { return c.r.Context() }

// route adds a path to the router and to the OpenAPI document. The library's own reading and checking of bodies and parameters is
// not used: its refusals repeat the values that were sent, and those are personal here.
func (a *API) route(op huma.Operation, handle func(*call) error) {
	op.Path = Prefix + op.Path
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = &huma.Response{
		Description: "A problem (RFC 9457)",
		Content:     map[string]*huma.MediaType{wire.ContentProblem: {Schema: schemaOf[wire.Problem](a)}},
	}
	for _, name := range pathNames(op.Path) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
	}
	a.doc.OpenAPI().AddOperation(&op)
	known := queryNames(op.Parameters)
	why, _ := op.Metadata[noDates].(string)
	ownDates, _ := op.Metadata[itsOwnDates].(bool)
	a.doc.Adapter().Handle(&op, func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		c := &call{api: a, r: r, w: w}
		defer func() { a.bodies.Release(c.room) }()
		defer c.release()
		err := c.checkQuery(known, why)
		if asked := c.query("secret"); err == nil && (asked == "show" || asked == "count") {
			err = c.looksAtSecrets()
		}
		if err == nil && slices.Contains(known, "at") {
			err = c.travel()
		}
		if err == nil && slices.Contains(known, "on") && !ownDates {
			err = c.dated()
		}
		if err == nil {
			err = handle(c)
		}
		if err != nil {
			a.fail(c, err)
		}
	})
}

// fail answers with the problem of an error, as long as nothing else was sent.
func (a *API) fail(c *call, err error) {
	p := a.problems.Problem(c.ctx(), err)
	if c.began {
		// The connection is broken off: a body that ends as if it were whole would be taken for one.
		panic(http.ErrAbortHandler)
	}
	writeProblem(c.w, p)
}

// writeProblem sends a problem. It is the only place where the API does.
func writeProblem(w http.ResponseWriter, p wire.Problem) {
	if seconds, again := problem.RetryAfter(p); again {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	w.Header().Set("Content-Type", wire.ContentProblem)
	w.WriteHeader(p.Status)
	// Whoever went away does not read why.
	_ = json.NewEncoder(w).Encode(p)
}

// answer sends JSON. at is the end of the ledger that it rests on.
func (c *call) answer(v any, at domain.Position) error {
	c.w.Header().Set(wire.HeaderPosition, at.String())
	return c.send(http.StatusOK, v)
}

func (c *call) send(status int, v any) error {
	body, err := json.Marshal(v)
	if err = errors.CombineErrors(err, c.fault); err != nil {
		return err
	}
	c.sendRaw(status, wire.ContentJSON, append(body, '\n'))
	return nil
}

func (c *call) sendRaw(status int, contentType string, body []byte) {
	c.w.Header().Set("Content-Type", contentType)
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	c.began = true
	_, _ = c.w.Write(body)
}

// get adds a read without a body.
func get[Out any](a *API, op huma.Operation, handle func(*call) (Out, domain.Position, error)) {
	op.Method = http.MethodGet
	op.Responses = responses[Out](a)
	a.route(op, func(c *call) error {
		out, at, err := handle(c)
		if err != nil {
			return err
		}
		return c.answer(out, at)
	})
}

// post adds a request with a JSON body, read strictly.
func post[In, Out any](a *API, op huma.Operation, handle func(*call, In) (Out, domain.Position, error)) {
	op.Method = http.MethodPost
	op.Responses = responses[Out](a)
	op.RequestBody = &huma.RequestBody{
		Required: true, Content: map[string]*huma.MediaType{wire.ContentJSON: {Schema: schemaOf[In](a)}},
	}
	a.route(op, func(c *call) error {
		var in In
		if err := c.read(&in); err != nil {
			return err
		}
		out, at, err := handle(c, in)
		if err != nil {
			return err
		}
		return c.answer(out, at)
	})
}

func responses[Out any](a *API) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {
		Description: "OK", Content: map[string]*huma.MediaType{wire.ContentJSON: {Schema: schemaOf[Out](a)}},
		Headers: map[string]*huma.Param{wire.HeaderPosition: {
			Description: "The end of the ledger that the answer rests on.", Schema: &huma.Schema{Type: "integer"},
		}},
	}}
}

func schemaOf[T any](a *API) *huma.Schema {
	return a.doc.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "Body")
}

func queryNames(params []*huma.Param) []string {
	var names []string
	for _, p := range params {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	return names
}

// query describes a parameter of the query string.
func query(name, kind, description string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: kind}}
}

// awaits describes the header with which a read waits for a position.
func awaits() *huma.Param {
	return &huma.Param{
		Name: wire.HeaderMinPosition, In: "header", Schema: &huma.Schema{Type: "integer"},
		Description: "Wait, 5 seconds at most, until the answer rests on at least this end of the ledger: a receipt's position and events added.",
	}
}

// The metadata of a path: why what it gives cannot be asked for as it was on a date, and that it reads the date by itself.
const (
	noDates     = "no dates"
	itsOwnDates = "its own dates"
)

// checkQuery refuses parameters that the path does not know, and those that stand twice.
func (c *call) checkQuery(known []string, noDates string) error {
	for name, values := range c.r.URL.Query() {
		switch {
		case name == "on" && noDates != "" && !slices.Contains(known, name):
			return problem.New(wire.InvalidField, "what is asked for is of no date", noDates)
		case !slices.Contains(known, name):
			hint := "This path takes no such parameter; the OpenAPI document lists those that it takes."
			if near := wire.Nearest(name, known); near != "" {
				hint = "Did you mean " + near + "?"
			}
			return problem.New(wire.UnknownField, "a parameter of the address is not known", hint)
		case len(values) > 1:
			return problem.New(wire.InvalidField, "a parameter of the address stands twice", "Send each parameter once.")
		}
	}
	return nil
}

func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }
