package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/app"
)

// The test program is a ledger when one of these names a data directory: it opens it, or serves until its input ends.
const (
	childOpens  = "DAYBOOK_TEST_OPEN"
	childServes = "DAYBOOK_TEST_SERVE"
)

func TestMain(m *testing.M) {
	if data := os.Getenv(childOpens); data != "" {
		a, err := app.Open(context.Background(), app.Config{Data: data, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0"})
		if err == nil {
			err = a.Close()
		}
		exit(err)
	}
	if data := os.Getenv(childServes); data != "" {
		exit(serve(data))
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err == nil {
		os.Exit(0)
	}
	_, _ = os.Stderr.WriteString(err.Error() + "\n" + errors.FlattenHints(err) + "\n")
	os.Exit(3)
}

func serve(data string) error {
	a, err := app.Open(context.Background(), app.Config{Data: data, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return a.Run(ctx, func(at app.Addresses) { _ = json.NewEncoder(os.Stdout).Encode(at) })
}

// child is a whole ledger in a process of its own, so that its memory can be told from that of the test.
type child struct {
	*testing.T
	cmd *exec.Cmd
	in  io.Closer
	at  app.Addresses
	err strings.Builder
}

func startChild(t *testing.T, data string) *child {
	t.Helper()
	c := &child{T: t, cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childServes+"="+data)
	c.cmd.Stderr = &c.err
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.in = in
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		if t.Failed() {
			_ = c.cmd.Wait() // so that all that it said is here
			t.Logf("the ledger said: %.4000s", c.err.String())
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &c.at) != nil {
		_ = c.cmd.Wait()
		t.Fatalf("the ledger does not start: %v %s", err, c.err.String())
	}
	return c
}

// stop ends the ledger and wants it to end well.
func (c *child) stop() {
	c.Helper()
	_ = c.in.Close()
	if err := c.cmd.Wait(); err != nil {
		c.Errorf("the ledger ended with %v: %s", err, c.err.String())
	}
}

// peak gives the most memory that the process ever had, in bytes, 0 where the system does not say.
func (c *child) peak() int {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(c.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kilobytes, _ := strconv.Atoi(number)
	return kilobytes << 10
}
