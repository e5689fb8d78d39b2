package kurrentlog_test

import (
	"runtime"
	"testing"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog/kurrenttest"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
)

// Every client that lost its server is given up, with its connection and all goroutines of both; a closed log leaves nothing at all.
// It runs before the tests that run beside each other, since it counts.
func TestClientsThatAreGivenUpLeaveNothingBehind(t *testing.T) {
	s := kurrenttest.Start(t, kurrenttest.Config{})
	atFirst := runtime.NumGoroutine()
	log := open(t, kurrentlog.Config{URL: s.URL(), AnswerTime: enough})
	var all [][]byte
	grow := func() {
		must(t, log.Append(t.Context(), domain.Position(len(all)), [][]byte{[]byte("x")}))
		all = append(all, []byte("x"))
		logtest.ReadAll(t, log, 0)
	}
	grow()
	inUse := runtime.NumGoroutine()
	for range 40 {
		s.Cut()
		grow()
	}
	for range 4 {
		s.Stop()
		_ = log.Append(t.Context(), domain.Position(len(all)), [][]byte{[]byte("nobody takes it")})
		s.Resume()
		grow()
	}
	const few = 50 // less than two for each client
	eventually(t, "the clients that were given up end", func() bool { return runtime.NumGoroutine() < inUse+few })
	log.Close()
	eventually(t, "the log ends whole", func() bool { return runtime.NumGoroutine() < atFirst+10 })
}
