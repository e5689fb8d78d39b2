package clustertest

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/bus"
)

const (
	serverModule = "github.com/nats-io/nats-server/v2" // in the version that go.mod names
	askTime      = 2 * time.Second                     // for one answer of the cluster
	lookTime     = 100 * time.Millisecond              // between two looks at it
	freshTime    = 3 * time.Second                     // since a copy was heard of; a leader sends every second
)

// Config says which cluster to start. Dir and Binary are required.
type Config struct {
	// Dir holds the nodes' configurations, logs and stores.
	Dir string
	// Binary is the nats-server to run; see Build.
	Binary string
	// Nodes is how many; 3.
	Nodes int
	// JetStream is what the nodes' jetstream block says beside the directory; "sync_interval: always".
	JetStream string
	// Extra is added to the end of each node's configuration.
	Extra string
}

// Cluster is a running cluster. Its methods are for one goroutine at a time.
type Cluster struct {
	nodes []*node
	wires map[[2]int]*wire // the route from the first node to the second
}

// Build builds the nats-server that go.mod names into dir, and gives its path.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "nats-server")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, serverModule).CombinedOutput()
	return binary, errors.Wrapf(err, "build nats-server: %s", out)
}

// Start starts a cluster and waits until JetStream has a leader. The caller ends it with Close.
func Start(ctx context.Context, cfg Config) (c *Cluster, err error) {
	if cfg.Nodes == 0 {
		cfg.Nodes = 3
	}
	if cfg.JetStream == "" {
		cfg.JetStream = "sync_interval: always"
	}
	c = &Cluster{wires: map[[2]int]*wire{}}
	defer func() {
		if err != nil {
			err = errors.CombineErrors(err, c.Close())
		}
	}()
	ports, err := freePorts(3 * cfg.Nodes)
	if err != nil {
		return nil, err
	}
	for i := range cfg.Nodes {
		c.nodes = append(c.nodes, newNode(cfg, i, ports[3*i:3*i+3]))
	}
	for _, from := range c.nodes {
		for _, to := range c.nodes {
			if from == to {
				continue
			}
			w, err := newWire(ctx, to.route)
			if err != nil {
				return nil, err
			}
			c.wires[[2]int{from.index, to.index}] = w
			from.routes = append(from.routes, "nats-route://"+w.address())
		}
	}
	for _, n := range c.nodes {
		if err := n.start(cfg); err != nil {
			return nil, err
		}
	}
	return c, c.ready(ctx)
}

// ready waits until JetStream answers on every node.
func (c *Cluster) ready(ctx context.Context) error {
	for i, n := range c.nodes {
		err := eventually(ctx, "JetStream has a leader", func() error {
			return c.ask(ctx, i, func(ctx context.Context, js jetstream.JetStream) error {
				_, err := js.AccountInfo(ctx)
				return err
			})
		})
		if err != nil {
			return errors.Wrapf(err, "%s says: %s", n.name, n.said())
		}
	}
	return nil
}

// Close kills the nodes and ends what runs between them.
func (c *Cluster) Close() error {
	for _, w := range c.wires {
		w.close()
	}
	var err error
	for _, n := range c.nodes {
		err = errors.CombineErrors(err, n.end())
	}
	return err
}

// Nodes gives how many nodes there are; they are named by their index.
func (c *Cluster) Nodes() int { return len(c.nodes) }

// URL names all nodes for clients, separated by commas.
func (c *Cluster) URL() string { return c.URLFrom(0) }

// URLFrom is URL with one node first.
func (c *Cluster) URLFrom(node int) string {
	urls := make([]string, len(c.nodes))
	for i := range c.nodes {
		urls[i] = c.nodes[(node+i)%len(c.nodes)].url()
	}
	return strings.Join(urls, ",")
}

// NodeURL names one node for clients.
func (c *Cluster) NodeURL(node int) string { return c.nodes[node].url() }

// Store gives the directory that a node keeps its streams in.
func (c *Cluster) Store(node int) string { return c.nodes[node].store }

// MonitorURL gives the address of a node's HTTP monitoring.
func (c *Cluster) MonitorURL(node int) string { return "http://" + c.nodes[node].monitor }

// Leader gives the node that leads a stream. No node may be cut off.
func (c *Cluster) Leader(ctx context.Context, stream string) (leader int, err error) {
	err = eventually(ctx, "the stream has a leader", func() (err error) {
		leader, err = c.LeaderAt(ctx, stream, leader)
		return err
	})
	return leader, err
}

// LeaderAt gives the node that leads a stream in the opinion of those whom one node reaches, at once. It returns domain.ErrUnavailable
// where there is none.
func (c *Cluster) LeaderAt(ctx context.Context, stream string, node int) (int, error) {
	info, err := c.look(ctx, stream, node)
	if err != nil {
		return 0, err
	}
	for i, n := range c.nodes {
		if n.name == info.Cluster.Leader {
			return i, nil
		}
	}
	return 0, errors.Wrap(domain.ErrUnavailable, "the stream's leader is no node")
}

// Settle waits until every copy of a stream has all of it. All nodes must run.
func (c *Cluster) Settle(ctx context.Context, stream string) error {
	node := 0
	return eventually(ctx, "every copy of the stream has all of it", func() error {
		node = (node + 1) % len(c.nodes)
		info, err := c.look(ctx, stream, node)
		if err != nil {
			return err
		}
		if len(info.Cluster.Replicas) != info.Config.Replicas-1 {
			return errors.Wrap(domain.ErrUnavailable, "the stream lacks copies")
		}
		for _, r := range info.Cluster.Replicas {
			if !r.Current || r.Offline || r.Active > freshTime {
				return errors.Wrap(domain.ErrUnavailable, "a copy of the stream has fallen behind")
			}
		}
		return nil
	})
}

// misses succeeds where the stream's leader has not heard of a node for a while.
func (c *Cluster) misses(ctx context.Context, stream string, leader, node int) error {
	info, err := c.look(ctx, stream, leader)
	if err != nil {
		return err
	}
	for _, r := range info.Cluster.Replicas {
		if r.Name == c.nodes[node].name && (r.Offline || r.Active > freshTime) {
			return nil
		}
	}
	return errors.Wrap(domain.ErrUnavailable, "the leader still hears of the node")
}

// look asks for a stream once, at one node.
func (c *Cluster) look(ctx context.Context, stream string, node int) (info *jetstream.StreamInfo, err error) {
	err = c.ask(ctx, node, func(ctx context.Context, js jetstream.JetStream) error {
		s, err := js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		if info = s.CachedInfo(); info.Cluster == nil {
			return errors.Wrap(domain.ErrUnavailable, "the stream does not say who leads it")
		}
		return nil
	})
	return info, err
}

// ask asks one node something over a connection of its own: one that is kept would not notice that its node hangs.
func (c *Cluster) ask(ctx context.Context, node int, question func(context.Context, jetstream.JetStream) error) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	nc, err := bus.Connect(ctx, c.NodeURL(node), nil, nats.NoReconnect())
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return errors.Wrap(err, "prepare the connection for JetStream")
	}
	return question(ctx, js)
}

// eventually tries until it succeeds or ctx ends.
func eventually(ctx context.Context, what string, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.WithSecondaryError(errors.Wrapf(domain.ErrUnavailable, "wait until %s", errors.Safe(what)), err)
		case <-time.After(lookTime):
		}
	}
}

// Ports are taken from below those that systems give out by themselves, so that no connection can have one while its node is down.
const firstPort, lastPort, portTries = 20_000, 32_000, 1_000

// freePorts gives ports that nobody listens on at this moment.
func freePorts(n int) ([]string, error) {
	var addresses []string
	for try := 0; len(addresses) < n; try++ {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort)))
		switch {
		case err == nil:
			defer l.Close() // all are held until all are found, so that they differ
			addresses = append(addresses, l.Addr().String())
		case try >= portTries:
			return nil, errors.Wrap(err, "find a free port")
		}
	}
	return addresses, nil
}

// makeDirectory makes a node's directory.
func makeDirectory(dir string) error {
	return errors.Wrap(os.MkdirAll(dir, 0o700), "make the directory of a node")
}
