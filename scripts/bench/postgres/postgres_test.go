package postgres_test

import (
	"net"
	"testing"
	"time"

	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/postgres"
)

func generators(t *testing.T, n int, from uint32) []*load.Generator {
	t.Helper()
	services := load.AllServices()
	var all []*load.Generator
	for i := range n {
		g, err := load.NewGenerator(services[i%len(services)], 40, from+uint32(i), uint64(i), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	return all
}

func TestEveryWayInFillsTheSameTable(t *testing.T) {
	bin := postgres.Find("")
	if bin == "" {
		t.Skip("no PostgreSQL on this machine")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := postgres.Start(t.Context(), bin, "", port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.Copy(t.Context(), 12_345, generators(t, 16, 0)); err != nil {
		t.Fatal(err)
	}
	want := uint64(12_345)
	for i, batch := range []int{1, 100} {
		plan := load.Plan{Callers: 4, Batch: batch, Measure: 100 * time.Millisecond}
		r, err := c.Insert(t.Context(), plan, generators(t, 4, uint32(100+100*i)))
		if err != nil {
			t.Fatal(err)
		}
		if r.Acknowledged == 0 {
			t.Errorf("%d rows a statement: nothing was inserted", batch)
		}
		want += r.Acknowledged
	}
	if got, err := c.Count(t.Context()); err != nil || got != want {
		t.Errorf("the table holds %d rows, %v, want %d", got, err, want)
	}
	left := 40
	h, seen, err := c.Trail(t.Context(), func() (int, bool) { left--; return left, left >= 0 })
	if err != nil || h.Count() != 40 || seen != 40*postgres.TrailRows {
		t.Errorf("%d looks brought %d events, %v, want a full page each", h.Count(), seen, err)
	}
	settings, err := c.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if (s.Name == "fsync" || s.Name == "synchronous_commit") && s.Value != "on" {
			t.Errorf("%s is %s: its commits are not durable", s.Name, s.Value)
		}
	}
}
