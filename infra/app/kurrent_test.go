package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog/kurrenttest"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestALedgerRunsOnKurrentDB(t *testing.T) {
	t.Parallel()
	s := kurrenttest.Start(t, kurrenttest.Config{})
	data := filepath.Join(t.TempDir(), "data")
	cfg := app.Config{Data: data, Engine: app.EngineKurrentDB, KurrentDBURL: s.URL(), Name: "fenland", NATS: "127.0.0.1:0", HTTP: "127.0.0.1:0"}
	b := newBooks()
	for round := range 3 {
		r := startWith(t, cfg)
		nc, gone := dial(t, r.at.NATS)
		for i := range 20 {
			id := fmt.Sprintf("r%d-%d", round, i)
			if kind := []wire.Kind{wire.Record, wire.Inbox}[i%2]; !b.record(t, nc, gone, kind, id) {
				t.Fatalf("%s was not answered", id)
			}
			b.post(t, r.at.HTTP, id+"-http")
		}
		if len(b.refused)+len(b.unheard) > 0 {
			t.Fatalf("refused %v, unheard %v", b.refused, b.unheard)
		}
		waitFor(t, "everything is in the log", func() bool { return len(s.DB().Events("daybook-fenland")) >= 40*(round+1) })
		waitFor(t, "a person's record tells it", func() bool { return strings.Contains(trailOf(t, r.at.HTTP, "email:r00@example.org"), "Store") })
		if round == 1 { // the server goes and comes, and the ledger says so meanwhile
			s.Stop()
			waitFor(t, "the ledger says that it is not ready", func() bool { return status(t, r.at.HTTP+"/readyz") != http.StatusOK })
			s.Resume()
			waitFor(t, "the ledger is ready again", func() bool { return status(t, r.at.HTTP+"/readyz") == http.StatusOK })
			waitFor(t, "it records again", func() bool {
				b.post(t, r.at.HTTP, "after")
				return b.receipts["after"].ID != ""
			})
		}
		must(t, r.stop())
	}
	for id, receipt := range b.receipts {
		var e struct{ ID string }
		if err := json.Unmarshal(s.DB().Events("daybook-fenland")[receipt.Position].Data, &e); err != nil || e.ID != id {
			t.Errorf("position %d holds %q, and its receipt is for %q", receipt.Position, e.ID, id)
		}
	}
	cfg.Engine = "" // the directory knows
	stopped, err := app.OpenStopped(t.Context(), cfg)
	must(t, err)
	head, err := stopped.Verify(t.Context(), app.Verification{})
	must(t, err)
	if int(head.Size) != len(s.DB().Events("daybook-fenland")) {
		t.Errorf("verified %d of %d", head.Size, len(s.DB().Events("daybook-fenland")))
	}
	must(t, stopped.Close())
	cfg.Engine = app.EngineNATS
	if _, err := app.Open(t.Context(), cfg); !errors.Is(err, domain.ErrConflict) || errors.FlattenHints(err) == "" {
		t.Errorf("with another engine the directory was opened with %v", err)
	}
	if _, err := app.OpenRepair(t.Context(), app.Config{Data: data}, ""); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("a log elsewhere was to be repaired here: %v", err)
	}
	s.DB().Lose("daybook-fenland", 3)
	cfg.Engine = ""
	if _, err := app.Open(t.Context(), cfg); !errors.Is(err, app.ErrDamaged) {
		t.Errorf("a server that lost events was opened with %v", err)
	}
	remove(t, data, "tiles", "checkpoint", "acknowledged") // only the memory and the views know
	var damage *app.Damage
	left := domain.Position(len(s.DB().Events("daybook-fenland")))
	if _, err := app.Open(t.Context(), cfg); !errors.As(err, &damage) || damage.From != left || damage.To != head.Size {
		t.Errorf("without a proof it was opened with %v, want positions %s to %s", err, left, head.Size)
	}
	if _, err := os.Stat(filepath.Join(data, "checkpoint")); !os.IsNotExist(err) {
		t.Errorf("something was signed: %v", err)
	}
	t.Logf("%d receipts, %d in the inbox, %d events", len(b.receipts), len(b.rests), head.Size)
}

func TestEnginesThatCannotBeAreRefused(t *testing.T) {
	for name, cfg := range map[string]app.Config{
		"an unknown engine":     {Engine: "eventstore"},
		"no connection string":  {Engine: app.EngineKurrentDB},
		"a tiny largest append": {Engine: app.EngineKurrentDB, KurrentDBURL: "esdb://127.0.0.1:1?tls=false", KurrentDBMaxAppend: 1},
	} {
		cfg.Data, cfg.NATS, cfg.HTTP = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0"
		if _, err := app.Open(t.Context(), cfg); !errors.Is(err, domain.ErrInvalid) || errors.FlattenHints(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for tick := time.NewTicker(20 * time.Millisecond); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to be that %s", what)
		}
	}
}

func status(t *testing.T, url string) int {
	t.Helper()
	res, err := http.Get(url)
	must(t, err)
	defer res.Body.Close()
	return res.StatusCode
}

func trailOf(t *testing.T, url, person string) string {
	t.Helper()
	res, err := http.Post(url+"/api/v1/controllers/fenland-cycles/people/trail", wire.ContentJSON, strings.NewReader(`{"person":"`+person+`"}`))
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return string(body)
}
