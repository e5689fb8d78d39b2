package rawframes

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/scripts/bench/child"
	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/report"
)

// Argument is the first argument with which the benchmark's own binary becomes the raw frames process; directory and port
// follow.
const Argument = "raw-frames-server"

// Process is the raw frames side, running as a process of its own.
type Process struct {
	child *child.Process
	url   string
}

// Start runs this program again as the raw frames process and waits until it is ready.
func Start(ctx context.Context, dir string, port int) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, errors.Wrap(err, "find the benchmark's own binary")
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, errors.Wrap(err, "raw frames pipe")
	}
	defer read.Close()
	c, err := child.Start(ctx, syscall.SIGTERM, func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, self, Argument, dir, strconv.Itoa(port))
		cmd.Stdout = write
		_, _ = cmd.StdinPipe() // stays open until the process is waited for
		return cmd
	})
	_ = write.Close()
	if err != nil {
		return nil, err
	}
	if line, err := bufio.NewReader(read).ReadString('\n'); err != nil || line != "ready\n" {
		return nil, errors.WithDetail(errors.CombineErrors(errors.New("the raw frames side did not start"), c.Stop()), c.Output())
	}
	return &Process{c, "nats://127.0.0.1:" + strconv.Itoa(port)}, nil
}

// Stop ends the process.
func (p *Process) Stop() error { return p.child.Stop() }

// Target is where callers record.
func (p *Process) Target() load.Target { return p.target("daybook.v1.record.") }

// Checked is where callers record with a responder that decodes every event before it takes it.
func (p *Process) Checked() load.Target { return p.target("checked.v1.record.") }

func (p *Process) target(prefix string) load.Target {
	return load.Target{URL: p.url, Check: check,
		Subject: func(s load.Service) string { return prefix + s.Controller + "." + s.Name }}
}

// Plain is where callers publish one event to JetStream, without a responder; its acknowledgement comes after the fsync.
func (p *Process) Plain() load.Target {
	return load.Target{URL: p.url, Check: checkPlain, Subject: func(load.Service) string { return PlainSubject }}
}

func check(m *nats.Msg, _ int) error {
	if !bytes.HasPrefix(m.Data, []byte(`{"frame":`)) {
		return errors.New("a raw request was not answered")
	}
	return nil
}

func checkPlain(m *nats.Msg, _ int) error {
	if !bytes.Contains(m.Data, []byte(`"seq":`)) {
		return errors.New("a plain publish was not acknowledged")
	}
	return nil
}

// Stored counts the bytes that the stream of frames holds, so that a caller can see that what was answered is there.
func (p *Process) Stored(ctx context.Context) (uint64, error) {
	conn, err := nats.Connect(p.url)
	if err != nil {
		return 0, errors.Wrap(err, "look at the raw frames")
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return 0, errors.Wrap(err, "look at the raw stream")
	}
	stream, err := js.Stream(ctx, framesStream)
	if err != nil {
		return 0, errors.Wrap(err, "find the raw stream")
	}
	return stream.CachedInfo().State.Bytes, nil
}

// Settings lists what the side runs with.
func Settings() []report.Setting {
	return []report.Setting{{Name: "nats-server", Value: server.VERSION + ", embedded, a process of its own"},
		{Name: "storage", Value: "file, one replica"}, {Name: "sync_interval", Value: "always"},
		{Name: "max_payload", Value: "8 MiB"}, {Name: "stream", Value: "discard new, deny delete and purge"},
		{Name: "responder", Value: "in-process connection, all that waits becomes one frame, expected last sequence"}}
}
