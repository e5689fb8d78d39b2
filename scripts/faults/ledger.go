package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/cli"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/scripts/sample"
)

const (
	people  = 40
	batches = 60
	batch   = 25
	record  = "/api/v1/record/fenland-cycles/webshop"
)

// moment is the time that ledgers have while they answer, so that answers that speak of today are the same.
var moment = time.Now().Add(time.Hour)

// ledger is one that runs here.
type ledger struct {
	at    app.Addresses
	said  *bytes.Buffer
	close func() error
}

// open runs a ledger until close is called.
func open(ctx context.Context, data string, now func() time.Time) (*ledger, error) {
	l := &ledger{said: &bytes.Buffer{}}
	level := slog.LevelInfo
	a, err := app.Open(ctx, app.Config{Data: data, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0", Now: now,
		Logger: slog.New(slog.NewJSONHandler(l.said, &slog.HandlerOptions{Level: level}))})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	ready, ended := make(chan app.Addresses, 1), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func(at app.Addresses) { ready <- at }) }()
	l.close = func() error { stop(); return <-ended }
	select {
	case l.at = <-ready:
		return l, nil
	case err := <-ended:
		stop()
		return nil, err
	}
}

func (l *ledger) call(method, path, kind, body string) (int, string, error) {
	req, err := http.NewRequest(method, l.at.HTTP+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	return res.StatusCode, string(answer), err
}

func action(n int) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"m-%d","source":"/fenland-cycles/webshop","type":"daybook.action.v1","time":"2026-11-23T10:00:00Z","data":{"operation":"Store","subjects":["email:person%d@example.org"],"instruction":"orders","categories":["pd:EmailAddress"],"system":"crm","location":"GB","details":{"note":"order %d"}}}`,
		n, n%people, n)
}

// grow makes the ledger that is damaged: a register, what happened to some people, and something in the quarantine.
func grow(ctx context.Context, data string) (*ledger, error) {
	l, err := open(ctx, data, time.Now)
	if err != nil {
		return nil, err
	}
	register := filepath.Join(filepath.Dir(data), "register.yaml")
	if err := os.WriteFile(register, sample.Register(), 0o600); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if code := cli.Main([]string{"apply", "-f", register, "--server", l.at.HTTP}, strings.NewReader(""), &out, &out); code != 0 {
		return nil, errors.Newf("apply: %s", out.String())
	}
	for b := range batches {
		var events []string
		for n := range batch {
			events = append(events, action(b*batch+n))
		}
		if code, body, err := l.call(http.MethodPost, record, wire.ContentBatch, "["+strings.Join(events, ",")+"]"); err != nil || code >= 300 {
			return nil, errors.CombineErrors(errors.Newf("record: %d %s", code, body), err)
		}
	}
	nc, err := nats.Connect(l.at.NATS)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	for range 20 {
		if _, err := nc.Request("daybook.v1.inbox.fenland-cycles.webshop", []byte("not an event"), 5*time.Second); err != nil {
			return nil, errors.Wrap(err, "inbox")
		}
	}
	return l, l.settled()
}

// settled waits until the views have everything and everything is signed.
func (l *ledger) settled() error {
	var said string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		_, status, err := l.call(http.MethodGet, "/api/v1/status", "", "")
		if err != nil {
			return err
		}
		var s wire.Status
		if err := json.Unmarshal([]byte(status), &s); err != nil {
			return err
		}
		_, checkpoint, err := l.call(http.MethodGet, "/api/v1/proof/checkpoint", "", "")
		if err != nil {
			return err
		}
		lag := uint64(0)
		for _, v := range s.Views {
			lag += v.Lag
			if v.Building != nil {
				lag++
			}
		}
		if said = status; lag == 0 && strings.Contains(checkpoint, fmt.Sprintf("\n%d\n", s.End)) {
			return nil
		}
		if !s.Ready && strings.Contains(status, "does not write") {
			return nil // it is red, and stays so
		}
	}
	return errors.Newf("it does not settle: %s", said)
}

// volatile is what changes because somebody looked.
var volatile = regexp.MustCompile(`,?"position":[0-9]+\}\s*$|"end":[0-9]+`)

// answers are all that the ledger says about what was recorded, by question.
func (l *ledger) answers() (map[string]string, error) {
	all := map[string]string{}
	ask := func(method, path, kind, body string) error {
		code, answer, err := l.call(method, path, kind, body)
		all[path+" "+body] = fmt.Sprintf("%d %s", code, volatile.ReplaceAllString(answer, ""))
		return err
	}
	for _, path := range []string{
		"/api/v1/proof/checkpoint", "/api/v1/log?from=0&limit=10000", "/api/v1/register", "/api/v1/findings", "/api/v1/findings/counts",
		"/api/v1/services", "/api/v1/sources", "/api/v1/statistics", "/api/v1/disclosures", "/api/v1/recipients", "/api/v1/recipients/seen",
		"/api/v1/transfers", "/api/v1/retention/due", "/api/v1/retention/calendar", "/api/v1/retention/blocked", "/api/v1/orders",
		"/api/v1/controllers/fenland-cycles/article30", "/api/v1/controllers/fenland-cycles/instructions", "/api/v1/quarantine",
	} {
		if err := ask(http.MethodGet, path, "", ""); err != nil {
			return nil, err
		}
	}
	for n := range people {
		for _, what := range []string{"trail", "holdings"} {
			query := fmt.Sprintf(`{"person":"email:person%d@example.org"}`, n)
			if what == "trail" {
				query = fmt.Sprintf(`{"person":"email:person%d@example.org","details":true,"limit":500}`, n)
			}
			if err := ask(http.MethodPost, "/api/v1/controllers/fenland-cycles/people/"+what, wire.ContentJSON, query); err != nil {
				return nil, err
			}
		}
	}
	// What was recorded is known again, and gets its first receipt.
	for n := 0; n < batches*batch; n += 37 {
		if err := ask(http.MethodPost, record, wire.ContentEvent, action(n)); err != nil {
			return nil, err
		}
	}
	return all, nil
}
