package accesslog_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/accesslog"
	"github.com/jigowatt/daybook/infra/wire"
)

const (
	common   = `192.0.2.7 - - [23/Nov/2026:10:00:05 +0000] "GET / HTTP/1.1" 200 512`
	combined = common + ` "https://example.org/?q=secret" "Mozilla/5.0 (X11; Linux)"`
)

type reading struct {
	entries []accesslog.Entry
	broken  []accesslog.Broken
	err     error
}

func read(log string) (r reading) {
	for e, err := range accesslog.Read(strings.NewReader(log), func(b accesslog.Broken) { r.broken = append(r.broken, b) }) {
		if err != nil {
			r.err = err
			break
		}
		r.entries = append(r.entries, e)
	}
	return r
}

func TestLinesThatCanBeRead(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 0, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		line   string
		addr   string
		at     time.Time
		status int
		size   int64
		holds  accesslog.Holds
	}{
		"common format":   {common, "192.0.2.7", at, 200, 512, 0},
		"combined format": {combined, "192.0.2.7", at, 200, 512, accesslog.HoldsReferer | accesslog.HoldsUserAgent},
		"combined format without referrer or agent": {common + ` "-" "-"`, "192.0.2.7", at, 200, 512, 0},
		"fields after the combined format":          {common + ` "-" "curl/8" 0.012 "203.0.113.9"`, "192.0.2.7", at, 200, 512, accesslog.HoldsUserAgent},
		"IPv6":                                      {strings.Replace(common, "192.0.2.7", "2001:DB8:0::7", 1), "2001:db8::7", at, 200, 512, 0},
		"IPv4 within IPv6":                          {strings.Replace(common, "192.0.2.7", "::ffff:192.0.2.7", 1), "192.0.2.7", at, 200, 512, 0},
		"IPv6 with a zone":                          {strings.Replace(common, "192.0.2.7", "fe80::1%eth0", 1), "fe80::1", at, 200, 512, 0},
		"a user who logged in":                      {strings.Replace(common, "- -", "- ada", 1), "192.0.2.7", at, 200, 512, accesslog.HoldsUser},
		"a user name with a space":                  {strings.Replace(common, "- -", "- ada wren", 1), "192.0.2.7", at, 200, 512, accesslog.HoldsUser},
		"no size":                                   {strings.Replace(common, " 512", " -", 1), "192.0.2.7", at, 200, 0, 0},
		"no status":                                 {strings.Replace(common, " 200", " -", 1), "192.0.2.7", at, 0, 512, 0},
		"a quote in the request, as Apache":         {strings.Replace(common, "GET /", `GET /\"a\"`, 1), "192.0.2.7", at, 200, 512, 0},
		"a quote in the request, as nginx":          {strings.Replace(common, "GET /", `GET /\x22a\x22`, 1), "192.0.2.7", at, 200, 512, 0},
		"an empty request":                          {strings.Replace(common, `"GET / HTTP/1.1"`, `"-"`, 1), "192.0.2.7", at, 200, 512, 0},
		"another zone":                              {strings.Replace(common, "10:00:05 +0000", "05:30:05 -0430", 1), "192.0.2.7", at, 200, 512, 0},
		"a zone beyond midnight":                    {strings.Replace(common, "23/Nov/2026:10:00:05 +0000", "24/Nov/2026:00:00:05 +1400", 1), "192.0.2.7", at, 200, 512, 0},
		"a carriage return":                         {common + "\r", "192.0.2.7", at, 200, 512, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(c.line + "\n")
			if r.err != nil || len(r.broken) > 0 || len(r.entries) != 1 {
				t.Fatalf("%d entries, broken %v, error %v", len(r.entries), r.broken, r.err)
			}
			want := accesslog.Entry{Line: 1, Addr: netip.MustParseAddr(c.addr), Time: c.at, Status: c.status, Bytes: c.size, Holds: c.holds}
			if r.entries[0] != want {
				t.Errorf("got status %d, size %d, holds %b, time %s; right address: %t",
					r.entries[0].Status, r.entries[0].Bytes, r.entries[0].Holds, r.entries[0].Time, r.entries[0].Addr == want.Addr)
			}
		})
	}
}

func TestLinesThatCannotBeReadAreReportedByNumberAndReason(t *testing.T) {
	for name, c := range map[string]struct {
		line   string
		reason accesslog.Reason
	}{
		"a host name":             {strings.Replace(common, "192.0.2.7", "ada.example.org", 1), accesslog.NoAddress},
		"no address":              {strings.Replace(common, "192.0.2.7", "-", 1), accesslog.NoAddress},
		"no time":                 {`192.0.2.7 - - "GET /" 200 1`, accesslog.NoTime},
		"a time that is not shut": {`192.0.2.7 - - [23/Nov/2026:10:00:05 +0000 "GET /" 200 1`, accesslog.NoTime},
		"a month that is none":    {strings.Replace(common, "Nov", "Nou", 1), accesslog.NoTime},
		"the 31st of November":    {strings.Replace(common, "23/Nov", "31/Nov", 1), accesslog.NoTime},
		"an hour too many":        {strings.Replace(common, ":10:", ":24:", 1), accesslog.NoTime},
		"another kind of time":    {strings.Replace(common, "23/Nov/2026:10:00:05 +0000", "2026-11-23T10:00:05Z", 1), accesslog.NoTime},
		"before there were logs":  {strings.Replace(common, "2026", "1969", 1), accesslog.TimeFuture},
		"no request":              {`192.0.2.7 - - [23/Nov/2026:10:00:05 +0000] 200 1`, accesslog.NoRequest},
		"a quote not closed":      {`192.0.2.7 - - [23/Nov/2026:10:00:05 +0000] "GET / 200 1`, accesslog.NotClosed},
		"no status":               {`192.0.2.7 - - [23/Nov/2026:10:00:05 +0000] "GET /" ok 1`, accesslog.NoStatus},
		"a status of four digits": {strings.Replace(common, " 200", " 2000", 1), accesslog.NoStatus},
		"no size":                 {`192.0.2.7 - - [23/Nov/2026:10:00:05 +0000] "GET /" 200`, accesslog.NoSize},
		"a size below nothing":    {strings.Replace(common, " 512", " -512", 1), accesslog.NoSize},
		"a referrer not quoted":   {common + ` example.org "agent"`, accesslog.NoReferer},
		"an agent cut off":        {common + ` "-" "Mozil`, accesslog.NotClosed},
		"longer than 64 KiB":      {strings.Replace(common, "GET /", "GET /"+strings.Repeat("x", accesslog.MaxLineBytes), 1), accesslog.TooLong},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(common + "\n\n" + c.line + "\n" + common)
			if want := []accesslog.Broken{{Line: 3, Reason: c.reason}}; r.err != nil || !slices.Equal(r.broken, want) {
				t.Errorf("broken %v, error %v; want %v", r.broken, r.err, want)
			}
			if len(r.entries) != 2 || r.entries[1].Line != 4 {
				t.Errorf("the lines around it: %d", len(r.entries))
			}
		})
	}
}

func packed(t *testing.T, log string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(log)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGzipIsRecognisedByItsFirstBytes(t *testing.T) {
	log := strings.Repeat(combined+"\n", 1000)
	plain, zipped := read(log), read(packed(t, log)+packed(t, log))
	if len(plain.entries) != 1000 || plain.err != nil || zipped.err != nil {
		t.Fatalf("%d entries, %v, %v", len(plain.entries), plain.err, zipped.err)
	}
	if len(zipped.entries) != 2000 || zipped.entries[999] != plain.entries[999] {
		t.Errorf("two members gave %d entries", len(zipped.entries))
	}
}

func TestDamagedGzipGivesWhatCanBeReadAndThenSaysSo(t *testing.T) {
	whole := packed(t, strings.Repeat(combined+"\n", 20_000))
	cut := whole[:len(whole)/2]
	flipped := []byte(whole)
	flipped[len(flipped)-6] ^= 1 // in the check sum
	for name, log := range map[string]string{"cut off": cut, "another check sum": string(flipped), "no header": "\x1f\x8bnonsense"} {
		if r := read(log); !errors.Is(r.err, domain.ErrInvalid) || (name != "no header" && len(r.entries) == 0) {
			t.Errorf("%s: %d entries, %v", name, len(r.entries), r.err)
		}
	}
}

func TestAnEmptyLogIsNoError(t *testing.T) {
	for _, log := range []string{"", "\n", "\n\r\n", packed(t, "")} {
		if r := read(log); r.err != nil || len(r.entries)+len(r.broken) > 0 {
			t.Errorf("%d entries, %d broken, %v", len(r.entries), len(r.broken), r.err)
		}
	}
}

var cfg = accesslog.Config{Source: "/fenland-cycles/web", Log: "access", Instruction: "server-logs", System: "web-log", Location: "GB"}

func fold(t *testing.T, cfg accesslog.Config, log string) (events []wire.Event, held int) {
	t.Helper()
	f := accesslog.NewFold(cfg)
	for e, err := range accesslog.Read(strings.NewReader(log), func(b accesslog.Broken) { t.Errorf("line %d: %s", b.Line, b.Reason) }) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, f.Add(e)...)
	}
	return append(events, f.Flush()...), f.HeldBack
}

// hit is one line: an address, seconds after ten o'clock, a status.
func hit(addr string, after int, status int) string {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC).Add(time.Duration(after) * time.Second)
	return fmt.Sprintf("%s - - [%s] \"GET / HTTP/1.1\" %d 100\n", addr, at.Format("02/Jan/2006:15:04:05 -0700"), status)
}

// brief writes an event's operation, subject, time and details.
func brief(events []wire.Event) (lines []string) {
	for _, e := range events {
		lines = append(lines, fmt.Sprintf("%s %s %s %s", e.Data.Operation, e.Data.Subjects[0], e.Time.Format("15:04:05"), e.Data.Details))
	}
	return lines
}

func TestAnAddressIsCollectedOnceAMinuteAndStoredOnceADay(t *testing.T) {
	log := hit("192.0.2.7", 0, 200) + hit("192.0.2.7", 3, 404) + hit("2001:db8::1", 4, 301) + hit("192.0.2.7", 59, 500) + hit("192.0.2.7", 60, 200)
	events, _ := fold(t, cfg, log)
	want := []string{
		`Store ip:192.0.2.7 10:00:00 `,
		`Store ip:2001:db8::1 10:00:04 `,
		`Collect ip:192.0.2.7 10:00:00 {"requests":3,"answered":1,"refused":1,"failed":1,"bytes":300,"last":"2026-11-23T10:00:59Z"}`,
		`Collect ip:2001:db8::1 10:00:04 {"requests":1,"redirected":1,"bytes":100,"last":"2026-11-23T10:00:04Z"}`,
		`Collect ip:192.0.2.7 10:01:00 {"requests":1,"answered":1,"bytes":100,"last":"2026-11-23T10:01:00Z"}`,
	}
	if got := brief(events); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, e := range events {
		if e.Data.Instruction != "server-logs" || e.Data.System != "web-log" || e.Data.Location != "GB" || e.Source != cfg.Source ||
			!slices.Equal(e.Data.Categories, []string{"pd:IPAddress"}) {
			t.Errorf("event %s: %+v", e.ID, e.Data.Categories)
		}
	}
}

func TestUseIsRecordedWhereSomethingReadsTheLog(t *testing.T) {
	with := cfg
	with.Uses = true
	events, _ := fold(t, with, hit("192.0.2.7", 0, 200)+hit("192.0.2.7", 61, 200))
	uses := slices.DeleteFunc(events, func(e wire.Event) bool { return e.Data.Operation != wire.Use })
	if len(uses) != 1 {
		t.Errorf("%d uses of one address on one day", len(uses))
	}
}

func TestTheNextDayIsAnotherStore(t *testing.T) {
	events, _ := fold(t, cfg, hit("192.0.2.7", 0, 200)+hit("192.0.2.7", 24*60*60, 200))
	stores := slices.DeleteFunc(events, func(e wire.Event) bool { return e.Data.Operation != wire.Store })
	if len(stores) != 2 {
		t.Errorf("%d stores on two days", len(stores))
	}
}

func TestWhatElseTheLinesHoldIsNamed(t *testing.T) {
	events, _ := fold(t, cfg, hit("192.0.2.7", 0, 200)+combined+"\n")
	var stored [][]string
	for _, e := range events {
		if e.Data.Operation == wire.Store {
			stored = append(stored, e.Data.Categories)
		}
	}
	if len(stored) != 2 || !slices.Equal(stored[1], []string{"pd:IPAddress", "pd:UserAgent", "pd:BrowsingReferral"}) {
		t.Errorf("stored: %v", stored)
	}
	for _, e := range events {
		if strings.Contains(string(e.Data.Details), "secret") {
			t.Errorf("event %s repeats what was requested", e.ID)
		}
	}
}

func busy(addresses []string) string {
	var log strings.Builder
	for i := range 3000 {
		log.WriteString(hit(addresses[i*i%len(addresses)], i/7, 200))
	}
	return log.String()
}

func TestTheSameLogGivesTheSameActions(t *testing.T) {
	log := busy([]string{"192.0.2.1", "192.0.2.2", "2001:db8::3", "192.0.2.4", "192.0.2.5"})
	first, _ := fold(t, cfg, log)
	second, _ := fold(t, cfg, log)
	ids := map[string]bool{}
	for i := range first {
		if first[i].ID != second[i].ID || brief(first[i : i+1])[0] != brief(second[i : i+1])[0] {
			t.Fatalf("action %d differs", i)
		}
		if ids[first[i].ID] || !wire.ValidID(first[i].ID) {
			t.Fatalf("id %s", first[i].ID)
		}
		ids[first[i].ID] = true
	}
}

// Whoever knows all ids of the ledger learns nothing of the addresses, even by trying all that there are.
func TestIdsDoNotDependOnAddresses(t *testing.T) {
	one, _ := fold(t, cfg, busy([]string{"192.0.2.1", "192.0.2.2", "2001:db8::3"}))
	other, _ := fold(t, cfg, busy([]string{"198.51.100.9", "203.0.113.77", "2001:db8:ffff::1"}))
	if len(one) != len(other) {
		t.Fatalf("%d and %d actions", len(one), len(other))
	}
	for i := range one {
		if one[i].ID != other[i].ID {
			t.Fatalf("action %d: %s and %s", i, one[i].ID, other[i].ID)
		}
	}
}

func TestAGrowingLogIsTakenUpToTheLastWholeMinute(t *testing.T) {
	begun := hit("192.0.2.7", 0, 200) + hit("192.0.2.7", 61, 200)
	grown := begun + hit("192.0.2.7", 75, 200) + hit("192.0.2.7", 130, 200)
	early := cfg
	early.Until = time.Date(2026, 11, 23, 10, 1, 10, 0, time.UTC)
	first, held := fold(t, early, begun)
	all, _ := fold(t, cfg, grown)
	if held != 1 {
		t.Errorf("%d lines held back", held)
	}
	known := map[string]string{}
	for i, e := range all {
		known[e.ID] = brief(all[i : i+1])[0]
	}
	for i, e := range first {
		if known[e.ID] != brief(first[i : i+1])[0] {
			t.Errorf("%s says something else when the log has grown: %s", e.ID, known[e.ID])
		}
	}
}

func TestALineThatIsWrittenLateCountsInItsMinute(t *testing.T) {
	events, _ := fold(t, cfg, hit("192.0.2.7", 1, 200)+hit("192.0.2.8", 70, 200)+hit("192.0.2.7", 50, 200))
	if len(events) != 4 || !strings.Contains(string(events[2].Data.Details), `"requests":2`) {
		t.Errorf("%v", brief(events))
	}
}

func FuzzRead(f *testing.F) {
	for _, log := range []string{common, combined, "", "\x1f\x8b", `1.1.1.1 - - [] "" 1 1`, "\"\\", "[::1] - - [23/Nov/2026:10:00:05 +0000]"} {
		f.Add(log)
	}
	f.Fuzz(func(t *testing.T, log string) {
		r := read(log)
		last := 0
		for _, b := range r.broken {
			if b.Line <= last {
				t.Fatalf("line %d after %d", b.Line, last)
			}
			last = b.Line
		}
		fold := accesslog.NewFold(cfg)
		n := 0
		for _, e := range r.entries {
			if !e.Addr.IsValid() || e.Time.IsZero() || e.Addr.Zone() != "" {
				t.Fatalf("line %d is not whole", e.Line)
			}
			n += len(fold.Add(e))
		}
		if n += len(fold.Flush()); (n == 0) != (len(r.entries) == 0) {
			t.Fatalf("%d entries made %d actions", len(r.entries), n)
		}
	})
}

func BenchmarkImport(b *testing.B) {
	log := busy([]string{"192.0.2.1", "192.0.2.2", "2001:db8::3", "192.0.2.4"})
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		f := accesslog.NewFold(cfg)
		for e := range accesslog.Read(strings.NewReader(log), func(accesslog.Broken) {}) {
			f.Add(e)
		}
		f.Flush()
	}
}
