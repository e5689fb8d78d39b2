package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/catalog"
	"github.com/jigowatt/daybook/infra/api"
	"github.com/jigowatt/daybook/infra/wire"
)

// stored gives the exact bytes of the log.
func (l *ledger) stored() [][]byte {
	l.t.Helper()
	var all [][]byte
	for batch, err := range l.log.Read(l.t.Context(), 0) {
		if err != nil {
			l.t.Fatal(err)
		}
		all = append(all, batch.Events...)
		if batch.CaughtUp {
			break
		}
	}
	return all
}

func entries(t *testing.T, body []byte) []wire.LogEntry {
	t.Helper()
	var list []wire.LogEntry
	for line := range bytes.Lines(body) {
		var e wire.LogEntry
		if err := json.Unmarshal(line, &e); err != nil || len(e.Event) == 0 {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, e)
	}
	return list
}

func TestTheLogIsReadByteForByte(t *testing.T) {
	l := declared(t)
	for i := range 5 {
		l.record("r"+strconv.Itoa(i), action("Store", "customer:1", "customer:2", "customer:3"))
	}
	want := l.stored()
	for _, row := range []struct{ from, limit, n int }{{0, 0, len(want)}, {3, 4, 4}, {len(want) - 1, 10, 1}, {len(want), 10, 0}, {9, 1, 1}} {
		path := "/api/v1/log?from=" + strconv.Itoa(row.from)
		if row.limit > 0 {
			path += "&limit=" + strconv.Itoa(row.limit)
		}
		a := l.get(path)
		got := entries(t, a.body)
		if a.status != http.StatusOK || a.header.Get("Content-Type") != wire.ContentLines || len(got) != row.n || a.header.Get(wire.HeaderPosition) != strconv.Itoa(len(want)) {
			t.Fatalf("%s: %d, %d entries, %v", path, a.status, len(got), a.header)
		}
		for i, e := range got {
			if e.Position != uint64(row.from+i) || !bytes.Equal(e.Event, want[row.from+i]) {
				t.Errorf("%s: entry %d is %s", path, e.Position, e.Event)
			}
			if _, err := catalog.Decode(e.Event); err != nil {
				t.Error(err)
			}
		}
	}
	for _, path := range []string{
		"/api/v1/log?from=99999", "/api/v1/log?from=x", "/api/v1/log?limit=0", "/api/v1/log?limit=" + canary, "/api/v1/log?form=0",
		"/api/v1/log?from=1&from=2", "/api/v1/log/stream?from=99999",
	} {
		if a := l.get(path); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// follower reads a followed log line by line.
type follower struct {
	t     *testing.T
	lines chan string
}

func (l *ledger) follow(path string) *follower {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, l.url+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		l.t.Fatalf("%v %v", res, err)
	}
	f := &follower{l.t, make(chan string)}
	go func() {
		defer close(f.lines)
		defer func() { _ = res.Body.Close() }()
		for scan := bufio.NewScanner(res.Body); scan.Scan(); {
			select {
			case f.lines <- scan.Text():
			case <-l.t.Context().Done():
				return
			}
		}
	}()
	return f
}

// next gives the next line, false at the end of the body.
func (f *follower) next() (string, bool) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 2*time.Minute)
	defer cancel()
	select {
	case line, more := <-f.lines:
		return line, more
	case <-ctx.Done():
		f.t.Fatal("nothing came")
		return "", false
	}
}

func TestAFollowedLogGoesOnAndEndsWithTheProgram(t *testing.T) {
	l := declared(t)
	end := l.ledger.State().End
	f := l.follow("/api/v1/log/stream?from=0")
	for at := range end {
		if line, _ := f.next(); !strings.HasPrefix(line, `{"position":`+at.String()+`,"event":{`) {
			t.Fatalf("entry %s: %s", at, line)
		}
	}
	r := l.record("r1", action("Store", "customer:1"))
	if line, _ := f.next(); !strings.HasPrefix(line, `{"position":`+domain.Position(r.Position).String()+`,`) {
		t.Errorf("a new entry: %s", line)
	}
	close(l.done)
	if line, more := f.next(); more {
		t.Errorf("the stream goes on: %s", line)
	}
}

func TestASilentLogBeats(t *testing.T) {
	l := declared(t, func(c *api.Config) { c.Heartbeat = time.Millisecond })
	line, _ := l.follow("/api/v1/log/stream").next()
	var heard wire.Heard
	if err := json.Unmarshal([]byte(line), &heard); err != nil || domain.Position(heard.End) != l.ledger.State().End {
		t.Errorf("%v: %s", err, line)
	}
}

func TestALogThatFailsMidwaySaysSo(t *testing.T) {
	l := declared(t)
	f := l.follow("/api/v1/log/stream?from=0")
	for range l.ledger.State().End {
		f.next()
	}
	l.log.Disconnect()
	line, _ := f.next()
	var last struct{ Problem wire.Problem }
	if err := json.Unmarshal([]byte(line), &last); err != nil || last.Problem.Code != wire.Unavailable {
		t.Errorf("%v: %s", err, line)
	}
	if line, more := f.next(); more {
		t.Errorf("after the problem: %s", line)
	}
}
