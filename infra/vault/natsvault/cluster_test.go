package natsvault_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/bus/clustertest"
	"github.com/jigowatt/daybook/infra/vault/natsvault"
	"github.com/jigowatt/daybook/infra/vault/vaulttest"
)

// startCluster starts three servers, where it was asked for.
func startCluster(t *testing.T) *clustertest.Cluster {
	t.Helper()
	binary := os.Getenv("DAYBOOK_TEST_CLUSTER")
	if binary == "" {
		t.Skip("three server processes take their time: set DAYBOOK_TEST_CLUSTER to the path of a nats-server")
	}
	c, err := clustertest.Start(t.Context(), clustertest.Config{Dir: t.TempDir(), Binary: binary})
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

func openCopied(t *testing.T, c *clustertest.Cluster, name string) *natsvault.Vault {
	t.Helper()
	nc, err := bus.Connect(t.Context(), c.URL(), nil)
	must(t, err)
	t.Cleanup(nc.Close)
	return open(t, nc, natsvault.Config{Name: name, Replicas: 3})
}

func TestContractOnThreeCopies(t *testing.T) {
	c := startCluster(t)
	var vaults atomic.Int64
	vaulttest.Run(t, vaulttest.Harness{New: func(t *testing.T) vaulttest.Vault {
		return openCopied(t, c, fmt.Sprint("v", vaults.Add(1)))
	}})
}

// The servers of a cluster also keep what they agreed upon, and cut it off every two minutes and a little more.
func TestForgettingLeavesNoByteOnThreeCopies(t *testing.T) {
	if testing.Short() {
		t.Skip("the servers keep what they agreed upon for two to four minutes: run it without -short")
	}
	c := startCluster(t)
	v := openCopied(t, c, "")
	keys, traces := crowd(t, v, 60)
	for _, key := range keys {
		must(t, v.Forget(t.Context(), key))
	}
	began := time.Now()
	left := func() (n int, where string) {
		for node := range c.Nodes() {
			more, at := held(files(t, c.Store(node)), traces)
			if n += more; more > 0 {
				where = at
			}
		}
		return n, where
	}
	at, where := left()
	t.Logf("at once: %d traces are left on three servers (%s)", at, where)
	deadline, tick := time.NewTimer(5*time.Minute), time.NewTicker(5*time.Second)
	defer deadline.Stop()
	defer tick.Stop()
	for n := at; n > 0; n, where = left() {
		select {
		case <-deadline.C:
			t.Fatalf("%d traces are left in %s", n, where)
		case <-tick.C:
		}
	}
	t.Logf("none is left after %s", time.Since(began).Round(time.Second))
}
