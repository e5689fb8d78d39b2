package clustertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cockroachdb/errors"
)

// nowhere is advertised to the other nodes, so that they reach each other by the wires only, which can be cut.
const nowhere = "127.0.0.1:1"

// node is one server process.
type node struct {
	index                  int
	name                   string
	dir, store             string
	client, route, monitor string // addresses
	routes                 []string
	binary                 string
	cmd                    *exec.Cmd // nil while it does not run
}

func newNode(cfg Config, index int, addresses []string) *node {
	name := fmt.Sprintf("node%d", index)
	dir := filepath.Join(cfg.Dir, name)
	return &node{
		index: index, name: name, dir: dir, store: filepath.Join(dir, "store"), binary: cfg.Binary,
		client: addresses[0], route: addresses[1], monitor: addresses[2],
	}
}

func (n *node) url() string { return "nats://" + n.client }

// start writes the configuration and starts the process for the first time.
func (n *node) start(cfg Config) error {
	if err := makeDirectory(n.dir); err != nil {
		return err
	}
	text := fmt.Sprintf(`server_name: %s
listen: %q
http: %q
max_payload: 8MB
max_pending: 64MB
jetstream { store_dir: %q, %s }
%s
`, n.name, n.client, n.monitor, n.store, cfg.JetStream, cfg.Extra)
	if len(n.routes) > 0 {
		text += fmt.Sprintf("cluster { name: test, listen: %q, advertise: %q, no_advertise: true, routes: [%s] }\n",
			n.route, nowhere, strings.Join(n.routes, ", "))
	}
	if err := os.WriteFile(n.configuration(), []byte(text), 0o600); err != nil {
		return errors.Wrap(err, "write the configuration of a node")
	}
	return n.run()
}

func (n *node) configuration() string { return filepath.Join(n.dir, "nats.conf") }

// run starts the process on what its directory holds.
func (n *node) run() error {
	log, err := os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return errors.Wrap(err, "open the log of a node")
	}
	defer log.Close() // the process has its own
	cmd := exec.Command(n.binary, "-c", n.configuration())
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return errors.Wrap(err, "start a node")
	}
	n.cmd = cmd
	return nil
}

// signal sends a signal to a process that runs.
func (n *node) signal(s syscall.Signal) error {
	if n.cmd == nil {
		return errors.AssertionFailedf("node %d does not run", errors.Safe(n.index))
	}
	return errors.Wrap(n.cmd.Process.Signal(s), "signal a node")
}

// said gives the end of what the process logged.
func (n *node) said() string {
	log, err := os.ReadFile(filepath.Join(n.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-2048):])
}

// wait waits for the process to end after a signal that ends it.
func (n *node) wait() {
	_ = n.cmd.Wait() // the exit status is that of the signal
	n.cmd = nil
}

// end kills the process where it runs.
func (n *node) end() error {
	if n.cmd == nil {
		return nil
	}
	err := n.signal(syscall.SIGKILL)
	n.wait()
	return err
}

// Kill ends a node as a crash would.
func (c *Cluster) Kill(node int) error { return c.nodes[node].end() }

// Stop ends a node in order.
func (c *Cluster) Stop(node int) error {
	n := c.nodes[node]
	if err := n.signal(syscall.SIGTERM); err != nil {
		return err
	}
	n.wait()
	return nil
}

// Restart starts a node that was killed or stopped, on what it kept.
func (c *Cluster) Restart(node int) error { return c.nodes[node].run() }

// Wipe takes away everything that a node kept; it must not run.
func (c *Cluster) Wipe(node int) error {
	n := c.nodes[node]
	if n.cmd != nil {
		return errors.AssertionFailedf("node %d runs", errors.Safe(node))
	}
	return errors.Wrap(os.RemoveAll(n.store), "wipe a node")
}

// Pause stops a node from running without ending it, as a machine that hangs would.
func (c *Cluster) Pause(node int) error { return c.nodes[node].signal(syscall.SIGSTOP) }

// Resume lets a paused node go on.
func (c *Cluster) Resume(node int) error { return c.nodes[node].signal(syscall.SIGCONT) }

// Isolate cuts a node off from all others. Clients reach it still. With silent, nothing arrives any more but no connection ends, and
// what was under way arrives when the node is joined again; otherwise connections break and none can be made.
func (c *Cluster) Isolate(node int, silent bool) {
	for ends, w := range c.wires {
		if ends[0] == node || ends[1] == node {
			w.cut(silent)
		}
	}
}

// Join ends every isolation.
func (c *Cluster) Join() {
	for _, w := range c.wires {
		w.mend()
	}
}
