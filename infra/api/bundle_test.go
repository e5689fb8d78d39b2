package api_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/bundle"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestABundleIsMadeOfWhatIsAskedForAndRecorded(t *testing.T) {
	if a := declared(t).post("/api/v1/bundles", wire.BundleRequest{Controller: "fenland-cycles"}); a.status != http.StatusNotFound {
		t.Errorf("without a maker: %d %s", a.status, a.body)
	}
	var scopes []bundle.Scope
	l := declared(t, func(c *api.Config) {
		c.Bundle = func(_ context.Context, scope bundle.Scope, w io.Writer) (bundle.Manifest, error) {
			scopes = append(scopes, scope)
			_, err := io.WriteString(w, "the bundle")
			return bundle.Manifest{Entries: 7}, err
		}
	})
	l.record("b1", action("Store", exportedPerson))
	from, since := uint64(3), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a := l.post("/api/v1/bundles", wire.BundleRequest{Controller: "fenland-cycles", Person: exportedPerson, From: &from, Since: &since, Regulator: true})
	if a.status != http.StatusOK || string(a.body) != "the bundle" || a.header.Get("Content-Disposition") != `attachment; filename="bundle.zip"` {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	if s := scopes[0]; s.Kind != bundle.OfPerson || len(s.Subjects) != 1 || s.From == nil || *s.From != 3 || s.Since == nil || !s.Regulator {
		t.Errorf("%+v", s)
	}
	k := as[wire.Looks](t, l.get("/api/v1/looks?kind=exported&limit=1")).Looks[0]
	if e := k.Export; e.What != "bundle" || e.Format != "zip" || e.Rows != 7 || e.Bytes != uint64(len("the bundle")) || k.Controller != "fenland-cycles" {
		t.Errorf("recorded: %+v %+v", k, k.Export)
	}
	for rule, row := range map[string]struct {
		in     wire.BundleRequest
		status int
	}{
		"no controller":          {wire.BundleRequest{}, http.StatusUnprocessableEntity},
		"an unknown controller":  {wire.BundleRequest{Controller: "nobody"}, http.StatusNotFound},
		"a person and a case":    {wire.BundleRequest{Controller: "fenland-cycles", Person: exportedPerson, Case: "case-1"}, http.StatusUnprocessableEntity},
		"an unknown person":      {wire.BundleRequest{Controller: "fenland-cycles", Person: "email:nobody@example.org"}, http.StatusNotFound},
		"a person of no kind":    {wire.BundleRequest{Controller: "fenland-cycles", Person: canary}, http.StatusUnprocessableEntity},
		"an unknown case":        {wire.BundleRequest{Controller: "fenland-cycles", Case: "case-1"}, http.StatusNotFound},
		"a case that is no name": {wire.BundleRequest{Controller: "fenland-cycles", Case: canary + "@example.org"}, http.StatusUnprocessableEntity},
	} {
		a := l.post("/api/v1/bundles", row.in)
		if a.status != row.status || bytes.Contains(a.body, []byte(canary)) {
			t.Errorf("%s: %d, want %d: %s", rule, a.status, row.status, a.body)
		}
	}
	if len(scopes) != 1 {
		t.Errorf("%d bundles were made", len(scopes))
	}
}
