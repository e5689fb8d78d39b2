package app_test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// post records over HTTP and wants a receipt.
func (r *running) record(t *testing.T, id string) wire.Receipt {
	t.Helper()
	b := newBooks()
	if !b.post(t, r.at.HTTP, id) {
		t.Fatalf("%s was not recorded: %+v", id, b)
	}
	return b.receipts[id]
}

// ready asks whether the ledger is ready.
func (r *running) ready(t *testing.T) (bool, string) {
	t.Helper()
	res, err := http.Get(r.at.HTTP + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode == http.StatusOK, body.String()
}

func TestALedgerIsTheSameAfterARestart(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	r := start(t, data)
	first := r.record(t, "a")
	if ready, why := r.ready(t); !ready {
		t.Errorf("not ready: %s", why)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r = start(t, data)
	again := r.record(t, "a")
	if !again.Duplicate || again.Position != first.Position || !bytes.Equal(again.Leaf, first.Leaf) {
		t.Errorf("first %+v, then %+v", first, again)
	}
	if next := r.record(t, "b"); next.Position != 1 {
		t.Errorf("%+v", next)
	}
}

// What is made of the log may be deleted: it is made again.
func TestWhatIsMadeOfTheLogIsMadeAgain(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"memory", "views"} {
		t.Run(folder, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			r := start(t, data)
			first := r.record(t, "a")
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(data, folder)); err != nil {
				t.Fatal(err)
			}
			r = start(t, data)
			if again := r.record(t, "a"); !again.Duplicate || again.Position != first.Position {
				t.Errorf("first %+v, then %+v", first, again)
			}
			until(t, "the trail", func() bool {
				status, body := r.post(t, "/api/v1/controllers/fenland-cycles/people/trail", "application/json", `{"person":"email:a@example.org"}`)
				return status == http.StatusOK && strings.Contains(body, `"position":0`)
			})
		})
	}
}

func TestADirectoryHasOneProcess(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	r := start(t, data)
	child := func() (string, error) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childOpens+"="+data)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := child(); err == nil || !strings.Contains(out, "Another daybook runs on this directory") {
		t.Errorf("a second process: %v %q", err, out)
	}
	for name, open := range map[string]func() error{
		"in the same process": func() error {
			_, err := app.Open(t.Context(), app.Config{Data: data, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0"})
			return err
		},
		"as a stopped ledger": func() error { _, err := app.OpenStopped(t.Context(), app.Config{Data: data}); return err },
	} {
		if err := open(); !errors.Is(err, domain.ErrUnavailable) || !strings.Contains(errors.FlattenHints(err), "Another daybook") {
			t.Errorf("%s: %v, hints %q", name, err, errors.FlattenHints(err))
		}
	}
	r.record(t, "a") // nothing of that hurt the first
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if out, err := child(); err != nil {
		t.Errorf("after the first ended: %v %s", err, out)
	}
}

func TestNothingListensBeyondLoopback(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"0.0.0.0:0", ":0", "[::]:0", "10.0.0.1:0", "192.168.1.1:0", "example.org:0", "localhost.example.org:0", "127.0.0.1.example.org:0",
		"[::ffff:10.0.0.1]:0", "169.254.1.1:0", "2130706433:0",
	} {
		for door, cfg := range map[string]app.Config{"HTTP": {HTTP: address, NATS: "127.0.0.1:0"}, "NATS": {HTTP: "127.0.0.1:0", NATS: address}} {
			cfg.Data = filepath.Join(t.TempDir(), "data")
			a, err := app.Open(t.Context(), cfg)
			if !errors.Is(err, domain.ErrForbidden) || !strings.Contains(errors.FlattenHints(err), "access control") {
				t.Errorf("%s on %s: %v", door, address, err)
			}
			if err == nil {
				_ = a.Close()
			}
			if _, err := os.Stat(cfg.Data); err == nil {
				t.Errorf("%s on %s: the directory was made", door, address)
			}
		}
	}
	for _, address := range []string{"127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:-1", "", "[::1"} {
		cfg := app.Config{Data: t.TempDir(), HTTP: address, NATS: "127.0.0.1:0"}
		if address == "" {
			cfg.Data, cfg.HTTP = "", "127.0.0.1:0"
		}
		if _, err := app.Open(t.Context(), cfg); !errors.Is(err, domain.ErrInvalid) || errors.FlattenHints(err) == "" {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, address := range []string{"localhost:0", "127.8.8.8:0", "127.0.0.1:0"} {
		a, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), HTTP: address, NATS: address})
		if err != nil {
			t.Errorf("%s: %+v", address, err)
			continue
		}
		if err := a.Close(); err != nil {
			t.Errorf("%s: %+v", address, err)
		}
	}
}

// What fails half way leaves nothing open or locked.
func TestAStartThatFailsCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	data := filepath.Join(t.TempDir(), "data")
	for door, cfg := range map[string]app.Config{
		"HTTP": {HTTP: taken.Addr().String(), NATS: "127.0.0.1:0"}, "NATS": {HTTP: "127.0.0.1:0", NATS: taken.Addr().String()},
	} {
		cfg.Data = data
		if _, err := app.Open(t.Context(), cfg); !errors.Is(err, domain.ErrUnavailable) || errors.FlattenHints(err) == "" {
			t.Errorf("%s on a port in use: %v", door, err)
		}
	}
	start(t, data).record(t, "a")
}

func TestHealthTurnsBadWhenTheWriterDoesNotRun(t *testing.T) {
	t.Parallel()
	r := start(t, filepath.Join(t.TempDir(), "data"))
	if err := app.Healthy(r.app); err != nil {
		t.Errorf("while it runs: %v", err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if err := app.Healthy(r.app); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("after the writer ended: %v", err)
	}
}

func TestAStoppedLedgerIsReadAndRebuilt(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	if _, err := app.OpenStopped(t.Context(), app.Config{Data: data}); !errors.Is(err, domain.ErrNotFound) || errors.FlattenHints(err) == "" {
		t.Errorf("no ledger: %v", err)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("the directory was made")
	}
	r := start(t, data)
	r.record(t, "a")
	r.record(t, "b")
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	s, err := app.OpenStopped(t.Context(), app.Config{Data: data})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	n := 0
	for batch, err := range s.Read(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		n += len(batch.Events)
		if batch.CaughtUp {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d events", n)
	}
	seen := map[string]app.Progress{}
	if err := s.Rebuild(t.Context(), nil, func(view string, p app.Progress) { seen[view] = p }); err != nil {
		t.Fatalf("%+v", err)
	}
	if len(seen) != len(app.Views()) {
		t.Errorf("rebuilt %v", seen)
	}
	for view, p := range seen {
		if p.Position != 2 {
			t.Errorf("%s: %+v", view, p)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	start(t, data).record(t, "c")
}
