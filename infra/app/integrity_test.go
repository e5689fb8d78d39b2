package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

// blocks gives the files that hold the log.
func blocks(t *testing.T, data string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(data, "nats", "jetstream", "*", "streams", "DAYBOOK", "msgs", "*.blk"))
	if err != nil || len(list) == 0 {
		t.Fatalf("the log's files are not found: %v", err)
	}
	return list
}

// A bit of the log's own files is changed while the ledger is stopped: whether it was stopped cleanly or not, it does not start, or
// says within seconds what is wrong, takes nothing on, and verifying names a position. JetStream alone loses the events silently.
func TestABitChangedInTheLogIsNeverSilent(t *testing.T) {
	t.Parallel()
	sound := filepath.Join(t.TempDir(), "data")
	r := start(t, sound)
	for i := range 40 {
		var batch []string
		for n := range 25 {
			batch = append(batch, event(fmt.Sprintf("bit-%d-%d", i, n), "email:ada@example.org", ""))
		}
		if status, body := r.post(t, "/api/v1/record/fenland-cycles/webshop", wire.ContentBatch, "["+strings.Join(batch, ",")+"]"); status >= 300 {
			t.Fatalf("%d %s", status, body)
		}
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if said := damaged(t, copied(t, sound), 3*time.Second); said != "" {
		t.Fatalf("the sound ledger is %s", said)
	}
	done, silent := 0, 0
	for _, clean := range []bool{true, false} {
		for _, place := range []int{1, 5, 9} { // tenths of the file
			data := copied(t, sound)
			block := slices.Max(blocks(t, data))
			content, err := os.ReadFile(block)
			if err != nil {
				t.Fatal(err)
			}
			content[len(content)*place/10] ^= 1
			if err := os.WriteFile(block, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if !clean { // what JetStream writes down when it is stopped
				if err := os.Remove(filepath.Join(filepath.Dir(block), "index.db")); err != nil {
					t.Fatal(err)
				}
			}
			done++
			if said := damaged(t, data, patience); said == "" {
				silent++
				t.Errorf("stopped cleanly %v, place %d: silent", clean, place)
			} else {
				t.Logf("stopped cleanly %v, place %d: %s", clean, place, said)
			}
		}
	}
	t.Logf("%d changed bits, %d silent", done, silent)
}

// copied gives a copy of a data directory, whose key nobody else can read.
func copied(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(to, "keys", "kek"), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// damaged says what the ledger says about itself, empty where it takes its damaged history for whole for so long.
func damaged(t *testing.T, data string, within time.Duration) string {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Data: data, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0"})
	if err != nil {
		if errors.Is(err, app.ErrDamaged) && !strings.Contains(errors.FlattenHints(err), "daybook verify") {
			t.Error("there is no hint")
		}
		return "does not start: " + errors.Redact(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan app.Addresses, 1), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func(at app.Addresses) { ready <- at }) }()
	defer func() { stop(); <-ended }()
	at := <-ready
	for deadline := time.Now().Add(within); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		res, err := http.Get(at.HTTP + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode == http.StatusServiceUnavailable && bytes.Contains(body, []byte("position")) {
			taken, err := http.Post(at.HTTP+"/api/v1/record/fenland-cycles/webshop", wire.ContentEvent, strings.NewReader(event("after", "email:ada@example.org", "")))
			if err != nil {
				t.Fatal(err)
			}
			_ = taken.Body.Close()
			if taken.StatusCode < 500 {
				t.Errorf("an event was taken on with %d", taken.StatusCode)
			}
			return "red: " + string(body)
		}
	}
	return ""
}
