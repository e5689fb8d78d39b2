// Package child runs a side of the benchmark as a process of its own, so that each is measured with its own heap and none is
// left behind. It does not know what the process does.
package child

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/errors"
)

// stopFor is how long a process may take to stop after it was asked to.
const stopFor = 60 * time.Second

// Process is a running child.
type Process struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	output *tail
	done   chan struct{} // closed when the process has ended
}

// Start starts the command made by build under a context that ends when the process is stopped or when ctx ends; the process
// then gets the signal stop. What it writes to standard error, and to standard output unless build set it, is kept (the last
// 8 KiB) for the error that tells of its failure.
func Start(ctx context.Context, stop os.Signal, build func(context.Context) *exec.Cmd) (*Process, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &Process{cmd: build(ctx), cancel: cancel, output: &tail{}, done: make(chan struct{})}
	p.cmd.Stderr = p.output
	if p.cmd.Stdout == nil {
		p.cmd.Stdout = p.output
	}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(stop) }
	p.cmd.WaitDelay = stopFor
	if err := p.cmd.Start(); err != nil {
		cancel()
		return nil, errors.Wrap(err, "start a side")
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is read from its state
		close(p.done)
	}()
	return p, nil
}

// Stop asks the process to end, waits until it has, and returns an error only where it had to be killed.
func (p *Process) Stop() error {
	p.cancel()
	<-p.done
	if strings.Contains(p.cmd.ProcessState.String(), "killed") {
		return errors.New("a side had to be killed")
	}
	return nil
}

// Until asks ready, at first after a millisecond and then ever more rarely down to twenty times a second, until it says yes. It returns an error when the process ends before or patience
// does.
func (p *Process) Until(ctx context.Context, patience time.Duration, ready func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pause := time.Millisecond
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		if ready(ctx) {
			return nil
		}
		select {
		case <-p.done:
			return errors.WithDetail(errors.New("a side ended early"), p.output.String())
		case <-ctx.Done():
			return errors.WithDetail(errors.Wrap(ctx.Err(), "a side did not become ready"), p.output.String())
		case <-timer.C:
			pause = min(pause*2, 50*time.Millisecond)
			timer.Reset(pause)
		}
	}
}

// Output is the last that the process wrote.
func (p *Process) Output() string { return p.output.String() }

// Memory is the resident memory of the process in bytes and the most it ever was, 0 where the system does not tell.
func (p *Process) Memory() (now, peak uint64) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(status)) {
		name, rest, _ := strings.Cut(line, ":")
		kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "VmRSS":
			now = kib << 10
		case "VmHWM":
			peak = kib << 10
		}
	}
	return now, peak
}

// tail keeps the last that was written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const tailBytes = 8 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - tailBytes; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.kept))
}
