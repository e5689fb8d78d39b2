package clustertest

import (
	"context"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Fault is one way in which a cluster fails and is mended again.
type Fault struct {
	// Name says what fails.
	Name string
	// Make makes it fail, waits until the cluster serves the stream without what failed, mends it, and waits until every copy of the
	// stream has all of it.
	Make func(ctx context.Context, c *Cluster, stream string) error
	// Short says that it belongs to the short set, which takes less than a minute.
	Short bool
}

// Faults are the ways of failing that a cluster of three survives without losing what it acknowledged, one at a time.
func Faults() []Fault {
	return []Fault{
		{"leader killed", onLeader(killed), true},
		{"leader paused", onLeader(paused), true},
		{"leader cut off, connections break", onLeader(isolated(false)), false},
		{"leader cut off in silence", onLeader(isolated(true)), true},
		{"leader back on an empty disk", onLeader(wiped), true},
		{"follower killed", onFollower(killed), false},
		{"follower paused", onFollower(paused), false},
		{"follower cut off in silence", onFollower(isolated(true)), false},
		{"follower back on an empty disk", onFollower(wiped), false},
		{"rolling restart", rolling, false},
	}
}

// FaultsOfOne are the ways of failing of a server that stands alone.
func FaultsOfOne() []Fault {
	return []Fault{
		Nothing(),
		{"server killed", func(ctx context.Context, c *Cluster, _ string) error {
			return errors.CombineErrors(c.Kill(0), errors.CombineErrors(c.Restart(0), c.ready(ctx)))
		}, true},
	}
}

// Nothing is the fault of a quiet time.
func Nothing() Fault {
	return Fault{"nothing", func(context.Context, *Cluster, string) error { return nil }, true}
}

// failure makes one node fail, calls meanwhile, and mends the node.
type failure func(c *Cluster, node int, meanwhile func() error) error

func killed(c *Cluster, node int, meanwhile func() error) error {
	if err := c.Kill(node); err != nil {
		return err
	}
	return errors.CombineErrors(meanwhile(), c.Restart(node))
}

func paused(c *Cluster, node int, meanwhile func() error) error {
	if err := c.Pause(node); err != nil {
		return err
	}
	return errors.CombineErrors(meanwhile(), c.Resume(node))
}

func isolated(silent bool) failure {
	return func(c *Cluster, node int, meanwhile func() error) error {
		c.Isolate(node, silent)
		defer c.Join()
		return meanwhile()
	}
}

func wiped(c *Cluster, node int, meanwhile func() error) error {
	if err := c.Kill(node); err != nil {
		return err
	}
	if err := c.Wipe(node); err != nil {
		return err
	}
	return errors.CombineErrors(meanwhile(), c.Restart(node))
}

func onLeader(fail failure) func(context.Context, *Cluster, string) error {
	return func(ctx context.Context, c *Cluster, stream string) error {
		node, err := c.Leader(ctx, stream)
		if err != nil {
			return err
		}
		err = fail(c, node, func() error {
			return eventually(ctx, "another node leads the stream", func() error {
				now, err := c.LeaderAt(ctx, stream, (node+1)%c.Nodes())
				if err == nil && now == node {
					return errors.Wrap(domain.ErrUnavailable, "the stream has no other leader yet")
				}
				return err
			})
		})
		return errors.CombineErrors(err, c.Settle(ctx, stream))
	}
}

func onFollower(fail failure) func(context.Context, *Cluster, string) error {
	return func(ctx context.Context, c *Cluster, stream string) error {
		leader, err := c.Leader(ctx, stream)
		if err != nil {
			return err
		}
		node := (leader + 1) % c.Nodes()
		err = fail(c, node, func() error {
			return eventually(ctx, "the leader misses the node", func() error { return c.misses(ctx, stream, leader, node) })
		})
		return errors.CombineErrors(err, c.Settle(ctx, stream))
	}
}

func rolling(ctx context.Context, c *Cluster, stream string) error {
	for node := range c.Nodes() {
		if err := c.Stop(node); err != nil {
			return err
		}
		if err := c.Restart(node); err != nil {
			return err
		}
		if err := c.Settle(ctx, stream); err != nil {
			return err
		}
	}
	return nil
}
