package kurrentlog_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog/kurrenttest"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
)

// patience bounds every wait of these tests; nothing is asserted about how long a thing takes.
const patience = 2 * time.Minute

// Most of what these tests do is wait, for which two at a time, as many as a small machine has cores, are too few.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// open opens a log until the test ends. Where the time for an answer is not what a test is about there is enough of it.
func open(t testing.TB, cfg kurrentlog.Config) *kurrentlog.Log {
	t.Helper()
	if cfg.AnswerTime == 0 {
		cfg.AnswerTime = patience / 4
	}
	log, err := kurrentlog.Open(t.Context(), cfg)
	must(t, err)
	t.Cleanup(log.Close)
	return log
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v", err)
	}
}

func TestContract(t *testing.T) {
	logtest.Run(t, func(t *testing.T) logtest.Engine {
		s := kurrenttest.Start(t, kurrenttest.Config{})
		log := open(t, kurrentlog.Config{URL: s.URL()})
		return logtest.Engine{
			Log:   log,
			Rival: func(t *testing.T) logtest.Log { return open(t, kurrentlog.Config{URL: s.URL()}) },
			Reopen: func(t *testing.T) logtest.Log {
				log.Close()
				s.Stop()
				s.Resume()
				log = open(t, kurrentlog.Config{URL: s.URL()})
				return log
			},
			Faults: contractFaults(s),
		}
	})
}

// contractFaults are the ways in which an append goes wrong that a writer need not hear of.
func contractFaults(s *kurrenttest.Server) []logtest.Fault {
	var out []logtest.Fault
	for _, f := range []struct {
		name  string
		fault kurrenttest.Fault
	}{
		{"the connection breaks before the events are read", kurrenttest.CutBeforeReading},
		{"the connection breaks before the events are written", kurrenttest.CutBeforeCommit},
		{"the connection breaks after the events are written", kurrenttest.CutAfterCommit},
		{"an answer that the client does not know, though the events are written", kurrenttest.UnknownResult},
		{"an answer that the client does not know, and nothing is written", kurrenttest.UnknownResultUnwritten},
		{"a wrong revision is reported, though the events are written", kurrenttest.Forgetful},
		{"the server is not ready", kurrenttest.NotReady},
		{"the server is too busy", kurrenttest.TooBusy},
		{"nobody knows the leader", kurrenttest.NoLeaderInfo},
		{"preparing takes too long", kurrenttest.PrepareTimesOut},
		{"committing takes too long, though the events are written", kurrenttest.CommitTimesOut},
	} {
		out = append(out, logtest.Fault{Name: f.name, Arm: func(*testing.T) { s.FailAppends(f.fault) }, Written: true})
	}
	return out
}

// The same suite, against a server that somebody else runs: DAYBOOK_TEST_KURRENTDB holds its connection string. Every log takes a
// name of its own, so that nothing that is there is touched, and nothing is taken away afterwards.
func TestContractOnARealServer(t *testing.T) {
	url := os.Getenv("DAYBOOK_TEST_KURRENTDB")
	if url == "" {
		t.Skip("DAYBOOK_TEST_KURRENTDB names no server")
	}
	logtest.Run(t, func(t *testing.T) logtest.Engine {
		cfg := kurrentlog.Config{URL: url, Name: "t-" + strings.ReplaceAll(uuid.NewString(), "-", "")[:16], AnswerTime: patience}
		log := open(t, cfg)
		return logtest.Engine{
			Log:   log,
			Rival: func(t *testing.T) logtest.Log { return open(t, cfg) },
			Reopen: func(t *testing.T) logtest.Log {
				log.Close()
				log = open(t, cfg)
				return log
			},
		}
	})
}

func TestLedgersOnOneServerAreApart(t *testing.T) {
	t.Parallel()
	s := kurrenttest.Start(t, kurrenttest.Config{})
	names := []string{"", "a", "b", "a-b"}
	var logs []*kurrentlog.Log
	for _, name := range names {
		logs = append(logs, open(t, kurrentlog.Config{URL: s.URL(), Name: name}))
	}
	for i, log := range logs {
		must(t, log.Append(t.Context(), 0, [][]byte{[]byte(names[i] + "1"), []byte(names[i] + "2")}))
	}
	for i, log := range logs {
		logtest.Check(t, log, [][]byte{[]byte(names[i] + "1"), []byte(names[i] + "2")})
	}
}

func TestEventsAreWhatCloudEventsAndTheServersToolsExpect(t *testing.T) {
	t.Parallel()
	s := kurrenttest.Start(t, kurrenttest.Config{})
	log := open(t, kurrentlog.Config{URL: s.URL()})
	long := strings.Repeat("x", domain.EventOverhead/2)
	events := [][]byte{
		[]byte(`{"specversion":"1.0","id":"a","source":"/x/y","type":"daybook.action.v1","data":{"type":"other"}}`),
		[]byte(`{"data":{"type":"other"},"type":"` + long + `"}`),
		[]byte(`{"type":"` + long + `x"}`), []byte(`{"type":"$metadata"}`), []byte(`{"type":7}`), []byte("{}"), {0xff},
	}
	must(t, log.Append(t.Context(), 0, events))
	ids := map[uuid.UUID]bool{}
	for i, e := range s.DB().Events("daybook") {
		want := []string{"daybook.action.v1", long, "-", "-", "-", "-", "-"}[i]
		if e.Type != want || e.JSON != (want != "-") || string(e.Data) != string(events[i]) || len(e.Metadata) != 0 {
			t.Errorf("event %d is of type %s, JSON %t, %q", i, e.Type, e.JSON, e.Data)
		}
		if e.ID.Version() != 8 || e.ID.Variant() != uuid.RFC4122 || ids[e.ID] {
			t.Errorf("event %d has the id %s", i, e.ID)
		}
		ids[e.ID] = true
	}
	logtest.Check(t, log, events)
}
