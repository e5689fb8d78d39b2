package api_test

import (
	"context"
	"encoding/json"
	"iter"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestOtherSitesAndOtherNamesAreRefused(t *testing.T) {
	l := declared(t)
	table := []struct {
		rule, method, path string
		headers            []string
		status             int
	}{
		{"a form of another site", http.MethodPost, recordPath, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another origin", http.MethodPost, recordPath, []string{"Origin", "https://" + canary + ".example"}, 403},
		{"a rebound name", http.MethodGet, "/api/v1/status", []string{"Host", canary + ".example"}, 403},
		{"a rebound name with a port", http.MethodGet, "/api/v1/status", []string{"Host", "attacker.example:8430"}, 403},
		{"an address beyond loopback", http.MethodGet, "/livez", []string{"Host", "192.0.2.1:8430"}, 403},
		{"a loopback name", http.MethodGet, "/api/v1/status", []string{"Host", "localhost:8430"}, 200},
		{"a loopback address", http.MethodGet, "/api/v1/status", []string{"Host", "[::1]:8430"}, 200},
		{"the same origin", http.MethodGet, "/api/v1/status", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"no such path", http.MethodGet, "/api/v1/" + canary, nil, 404},
		{"no such path at all", http.MethodGet, "/", nil, 404},
		{"another method", http.MethodDelete, "/api/v1/log", nil, 405},
		{"reading what is posted", http.MethodGet, "/api/v1/controllers/a/people/trail", nil, 405},
	}
	for _, row := range table {
		a := l.request(row.method, row.path, "", "", row.headers...)
		if a.status != row.status {
			t.Errorf("%s: %d %s", row.rule, a.status, a.body)
		}
		if row.status == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s: no Allow", row.rule)
		}
		for _, h := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Cache-Control", "Referrer-Policy", "Cross-Origin-Resource-Policy"} {
			if a.header.Get(h) == "" {
				t.Errorf("%s: no %s", row.rule, h)
			}
		}
		if a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: other origins may read", row.rule)
		}
	}
}

// failing is a log that panics or fails with what nobody may see.
type failing struct{ panics bool }

func (f failing) Read(context.Context, domain.Position) iter.Seq2[domain.Batch, error] {
	if f.panics {
		panic(canary + "@example.org")
	}
	return func(yield func(domain.Batch, error) bool) {
		yield(domain.Batch{}, errors.Newf("open /secret/path of %s", canary))
	}
}

func TestAFaultOfOursShowsNothingOfItself(t *testing.T) {
	for _, panics := range []bool{false, true} {
		l := declared(t, func(c *api.Config) {
			c.Log, c.NewID = failing{panics}, func() string { return "4711" }
		})
		a := l.get("/api/v1/log")
		p := a.problem(t)
		if a.status != http.StatusInternalServerError || p.Detail != "internal error" || p.Instance != "urn:uuid:4711" || strings.Contains(string(a.body), "secret") {
			t.Errorf("%s", a.body)
		}
		if !strings.Contains(l.lines.String(), "urn:uuid:4711") {
			t.Errorf("the instance is not in the log: %s", l.lines)
		}
	}
}

func TestNothingListensBeyondLoopback(t *testing.T) {
	table := []struct {
		addr string
		kind error
	}{
		{"0.0.0.0:0", domain.ErrForbidden}, {":0", domain.ErrForbidden}, {"[::]:0", domain.ErrForbidden}, {"192.0.2.1:80", domain.ErrForbidden},
		{"example.org:80", domain.ErrForbidden}, {"127.0.0.1", domain.ErrInvalid},
	}
	for _, row := range table {
		if err := api.Serve(t.Context(), row.addr, http.NotFoundHandler()); !errors.Is(err, row.kind) || len(errors.GetAllHints(err)) == 0 {
			t.Errorf("%s: %v", row.addr, err)
		}
	}
	ln, err := api.Listen(t.Context(), "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if _, err := api.Listen(t.Context(), ln.Addr().String()); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("an address that is taken: %v", err)
	}
	wide, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := api.ServeListener(t.Context(), wide, http.NotFoundHandler()); !errors.Is(err, domain.ErrForbidden) {
		t.Errorf("a listener beyond loopback: %v", err)
	}
}

func TestServingEndsWhenWhatIsOnItsWayIsAnswered(t *testing.T) {
	ln, err := api.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	began, finish := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-finish
		if r.Context().Err() != nil {
			t.Error("the request was broken off")
		}
		w.WriteHeader(http.StatusTeapot)
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- api.ServeListener(ctx, ln, handler) }()
	var asking sync.WaitGroup
	asking.Go(func() {
		res, err := http.Get("http://" + ln.Addr().String())
		if err != nil || res.StatusCode != http.StatusTeapot {
			t.Errorf("%v %v", res, err)
			return
		}
		_ = res.Body.Close()
	})
	<-began
	stop()
	select {
	case err := <-served:
		t.Errorf("serving ended before the request did: %v", err)
	default:
	}
	close(finish)
	asking.Wait()
	select {
	case err := <-served:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(2 * time.Minute):
		t.Error("serving does not end")
	}
	if conn, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		_ = conn.Close()
		t.Error("the door is still open")
	}
}

func TestTheOpenAPIDocumentHasEveryPath(t *testing.T) {
	l := start(t)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Responses   map[string]json.RawMessage
			RequestBody struct{ Content map[string]json.RawMessage }
		}
		Components struct{ Schemas map[string]json.RawMessage }
	}
	a := l.get("/api/v1/openapi.json")
	if err := json.Unmarshal(a.body, &doc); err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("%v: %s", err, a.body)
	}
	for _, path := range paths {
		method, path, _ := strings.Cut(path, " ")
		op, ok := doc.Paths["/api/v1"+path][strings.ToLower(method)]
		if !ok || op.OperationID == "" || (op.Responses["200"] == nil && op.Responses["201"] == nil && op.Responses["202"] == nil) || op.Responses["default"] == nil {
			t.Errorf("%s %s is not described", method, path)
		}
	}
	n := 0
	for _, methods := range doc.Paths {
		n += len(methods)
	}
	if n != len(paths) {
		t.Errorf("%d paths are described, %d are known", n, len(paths))
	}
	if content := doc.Paths["/api/v1/record/{controller}/{service}"]["post"].RequestBody.Content; len(content) != 3 {
		t.Errorf("recording takes %v", content)
	}
	if s := string(doc.Components.Schemas["TrailEntry"]); !strings.Contains(s, `"details":{"additionalProperties"`) {
		t.Errorf("details are not an object: %s", s)
	}
	if a := l.get("/api/v1/openapi.yaml"); a.status != http.StatusOK || !strings.Contains(string(a.body), "openapi: 3.1.0") {
		t.Errorf("YAML: %.100s", a.body)
	}
}

func TestTheContractIsServed(t *testing.T) {
	l := start(t)
	if a := l.get("/api/v1/schemas/action.json"); a.status != http.StatusOK || !json.Valid(a.body) {
		t.Errorf("%d %.100s", a.status, a.body)
	}
	for _, name := range []string{"nothing.json", "action", "..%2Fdoc.go", canary} {
		if a := l.get("/api/v1/schemas/" + name); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if a := l.get("/api/v1/asyncapi.yaml"); a.status != http.StatusOK || string(a.body) != string(wire.AsyncAPI()) {
		t.Errorf("%d %.100s", a.status, a.body)
	}
}
