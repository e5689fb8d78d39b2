package cli_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/jigowatt/daybook/infra/wire"
)

// client is a controller's system beside a script: it keeps the last callback that says each status.
type client struct {
	mu   sync.Mutex
	last map[string]callback // guarded by mu, by the status that stands in it
}

type callback struct {
	body      []byte
	signature string
}

// listen runs a controller's system and puts its address into a variable.
func listen(ts *testscript.TestScript, _ bool, args []string) {
	c := &client{last: map[string]callback{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 64<<10))
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, status := range []string{"in_progress", "completed", "cancelled"} {
			if bytes.Contains(body, []byte(status)) {
				c.last[status] = callback{body, r.Header.Get(wire.HeaderDSRSignature)}
			}
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
	*ts.Value(system{}).(**client) = c
}

// system is the key under which a script keeps the controller's system.
type system struct{}

// called waits for the callback that says a status, and writes its body and its signature to the files "body" and "signature".
func called(ts *testscript.TestScript, _ bool, args []string) {
	c := *ts.Value(system{}).(**client)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		c.mu.Lock()
		got, is := c.last[args[0]]
		c.mu.Unlock()
		if is {
			signed(ts, got.body, got.signature)
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no callback says %s", args[0])
		}
	}
}

// fetch asks the ledger over HTTP, and writes what it answers to the files "body" and "signature".
func fetch(ts *testscript.TestScript, _ bool, args []string) {
	var body io.Reader
	if len(args) > 2 {
		body = strings.NewReader(os.Expand(ts.ReadFile(args[2]), ts.Getenv))
	}
	address := args[1]
	if !strings.HasPrefix(address, "http") {
		address = ts.Getenv("DAYBOOK_SERVER") + address
	}
	r, err := http.NewRequest(args[0], address, body)
	ts.Check(err)
	if body != nil {
		r.Header.Set("Content-Type", wire.ContentJSON)
	}
	res, err := http.DefaultClient.Do(r)
	ts.Check(err)
	answer, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Check(res.Body.Close())
	signed(ts, answer, res.Header.Get(wire.HeaderDSRSignature))
	_, err = ts.Stdout().Write(answer)
	ts.Check(err)
}

func signed(ts *testscript.TestScript, body []byte, signature string) {
	plain, err := base64.StdEncoding.DecodeString(signature)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("body"), body, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("signature"), plain, 0o600))
}
