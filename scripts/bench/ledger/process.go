package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/bench/child"
	"github.com/jigowatt/daybook/scripts/bench/load"
	"github.com/jigowatt/daybook/scripts/bench/report"
)

const (
	startFor = 60 * time.Second
	// awaitFor is how long the views may take to reach the end of the log.
	awaitFor = 10 * time.Minute
)

// Process is a ledger that serves.
type Process struct {
	binary, data       string
	httpPort, natsPort int
	place              Place
	child              *child.Process
	client             *http.Client
	started            time.Duration // from the start of the process to answering
}

// Build builds the daybook binary of this module into dir. It returns "" where the module has no program yet.
func Build(ctx context.Context, dir string) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/jigowatt/daybook").Output()
	if err != nil {
		return "", errors.WithHint(errors.Wrap(err, "find the module"), "Run the benchmark inside the module, with Go installed.")
	}
	source := strings.TrimSpace(string(root))
	if _, err := os.Stat(filepath.Join(source, "main.go")); errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	binary := filepath.Join(dir, "daybook")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.WithDetail(errors.Wrap(err, "build the ledger"), string(out))
	}
	return binary, nil
}

// Place is where the log of a ledger rests. The zero value is the embedded server.
type Place struct {
	Args []string // of daybook serve
	Env  []string
	URL  string // where callers record, where that is not the embedded server
}

// Start serves a fresh ledger under dir on two ports of the loopback, with the benchmark's register applied.
func Start(ctx context.Context, binary, dir string, httpPort, natsPort int, place Place) (*Process, error) {
	p := &Process{binary: binary, data: filepath.Join(dir, "ledger"), httpPort: httpPort, natsPort: natsPort, place: place,
		client: &http.Client{Timeout: time.Minute}}
	if err := p.serve(ctx); err != nil {
		return nil, err
	}
	if err := p.apply(ctx, filepath.Join(dir, "register.yaml")); err != nil {
		return nil, errors.CombineErrors(err, p.Stop())
	}
	return p, nil
}

func (p *Process) address() string { return "127.0.0.1:" + strconv.Itoa(p.httpPort) }

func (p *Process) serve(ctx context.Context) error {
	began := time.Now()
	c, err := child.Start(ctx, syscall.SIGTERM, func(ctx context.Context) *exec.Cmd {
		args := []string{"serve", "--data", p.data, "--http", p.address(), "--nats", "127.0.0.1:" + strconv.Itoa(p.natsPort)}
		cmd := exec.CommandContext(ctx, p.binary, append(args, p.place.Args...)...)
		cmd.Env = append(os.Environ(), p.place.Env...)
		return cmd
	})
	if err != nil {
		return err
	}
	p.child = c
	if err := c.Until(ctx, startFor, p.ready); err != nil {
		return errors.CombineErrors(err, c.Stop())
	}
	p.started = time.Since(began)
	return nil
}

// ready says whether the ledger answers over HTTP and over NATS. Views may still be behind.
func (p *Process) ready(ctx context.Context) bool {
	if _, err := p.get(ctx, "/livez"); err != nil {
		return false
	}
	conn, err := nats.Connect(p.Target().URL, nats.Timeout(time.Second))
	if err != nil {
		return false
	}
	defer conn.Close()
	_, err = conn.Request(wire.KeySubject, nil, time.Second)
	return err == nil
}

func (p *Process) apply(ctx context.Context, file string) error {
	document, err := Register()
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, document, 0o600); err != nil {
		return errors.Wrap(err, "write the benchmark's register")
	}
	return p.run(ctx, "apply", "-f", file, "--server", "http://"+p.address())
}

// run runs another verb of the binary.
func (p *Process) run(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, p.binary, args...).CombinedOutput()
	return errors.WithDetail(errors.Wrapf(err, "daybook %s", errors.Safe(args[0])), string(out[max(0, len(out)-4096):]))
}

// get reads the answer to a GET.
func (p *Process) get(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address()+path, nil)
	if err != nil {
		return nil, errors.Wrap(err, "request to the ledger")
	}
	return p.do(request, http.StatusOK)
}

// do reads the answer to a request, of at most 1 MiB. also is a status that is as good as 200.
func (p *Process) do(request *http.Request, also int) ([]byte, error) {
	reply, err := p.client.Do(request)
	if err != nil {
		return nil, errors.Wrap(err, "ask the ledger")
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, 1<<20))
	if err == nil && reply.StatusCode != http.StatusOK && reply.StatusCode != also {
		err = errors.WithDetail(errors.Newf("the ledger answered %d", errors.Safe(reply.StatusCode)), string(body[:min(len(body), 1024)]))
	}
	return body, errors.Wrap(err, "read the ledger's answer")
}

// Target is where callers record.
func (p *Process) Target() load.Target {
	url := p.place.URL
	if url == "" {
		url = "nats://127.0.0.1:" + strconv.Itoa(p.natsPort)
	}
	return load.Target{URL: url, Check: check,
		Subject: func(s load.Service) string {
			return wire.Subject{Kind: wire.Record, Controller: s.Controller, Service: s.Name}.String()
		}}
}

// check takes an answer for good only where every event has a receipt of its own, conformant and for the first time: what is
// refused, a duplicate or full of findings is other work than the benchmark means.
func check(m *nats.Msg, events int) error {
	if m.Header.Get(wire.HeaderError) != "" || bytes.Count(m.Data, []byte(`"verdict":"conformant"`)) != events ||
		bytes.Contains(m.Data, []byte(`"duplicate":true`)) {
		return errors.WithDetail(errors.New("a request to the ledger was not answered with good receipts"),
			m.Header.Get(wire.HeaderError)+" "+string(m.Data[:min(len(m.Data), 1024)]))
	}
	return nil
}

// permitted takes an answer for good only where it permits, as the benchmark's register does what is asked.
func permitted(m *nats.Msg, _ int) error {
	if m.Header.Get(wire.HeaderError) != "" || !bytes.Contains(m.Data, []byte(`"permitted":true`)) {
		return errors.WithDetail(errors.New("a question to the ledger was not answered by a permission"),
			m.Header.Get(wire.HeaderError)+" "+string(m.Data[:min(len(m.Data), 1024)]))
	}
	return nil
}

func (p *Process) status(ctx context.Context) (s wire.Status, err error) {
	body, err := p.get(ctx, "/api/v1/status")
	if err != nil {
		return s, err
	}
	return s, errors.Wrap(json.Unmarshal(body, &s), "read the ledger's status")
}

// End is how many events the log holds.
func (p *Process) End(ctx context.Context) (uint64, error) {
	s, err := p.status(ctx)
	return s.End, err
}

// Await returns when every view has reached the end of the log. A view that has stopped never will, and is an error.
func (p *Process) Await(ctx context.Context) error {
	var last error
	err := p.child.Until(ctx, awaitFor, func(ctx context.Context) bool {
		var s wire.Status
		if s, last = p.status(ctx); last != nil || len(s.Views) == 0 {
			return false
		}
		for _, v := range s.Views {
			if v.Stopped != "" {
				last = errors.Newf("view %s has stopped: %s", errors.Safe(v.Name), v.Stopped)
				return true
			}
			if v.Lag > 0 || v.Position < s.End {
				return false
			}
		}
		return true
	})
	return errors.CombineErrors(last, err)
}

// Stop ends the process.
func (p *Process) Stop() error { return p.child.Stop() }

// Settings lists what the ledger runs with.
func (p *Process) Settings() []report.Setting {
	now, peak := p.child.Memory()
	mib := func(b uint64) string { return strconv.FormatUint(b>>20, 10) + " MiB" }
	where := "defaults, embedded nats-server, a process of its own"
	if len(p.place.Args) > 0 {
		where = strings.Join(p.place.Args, " ") + ", a process of its own"
	}
	return []report.Setting{{Name: "daybook serve", Value: where},
		{Name: "start to answering", Value: p.started.Round(time.Millisecond).String()},
		{Name: "memory at the end", Value: mib(now) + ", at most " + mib(peak)}}
}
