package api

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// noDeadline takes a deadline away.
var noDeadline time.Time

// guarded puts the guards before the router, the outermost last.
func (a *API) guarded() http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, problem.New(wire.Forbidden, "the request comes from a page of another site",
			"The ledger takes requests from programs and from its own pages only."))
	}))
	return a.recovered(headers(a.named(crossOrigin.Handler(http.HandlerFunc(a.dispatch)))))
}

func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, a.problems.Problem(r.Context(), err))
}

// dispatch gives paths and methods that no route has a problem, too.
func (a *API) dispatch(w http.ResponseWriter, r *http.Request) {
	handler, pattern := a.mux.Handler(r)
	if pattern != "" {
		a.mux.ServeHTTP(w, r)
		return
	}
	// The router's own answer says which of the two it is, and which methods there are.
	probe := &probe{header: http.Header{}}
	handler.ServeHTTP(probe, r)
	p := wire.NewProblem(wire.NotFound)
	p.Detail, p.Hint = "there is no such path", "The OpenAPI document at "+Prefix+"/openapi.json lists every path."
	if probe.status == http.StatusMethodNotAllowed {
		allow := probe.header.Get("Allow")
		w.Header().Set("Allow", allow)
		p.Status, p.Title = http.StatusMethodNotAllowed, "The method is not taken here"
		p.Detail, p.Hint = "the path does not take this method", "This path takes "+allow+"."
	}
	writeProblem(w, p)
}

// probe takes an answer in and sends nothing.
type probe struct {
	header http.Header
	status int
}

// Header gives the headers.
func (p *probe) Header() http.Header { return p.header }

// WriteHeader keeps the status.
func (p *probe) WriteHeader(status int) { p.status = status }

// Write drops the body.
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }

// named refuses requests for any host that is not a loopback name. A page elsewhere can make its own name lead here (DNS
// rebinding), and to a browser the ledger would then be of that page's origin; the name that was asked for gives it away.
func (a *API) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopbackName(r.Host) {
			a.refuse(w, r, problem.New(wire.Forbidden, "the host that was asked for is not a loopback name",
				"Ask for localhost, 127.0.0.1 or [::1]; access control does not exist yet, so nothing else is answered."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopbackName(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// headers sets what keeps a browser from doing anything with an answer but showing it to whoever asked. Answers are personal, so
// nobody on the way keeps them.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// recovered answers a panic with a problem and logs where it was, without its value: that may be personal.
func (a *API) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := &watched{ResponseWriter: w}
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if err, is := fault.(error); is && errors.Is(err, http.ErrAbortHandler) {
				panic(fault)
			}
			a.cfg.Logger.ErrorContext(r.Context(), "a request panicked", slog.String("kind", reflect.TypeOf(fault).String()),
				slog.String("stack", string(debug.Stack())))
			if watched.began {
				panic(http.ErrAbortHandler)
			}
			a.refuse(watched, r, errors.AssertionFailedf("a request panicked"))
		}()
		next.ServeHTTP(watched, r)
	})
}

// watched knows whether an answer has begun.
type watched struct {
	http.ResponseWriter
	began bool
}

// WriteHeader begins the answer.
func (w *watched) WriteHeader(status int) {
	w.began = true
	w.ResponseWriter.WriteHeader(status)
}

// Write begins the answer.
func (w *watched) Write(b []byte) (int, error) {
	w.began = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets a http.ResponseController through.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
