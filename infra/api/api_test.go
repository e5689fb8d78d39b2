package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/memory"
	"github.com/jigowatt/daybook/infra/vault/memvault"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/history"
	"github.com/jigowatt/daybook/projections/projectiontest"
)

// canary stands in everything personal that the tests send. It must not come back in a problem or reach the log.
const canary = "canary-7f3"

// ledger is a whole ledger behind a real HTTP server.
type ledger struct {
	t      *testing.T
	url    string
	log    *memlog.Log
	vault  *memvault.Vault
	ledger *commands.Ledger
	views  *projections.Runner
	lines  *lockedBuffer
	done   chan struct{} // closed to end streams
	quiet  error         // what Healthy says
	config api.Config
}

// lockedBuffer takes the server's log lines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// now is the ledger's clock: the events of the tests happen shortly before it.
var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// start runs an empty ledger until the test ends.
func start(t *testing.T, change ...func(*api.Config)) *ledger {
	t.Helper()
	return startOn(t, memlog.New(memlog.Config{}), memvault.New(), func() time.Time { return now }, change...)
}

// startOn runs a ledger on a log and a vault, by a clock.
func startOn(t *testing.T, log *memlog.Log, vault *memvault.Vault, clock func() time.Time, change ...func(*api.Config)) *ledger {
	t.Helper()
	l := &ledger{t: t, log: log, vault: vault, lines: &lockedBuffer{}, done: make(chan struct{})}
	logger := slog.New(slog.NewJSONHandler(l.lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	remembered, err := memory.Open(t.TempDir(), memory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l.ledger, err = commands.Open(t.Context(), commands.Config{
		Log: l.log, Vault: l.vault, Memory: remembered, Logger: logger, Now: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := l.ledger.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	l.views = projectiontest.Run(t, l.log, t.TempDir(), projections.Config{}, allViews()...)
	past, err := history.New(l.log, projectiontest.Open, allViews(), history.Config{Dir: t.TempDir(), Most: 3, Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	l.config = api.Config{
		Past: past, Hindsight: past,
		Ledger: l.ledger, Log: l.log, Vault: l.vault, Views: l.views, Done: l.done, Logger: logger, Version: "1.2.3",
		Healthy: func() error { return l.quiet },
	}
	for _, c := range change {
		c(&l.config)
	}
	server := httptest.NewServer(api.New(l.config))
	l.url = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		if err := past.Close(); err != nil {
			t.Error(err)
		}
		cancel()
		running.Wait()
		if err := remembered.Close(); err != nil {
			t.Error(err)
		}
		if strings.Contains(l.lines.String(), canary) {
			t.Errorf("personal data in the server's log: %s", l.lines)
		}
	})
	return l
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// asksForSecrets says that a request is for what the law forbids telling, for which whoever asks says who they are and why.
func asksForSecrets(path, body string) bool {
	return strings.Contains(path, "secret=") || strings.Contains(body, `"secret":true`) || strings.Contains(body, `"regulator":true`)
}

// request sends one request. Whatever is refused must not repeat what is personal.
func (l *ledger) request(method, path, contentType, body string, headers ...string) answer {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), method, l.url+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header[http.CanonicalHeaderKey(headers[i])] = append(req.Header[http.CanonicalHeaderKey(headers[i])], headers[i+1])
	}
	if _, named := req.Header[wire.HeaderActor]; !named && asksForSecrets(path, body) {
		req.Header.Set(wire.HeaderActor, "petra")
		req.Header.Set(wire.HeaderReason, "authority")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, b}
	if a.status >= 400 {
		a.problem(l.t)
		if strings.Contains(string(b), canary) {
			l.t.Errorf("%s %s: the problem repeats personal data: %s", method, path, b)
		}
	}
	return a
}

func (l *ledger) get(path string) answer {
	l.t.Helper()
	return l.request(http.MethodGet, path, "", "")
}

func (l *ledger) post(path string, body any) answer {
	l.t.Helper()
	text, ok := body.(string)
	if !ok {
		b, err := json.Marshal(body)
		if err != nil {
			l.t.Fatal(err)
		}
		text = string(b)
	}
	return l.request(http.MethodPost, path, wire.ContentJSON, text)
}

// problem reads a problem, and holds it to its form.
func (a answer) problem(t *testing.T) wire.Problem {
	t.Helper()
	var p wire.Problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("not a problem: %s", a.body)
	}
	if a.header.Get("Content-Type") != wire.ContentProblem || p.Status != a.status || p.Title == "" || p.Type == "" ||
		!slices.Contains(wire.Codes(), p.Code) {
		t.Errorf("not a whole problem: %s as %s", a.body, a.header.Get("Content-Type"))
	}
	return p
}

// as reads a good answer, strictly.
func as[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); a.status != http.StatusOK || err != nil {
		t.Fatalf("%d: %v: %s", a.status, err, a.body)
	}
	return v
}

// action is one action on people, as JSON.
func action(operation string, subjects ...string) map[string]any {
	return map[string]any{
		"operation": operation, "subjects": subjects, "instruction": "orders", "categories": []string{"pd:EmailAddress", "pd:Name"},
		"system": "crm", "location": "GB",
	}
}

// event is one event with an action, as JSON.
func event(id string, data map[string]any) map[string]any {
	return map[string]any{
		"specversion": "1.0", "id": id, "source": "/fenland-cycles/webshop", "type": wire.TypeAction,
		"time": now.Add(-time.Hour).Format(time.RFC3339), "datacontenttype": wire.ContentJSON, "data": data,
	}
}

func with(m map[string]any, pairs ...any) map[string]any {
	m = maps.Clone(m)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

const recordPath = "/api/v1/record/fenland-cycles/webshop"

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// record records one event in structured mode.
func (l *ledger) record(id string, data map[string]any) wire.Receipt {
	l.t.Helper()
	return as[wire.Receipt](l.t, l.request(http.MethodPost, recordPath, wire.ContentEvent, encoded(l.t, event(id, data))))
}

// document is a register that the tests declare.
func document() wire.Register {
	given := wire.Warrant{By: "anna", On: "2026-01-05", How: "signed-document", Reference: "DPA 2026/01"}
	return wire.Register{
		Processor: &wire.Processor{
			Name: "Aldgate Hosting Ltd", Registration: "ZA000001", Regime: "UK", Territory: []string{"GB", "EEA"},
			Measures: []string{"Encryption at rest"}, Contacts: []wire.Contact{{ID: "petra", Role: "Privacy Manager", Name: canary + " Petra"}},
		},
		Recipients: []wire.Recipient{{ID: "northprint", Name: "Northprint Ltd", Kind: "sub-processor", Country: "GB", Contract: "C-1"}},
		Controllers: []wire.Controller{{
			ID: "fenland-cycles", Name: "Fenland Cycles Ltd", Regime: "UK", Country: "GB", Nation: "GB-EAW",
			Contacts: []wire.Contact{{
				ID: "anna", Role: "Managing director", Name: canary + " Anna", Email: canary + "@example.com", Phone: "+44 1632 960001",
			}},
			Services: []wire.Service{{ID: "webshop", Name: "Web shop", ReportsWithin: "P1D"}},
			Instructions: []wire.Instruction{{
				ID: "orders", Title: "Orders", Purpose: "FulfilmentOfContractualObligation", Basis: "A6-1-b",
				Operations: []string{"Collect", "Store", "Disclose"}, Categories: []string{"pd:EmailAddress", "pd:Name"},
				Recipients: []string{"northprint"}, Territory: []string{"GB"},
				Retention: []wire.Retention{{After: "order-closed", Keep: "P7Y"}}, Given: given,
			}},
		}},
	}
}

// declared is start with the register of document.
func declared(t *testing.T, change ...func(*api.Config)) *ledger {
	t.Helper()
	l := start(t, change...)
	if p := as[wire.Plan](t, l.post("/api/v1/register", document())); !p.Recorded {
		t.Fatalf("nothing was recorded: %+v", p)
	}
	return l
}

func (l *ledger) position(p uint64) string { return strconv.FormatUint(p, 10) }
