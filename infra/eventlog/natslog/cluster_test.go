package natslog_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/bus/clustertest"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// clusterEnv asks for the tests on three server processes: "build", or the path of a nats-server.
const clusterEnv = "DAYBOOK_TEST_CLUSTER"

// startCluster starts three servers, where it was asked for.
func startCluster(t *testing.T) *clustertest.Cluster {
	t.Helper()
	binary := os.Getenv(clusterEnv)
	if binary == "" {
		t.Skip("three server processes take their time: set " + clusterEnv + "=build, or to the path of a nats-server")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if binary == "build" {
		var err error
		binary, err = clustertest.Build(ctx, t.TempDir())
		must(t, err)
	}
	c, err := clustertest.Start(ctx, clustertest.Config{Dir: t.TempDir(), Binary: binary})
	must(t, err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// openCopied opens the log of a ledger with three copies, over a connection of its own, to one of the servers as long as that one
// answers.
func openCopied(t testing.TB, c *clustertest.Cluster, name string, server int) *natslog.Log {
	t.Helper()
	nc, err := bus.Connect(t.Context(), c.URLFrom(server), nil, nats.DontRandomize(), nats.ReconnectWait(50*time.Millisecond))
	must(t, err)
	t.Cleanup(nc.Close)
	log, err := natslog.Open(t.Context(), nc, natslog.Config{Name: name, Replicas: 3})
	must(t, err)
	t.Cleanup(log.Close)
	return log
}

func TestContractOnThreeCopies(t *testing.T) {
	c := startCluster(t)
	var ledgers atomic.Int64
	logtest.Run(t, func(t *testing.T) logtest.Engine {
		name := fmt.Sprintf("l%d", ledgers.Add(1))
		return logtest.Engine{
			Log:   openCopied(t, c, name, 0),
			Rival: func(t *testing.T) logtest.Log { return openCopied(t, c, name, 1) },
		}
	})
}

// A server that is cut off leads the stream in its own opinion for some ten seconds more, while the others have chosen another leader
// and go on.
func TestALeaderThatWasReplacedIsNotBelieved(t *testing.T) {
	c := startCluster(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	openCopied(t, c, "", 0)
	old, err := c.Leader(ctx, "DAYBOOK")
	must(t, err)
	other := (old + 1) % c.Nodes()
	log := openCopied(t, c, "", other)
	must(t, log.Append(ctx, 0, [][]byte{[]byte("1")}))
	nc, err := bus.Connect(ctx, c.NodeURL(old), nil)
	must(t, err)
	t.Cleanup(nc.Close)
	behind, err := natslog.Open(ctx, nc, natslog.Config{Replicas: 3, AnswerTime: 500 * time.Millisecond})
	must(t, err)
	t.Cleanup(behind.Close)

	c.Isolate(old, false)
	for now := old; now == old; {
		if now, err = c.LeaderAt(ctx, "DAYBOOK", other); err != nil {
			now = old
			must(t, ctx.Err())
		}
	}
	for err := log.Append(ctx, 1, [][]byte{[]byte("2")}); err != nil; err = log.Append(ctx, 1, [][]byte{[]byte("2")}) {
		must(t, ctx.Err())
	}
	if now, err := c.LeaderAt(ctx, "DAYBOOK", old); err != nil || now != old {
		t.Errorf("the server that was cut off says that %d leads (%v), so this test shows nothing", now, err)
	}
	if err := readError(t, behind, 0); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("reading from a leader that was replaced gave %v, want it unavailable", err)
	}
	if _, err := natslog.Open(ctx, nc, natslog.Config{Replicas: 3, AnswerTime: 500 * time.Millisecond}); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("opening at a leader that was replaced gave %v, want it unavailable", err)
	}
	c.Join()
	must(t, c.Settle(ctx, "DAYBOOK"))
	logtest.Check(t, openCopied(t, c, "", old), [][]byte{[]byte("1"), []byte("2")})
}
