package api_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/jigowatt/daybook/infra/wire"
)

func TestPromisesStandWithTheirEvidence(t *testing.T) {
	l := disclosing(t)
	l.record("x1", action("Use", "customer:"+canary))
	good := l.record("x2", action("Store", "customer:"+canary)).Position
	all := as[wire.Promises](t, l.read("/api/v1/promises?check=statistics"))
	one := as[wire.Promises](t, l.read("/api/v1/controllers/fenland-cycles/promises"))
	if len(all.Promises) != 20 || len(one.Promises) != 20 || one.Controller != "fenland-cycles" || all.Controller != "" {
		t.Fatalf("%+v", all)
	}
	for i, want := range map[int]string{
		1: wire.PromiseBroken, 5: wire.PromiseKept, 8: wire.PromiseBroken, 9: wire.PromiseNotShown, 19: wire.PromiseKept,
	} {
		p := all.Promises[i-1]
		if p.Number != i || p.Verdict != want || p.Text == "" || p.Article == "" || p.Rests == "" {
			t.Errorf("%+v", p)
		}
	}
	if p := all.Promises[0]; p.For.Examples[len(p.For.Examples)-1] != good || p.Against.Count == 0 || p.Against.Last == nil {
		t.Errorf("%+v", p)
	}
	if one.Promises[4].Verdict != wire.PromiseNotShown {
		t.Errorf("nothing was checked: %+v", one.Promises[4])
	}
	for path, status := range map[string]int{
		"/promises?check=" + canary: 422, "/controllers/nobody/promises": 404, "/promises?secret=no": 422, "/statistics?few=1": 422,
		"/statistics?from=" + canary: 422, "/statistics?from=2020-01-01": 422,
	} {
		if a := l.get("/api/v1" + path); a.status != status {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestStatisticsLeadToNobody(t *testing.T) {
	l := declared(t, todayIs)
	for i := range 12 {
		l.record("v"+strconv.Itoa(i), action("Store", "customer:"+canary+strconv.Itoa(i)))
	}
	l.record("u", action("Use", "customer:"+canary))
	s := as[wire.Statistics](t, l.read("/api/v1/statistics?controller=fenland-cycles"))
	if len(s.Statistics) != 2 || s.Entries != 12 || s.Hidden != 1 || s.Statistics[0].Day != "2026-11-23" || s.Statistics[0].Entries != 12 || !s.Statistics[1].Few {
		t.Errorf("%+v", s)
	}
	// Thirteen people of the controller, and two contacts.
	proof := as[wire.StatisticsProof](t, l.request(http.MethodPost, "/api/v1/statistics/check", "", "", wire.HeaderMinPosition, l.ledger.State().End.String()))
	if !proof.Holds || proof.Keys != 15 || proof.Columns == 0 || proof.Bytes == 0 || len(proof.Faults) != 0 {
		t.Errorf("%+v", proof)
	}
}
