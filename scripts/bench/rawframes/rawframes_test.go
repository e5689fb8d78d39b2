package rawframes_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/rawframes"
)

// The test's own binary becomes the raw frames process, as the benchmark's does.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == rawframes.Argument {
		port, err := strconv.Atoi(os.Args[3])
		if err == nil {
			err = rawframes.Serve(context.Background(), os.Args[2], port, os.Stdin, os.Stdout)
		}
		if err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

func start(t *testing.T) *rawframes.Process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := rawframes.Start(t.Context(), filepath.Join(t.TempDir(), "store"), port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func generators(t *testing.T, from uint32) []*load.Generator {
	t.Helper()
	var all []*load.Generator
	for i, s := range load.AllServices() {
		g, err := load.NewGenerator(s, 1000, from+uint32(i), 1, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	return all
}

func TestWhatIsAnsweredIsStored(t *testing.T) {
	p := start(t)
	const events = 2000
	const line = load.EventBytes + 1
	var stored uint64
	for i, c := range []struct {
		rule  string
		to    load.Target
		batch int
	}{
		{"single events", p.Target(), 1}, {"single events, checked", p.Checked(), 1},
		{"batches", p.Target(), 60}, {"batches, checked", p.Checked(), 60},
	} {
		r, err := load.Run(t.Context(), c.to, load.Plan{Callers: 50, Batch: c.batch, Events: events}, generators(t, uint32(100*i)))
		if err != nil {
			t.Fatalf("%s: %v", c.rule, err)
		}
		if r.Acknowledged != events || r.Counted != events {
			t.Errorf("%s: %d acknowledged and %d counted, want %d", c.rule, r.Acknowledged, r.Counted, events)
		}
		after, err := p.Stored(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := after - stored; got < events*line {
			t.Errorf("%s: %d bytes stored, want at least %d", c.rule, got, events*line)
		}
		stored = after
	}
}

func TestBothKindsOfCallersCountOnlyWhatIsAnswered(t *testing.T) {
	p := start(t)
	plan := load.Plan{Callers: 20, Batch: 1, Warm: 20 * time.Millisecond, Measure: 200 * time.Millisecond}
	for name, run := range map[string]func(context.Context, load.Target, load.Plan, []*load.Generator) (load.Result, error){
		"cheap": load.Run, "requests": load.RunRequests,
	} {
		r, err := run(t.Context(), p.Target(), plan, generators(t, 1000))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r.Counted == 0 || r.Counted > r.Acknowledged || r.Latency.Count() != r.Counted {
			t.Errorf("%s: %d counted, %d timed, of %d acknowledged", name, r.Counted, r.Latency.Count(), r.Acknowledged)
		}
	}
}

func TestABadAnswerEndsTheRun(t *testing.T) {
	p := start(t)
	refusing := p.Checked()
	refusing.Check = func(*nats.Msg, int) error { return context.Canceled }
	if _, err := load.Run(t.Context(), refusing, load.Plan{Callers: 5, Batch: 1, Events: 50}, generators(t, 1)); err == nil {
		t.Error("a run with bad answers was taken for a measurement")
	}
}
