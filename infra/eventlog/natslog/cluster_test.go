package natslog_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

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

// openCopied opens the log of a ledger with three copies, over a connection of its own to one of the servers.
func openCopied(t testing.TB, c *clustertest.Cluster, name string) *natslog.Log {
	t.Helper()
	nc, err := bus.Connect(t.Context(), c.URL(), nil, nats.ReconnectWait(50*time.Millisecond))
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
			Log:   openCopied(t, c, name),
			Rival: func(t *testing.T) logtest.Log { return openCopied(t, c, name) },
		}
	})
}
