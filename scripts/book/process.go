package book

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/errors"
)

const (
	readyTime = 30 * time.Second // for a ledger to answer
	saidBytes = 8 << 10          // of what a process said that is kept
)

// Process is one run of the program.
type Process struct {
	HTTP, NATS string // URLs
	cmd        *exec.Cmd
	said       said
}

// Build builds the program into dir and gives its path.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "daybook")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/jigowatt/daybook").CombinedOutput()
	return binary, errors.Wrapf(err, "build: %s", out)
}

// Start starts daybook serve with these flags, on a free port for HTTP, and waits until it is ready. The caller ends it with Kill.
func Start(ctx context.Context, binary string, flags ...string) (*Process, error) {
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	p := &Process{HTTP: "http://" + address}
	p.cmd = exec.Command(binary, append([]string{"serve", "--http", address}, flags...)...)
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Wrap(err, "start the ledger")
	}
	starting, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	if err := Ready(starting, p.HTTP); err != nil {
		return nil, errors.CombineErrors(errors.Wrapf(err, "the ledger did not become ready: %s", p.Said()), p.Kill())
	}
	return p, nil
}

// Kill ends the process as a crash would. Its exit is not an error, unless it had ended by itself.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		return errors.Wrapf(err, "the ledger ended by itself: %s", p.Said())
	}
	_ = p.cmd.Wait() // the exit status is that of the signal
	return nil
}

// Said gives the end of what the process wrote.
func (p *Process) Said() string { return p.said.String() }

// FreeAddress gives an address on loopback that nobody listens on at this moment.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", errors.Wrap(err, "find a free port")
	}
	return l.Addr().String(), l.Close()
}

// Folds gives how often the process said that it lost its place and folds the log again.
func (p *Process) Folds() int {
	p.said.mu.Lock()
	defer p.said.mu.Unlock()
	return p.said.folds
}

// folded is what a ledger says when another writer, or a server, made it fold the log again.
const folded = "the writer lost its place and folds the log again"

// said keeps the end of what is written to it.
type said struct {
	mu    sync.Mutex
	text  []byte // at most twice saidBytes; guarded by mu
	folds int    // guarded by mu
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text, s.folds = append(s.text, p...), s.folds+bytes.Count(p, []byte(folded))
	if over := len(s.text) - saidBytes; over > saidBytes {
		s.text = append(s.text[:0], s.text[over:]...)
	}
	return len(p), nil
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(bytes.TrimSpace(s.text))
}

// Signal sends the process a signal.
func (p *Process) Signal(s os.Signal) error {
	return errors.Wrap(p.cmd.Process.Signal(s), "signal the ledger")
}
