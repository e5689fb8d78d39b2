package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/app"
	"github.com/jigowatt/daybook/infra/wire"
)

const eight = 8 << 20 // what the embedded server takes in a message

// attack begins everything at once; the attackers end with ctx. The result tells how often each struck.
func attack(ctx context.Context, all *sync.WaitGroup, at app.Addresses) (told func() string) {
	var names []string
	var counts []*atomic.Int64
	begin := func(name string, strike func(ctx context.Context, n int) bool) {
		count := new(atomic.Int64)
		names, counts = append(names, name), append(counts, count)
		all.Go(func() {
			for n := 0; ctx.Err() == nil && strike(ctx, n); n++ {
				count.Add(1)
			}
		})
	}
	payloads(begin, at)
	connections(begin, at)
	requests(begin, at)
	return func() string {
		var s strings.Builder
		for i, name := range names {
			fmt.Fprintf(&s, "%s %d; ", name, counts[i].Load())
		}
		return s.String()
	}
}

type beginner func(name string, strike func(ctx context.Context, n int) bool)

// again connects anew for each strike where the last one lost its connection.
func again(at app.Addresses, strike func(nc *nats.Conn, n int)) func(context.Context, int) bool {
	var nc *nats.Conn
	return func(ctx context.Context, n int) bool {
		if nc == nil || nc.IsClosed() {
			var err error
			if nc, err = nats.Connect(at.NATS, nats.NoReconnect(), nats.Timeout(time.Second)); err != nil {
				pause(ctx, 20*time.Millisecond)
				return true
			}
			context.AfterFunc(ctx, nc.Close)
		}
		strike(nc, n)
		return true
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// payloads are messages over NATS that are too long, too deep, no text, too many, or nobody's.
func payloads(begin beginner, at app.Addresses) {
	deep := bytes.Repeat([]byte(`{"a":[`), eight/6)
	brackets := bytes.Repeat([]byte("["), eight-1)
	noText := bytes.Repeat([]byte{0xff, 0xfe, 0x00}, eight/3)
	spaces := append(bytes.Repeat([]byte(" "), wire.MaxBodyBytes-1000), action("spaces")...)
	batch := []byte("[" + strings.Repeat(action("same")+",", 999) + action("same") + "]")
	large := []byte("[" + strings.Repeat(strings.Replace(action("x"), `"system":"crm"`, `"details":{"note":"`+strings.Repeat("n", 8000)+`"}`, 1)+",", 900) + action("y") + "]")
	details := []byte(strings.Replace(action("deep"), `"system":"crm"`, `"details":`+strings.Repeat(`{"a":`, 200_000)+"1"+strings.Repeat("}", 200_000), 1))
	people := []byte(strings.Replace(action("many"), `["email:many@example.org"]`, "["+strings.Repeat(`"email:a@example.org",`, 300_000)+`"email:b@example.org"]`, 1))
	kinds := []wire.Kind{wire.Record, wire.Ask, wire.Inbox}
	for i, body := range [][]byte{deep, brackets, noText, spaces, batch, large, details, people} {
		begin(fmt.Sprintf("payload %d asked", i), again(at, func(nc *nats.Conn, n int) {
			_, _ = nc.Request(subjectOf(kinds[n%3]), body, time.Second)
		}))
	}
	begin("payloads unasked", again(at, func(nc *nats.Conn, n int) {
		_ = nc.Publish(subjectOf(kinds[n%3]), [][]byte{deep, brackets, noText, large}[n%4])
		_ = nc.FlushTimeout(5 * time.Second)
	}))
	random := rand.New(rand.NewPCG(1, 2))
	begin("noise unasked", again(at, func(nc *nats.Conn, n int) {
		noise := make([]byte, random.IntN(3000))
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		_ = nc.Publish(subjectOf(kinds[n%3]), noise)
	}))
	subjects := []string{"daybook.v1.record.*.*", "daybook.v1.record.>", "daybook.v1.record.a.b.c", "daybook.v1.record.A.b", "daybook.v1.nothing.a.b",
		"daybook.v1.record." + strings.Repeat("x", 2000) + ".y", "daybook.v1.key", "$SRV.PING", "$SRV.INFO.daybook", "daybook.v1.inbox.*.b"}
	replies := []string{"", "$JS.API.STREAM.DELETE.DAYBOOK_INBOX", "$JS.API.STREAM.PURGE.DAYBOOK_QUARANTINE", "daybook.log", "daybook.inbox",
		"daybook.quarantine", subjectOf(wire.Record), ">"}
	begin("subjects and replies", again(at, func(nc *nats.Conn, n int) {
		_ = nc.PublishRequest(subjects[n%len(subjects)], replies[n/len(subjects)%len(replies)], []byte(action(fmt.Sprint("r", n))))
		if n%50 == 0 {
			_ = nc.FlushTimeout(5 * time.Second)
		}
	}))
	begin("headers", again(at, func(nc *nats.Conn, n int) {
		m := &nats.Msg{Subject: subjectOf(wire.Record), Reply: nc.NewInbox(), Header: nats.Header{
			"Content-Type": {strings.Repeat("x", 1<<20), "y"}, "ce-id": {"a\x00b", "%00%0d%0aSet-Cookie:%20x"}, "CE-ID": {"c"}, "ce-specversion": {"1.0"},
			wire.HeaderErrorCode: {"500"}, "Nats-Expected-Last-Sequence": {"1"}, "Nats-Rollup": {"all"},
		}, Data: []byte("{}")}
		_ = nc.PublishMsg(m)
		_ = nc.FlushTimeout(5 * time.Second)
	}))
}

// connections are many, silent, slow, deaf, or speak another language.
func connections(begin beginner, at app.Addresses) {
	natsAddress := strings.TrimPrefix(at.NATS, "nats://")
	httpAddress := strings.TrimPrefix(at.HTTP, "http://")
	open := func(address, first string, most int, drip string) func(context.Context, int) bool {
		var held []net.Conn
		return func(ctx context.Context, n int) bool {
			if len(held) < most {
				conn, err := net.DialTimeout("tcp", address, time.Second)
				if err == nil {
					_, _ = io.WriteString(conn, first)
					context.AfterFunc(ctx, func() { conn.Close() })
					held = append(held, conn)
				}
				return true
			}
			pause(ctx, time.Second)
			kept := held[:0]
			for _, conn := range held {
				_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
				if _, err := io.WriteString(conn, drip); err == nil {
					kept = append(kept, conn)
				} else {
					conn.Close()
				}
			}
			held = kept
			return true
		}
	}
	begin("silent NATS connections", open(natsAddress, "", 1500, ""))
	begin("half NATS connections", open(natsAddress, "CONNECT {", 300, " "))
	begin("other languages to NATS", open(natsAddress, "GET / HTTP/1.1\r\n\r\n", 50, "\x16\x03\x01"))
	begin("slow HTTP headers", open(httpAddress, "GET /livez HTTP/1.1\r\nHost: localhost\r\n", 800, "X-A: b\r\n"))
	begin("slow HTTP bodies", open(httpAddress, "POST /api/v1/record/a/b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n", 50, " "))
	begin("silent HTTP connections", open(httpAddress, "", 50, ""))
	begin("other languages to HTTP", open(httpAddress, "\x16\x03\x01\x02\x00\x01", 20, "PRI * HTTP/2.0\r\n\r\n"))
	// Deaf callers ask for much and read nothing.
	batch := "[" + strings.Repeat(action("deaf")+",", 999) + action("deaf") + "]"
	asked := fmt.Sprintf("PUB %s deaf.inbox %d\r\n%s\r\n", subjectOf(wire.Record), len(batch), batch)
	begin("deaf NATS callers", open(natsAddress, "CONNECT {\"verbose\":false}\r\nSUB deaf.> 1\r\n"+asked, 10, asked))
	begin("deaf NATS listeners", open(natsAddress, "CONNECT {\"verbose\":false}\r\nSUB > 1\r\n", 3, "PING\r\n"))
	begin("deaf HTTP callers", open(httpAddress, strings.Repeat("GET /api/v1/log?from=0&limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n", 20), 20, ""))
}

// requests are what HTTP is not for.
func requests(begin beginner, at app.Addresses) {
	client := &http.Client{Timeout: 2 * time.Second}
	do := func(ctx context.Context, method, path, contentType string, body io.Reader, header ...string) {
		r, err := http.NewRequestWithContext(ctx, method, at.HTTP+path, body)
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", contentType)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		if res, err := client.Do(r); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
			res.Body.Close()
		}
	}
	deep := strings.Repeat(`{"a":[`, eight/6)
	doors := []string{"/api/v1/record/fenland-cycles/webshop", "/api/v1/register", "/api/v1/controllers/fenland-cycles/people/trail",
		"/api/v1/controllers/fenland-cycles/people/link", "/api/v1/ask/fenland-cycles/webshop"}
	begin("deep bodies", func(ctx context.Context, n int) bool {
		do(ctx, http.MethodPost, doors[n%len(doors)], []string{wire.ContentJSON, wire.ContentEvent, wire.ContentBatch}[n%3], strings.NewReader(deep))
		return true
	})
	begin("endless bodies", func(ctx context.Context, n int) bool {
		do(ctx, http.MethodPost, doors[n%len(doors)], wire.ContentJSON, io.LimitReader(zeros{}, 64<<20)) // of unknown length
		return true
	})
	names := []string{"a%0d%0aSet-Cookie:%20x=y", "..%2f..%2fetc%2fpasswd", "%00", strings.Repeat("x", 15_000), url.PathEscape("ä\u202e")}
	begin("names", func(ctx context.Context, n int) bool {
		name := names[n%len(names)]
		do(ctx, []string{"GET", "POST", "PUT", "TRACE"}[n%4], "/api/v1/controllers/"+name+"/people/trail?at="+name, wire.ContentJSON, strings.NewReader("{}"),
			"Daybook-Min-Position", "18446744073709551615", "Origin", "http://evil.example.org", "Content-Encoding", "gzip")
		return true
	})
	begin("smuggled headers", func(ctx context.Context, n int) bool {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(at.HTTP, "http://"), time.Second)
		if err != nil {
			return true
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(conn, "POST /api/v1/record/fenland-cycles/webshop HTTP/1.1\r\nHost: localhost\rX: y\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nX\x00Y: z\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
		return true
	})
}

// zeros never end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
