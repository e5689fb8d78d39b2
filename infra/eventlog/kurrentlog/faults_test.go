package kurrentlog_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/google/uuid"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog/kurrenttest"
	"github.com/jigowatt/daybook/infra/eventlog/logtest"
)

// enough is how long tests wait for an answer that never comes, and for those before and after it that must be in time on a machine that
// has much else to do.
const enough = 5 * time.Second

// begun gives a server, and a log on it that holds two events.
func begun(t *testing.T, answerTime time.Duration) (*kurrenttest.Server, *kurrentlog.Log, [][]byte) {
	t.Helper()
	s := kurrenttest.Start(t, kurrenttest.Config{})
	log := open(t, kurrentlog.Config{URL: s.URL(), AnswerTime: answerTime})
	all := [][]byte{[]byte(`{"type":"a"}`), []byte("2")}
	must(t, log.Append(t.Context(), 0, all))
	return s, log, all
}

func TestWhatNobodyAnswersIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults  []kurrenttest.Fault
		time    time.Duration // for an answer, 0 where all answer, or the caller leaves when one does not
		want    error
		written bool
	}{
		"once, and nothing was written":                 {[]kurrenttest.Fault{kurrenttest.Hang}, enough, nil, true},
		"once, though it was written":                   {[]kurrenttest.Fault{kurrenttest.HangAfterCommit}, enough, nil, true},
		"never, and nothing was written":                {[]kurrenttest.Fault{kurrenttest.Hang, kurrenttest.Hang, kurrenttest.Hang, kurrenttest.Hang}, 0, domain.ErrOutcomeUnknown, false},
		"by an answer that is never known":              {[]kurrenttest.Fault{kurrenttest.UnknownResultUnwritten, kurrenttest.UnknownResultUnwritten, kurrenttest.UnknownResultUnwritten, kurrenttest.UnknownResultUnwritten}, 0, domain.ErrOutcomeUnknown, false},
		"because the connection breaks again and again": {[]kurrenttest.Fault{kurrenttest.CutBeforeReading, kurrenttest.CutBeforeCommit, kurrenttest.CutAfterCommit}, 0, nil, true},
		"by a server that does not let us in":           {[]kurrenttest.Fault{kurrenttest.AccessDenied}, 0, domain.ErrUnavailable, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, log, all := begun(t, c.time)
			s.FailAppends(c.faults...)
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			if c.time == 0 {
				s.WhenHanging(leave)
			}
			err := log.Append(ctx, 2, [][]byte{[]byte("3")})
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("the append returned %v, want %v", err, c.want)
			}
			if c.written {
				all = append(all, []byte("3"))
			}
			s.Release()
			logtest.Check(t, open(t, kurrentlog.Config{URL: s.URL()}), all)
		})
	}
}

// The append that comes late is the reason for ids that do not change: whatever its writer does next, it is there once.
func TestAnAppendThatArrivesLateIsThereOnce(t *testing.T) {
	t.Parallel()
	s, log, all := begun(t, enough)
	s.FailAppends(kurrenttest.Late)
	more := [][]byte{[]byte("3"), []byte("4")}
	must(t, log.Append(t.Context(), 2, more)) // its second try
	s.Release()                               // and now the first
	all = append(all, more...)
	logtest.Check(t, log, all)

	ctx, leave := context.WithCancel(t.Context())
	s.FailAppends(kurrenttest.Late)
	s.WhenHanging(leave)
	if err := log.Append(ctx, 4, [][]byte{[]byte("5")}); !errors.Is(err, domain.ErrOutcomeUnknown) {
		t.Fatalf("the append returned %v, want its outcome unknown", err)
	}
	s.Release()
	all = append(all, []byte("5"))
	reaches(t, log, all)
	if err := log.Append(t.Context(), 4, [][]byte{[]byte("other")}); !errors.Is(err, domain.ErrFenced) {
		t.Fatalf("an append where the late one came returned %v, want the fence", err)
	}
	logtest.Check(t, log, all)
}

// reaches reads until the log holds want.
func reaches(t *testing.T, log commands.Log, want [][]byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for b, err := range log.Read(ctx, 0) {
		must(t, err)
		if b.End() == domain.Position(len(want)) {
			return
		}
	}
	t.Fatalf("the log never reached %d events", len(want))
}

func TestTheCallerWhoLeavesDuringAnAppendLearnsWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	s, log, all := begun(t, patience)
	s.FailAppends(kurrenttest.HangAfterCommit)
	ctx, cancel := context.WithCancel(t.Context())
	s.WhenHanging(cancel)
	must(t, log.Append(ctx, 2, [][]byte{[]byte("3")}))
	logtest.Check(t, log, append(all, []byte("3")))
}

// Once its attempts to find a server are used up, the client refuses every call for ever, though the server is back.
func TestALogOutlivesItsClient(t *testing.T) {
	t.Parallel()
	s, log, all := begun(t, enough)
	for range 2 {
		s.Stop()
		for range 2 {
			if err := log.Append(t.Context(), domain.Position(len(all)), [][]byte{[]byte("x")}); !errors.Is(err, domain.ErrUnavailable) {
				t.Fatalf("without a server the append returned %v, want it unavailable", err)
			}
			for _, err := range log.Read(t.Context(), 0) {
				if !errors.Is(err, domain.ErrUnavailable) {
					t.Fatalf("without a server reading gave %v, want it unavailable", err)
				}
			}
		}
		if log.Health() == nil {
			t.Error("the log says that all is well, without a server")
		}
		s.Resume()
		must(t, log.Append(t.Context(), domain.Position(len(all)), [][]byte{[]byte("back")}))
		all = append(all, []byte("back"))
		logtest.Check(t, log, all)
		eventually(t, "the log follows again", func() bool { return log.Health() == nil })
	}
}

// eventually waits until a condition holds, and fails the test when it does not come to hold.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for tick := time.NewTicker(5 * time.Millisecond); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to be that %s", what)
		}
	}
}

// Many callers at once, while the server goes and comes: none of them may wait for ever in a client that gave up.
func TestNobodyIsLeftWaitingInADeadClient(t *testing.T) {
	t.Parallel()
	s, log, all := begun(t, enough)
	ctx, stop := context.WithCancel(t.Context())
	var calling sync.WaitGroup
	for range 8 {
		calling.Go(func() {
			for ctx.Err() == nil {
				for b, err := range log.Read(ctx, 0) {
					if err != nil || b.CaughtUp {
						break
					}
				}
			}
		})
	}
	for range 5 {
		s.Stop()
		_ = log.Append(t.Context(), 1<<40, [][]byte{[]byte("x")})
		s.Resume()
		s.Cut()
	}
	stop()
	calling.Wait()
	logtest.Check(t, log, all)
}

func TestReadsThatGoWrongAreTriedAgainAndThenSaySo(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]kurrenttest.Fault{
		"the connection breaks before":          kurrenttest.CutBeforeReading,
		"the connection breaks halfway":         kurrenttest.CutHalfway,
		"nobody answers":                        kurrenttest.Hang,
		"an answer that makes the client panic": kurrenttest.UnknownResult,
		"the server is not ready":               kurrenttest.NotReady,
		"nobody knows who leads":                kurrenttest.NoLeaderInfo,
		"the server does not let us":            kurrenttest.AccessDenied,
	} {
		// holding gives a server with two events, and a log whose memory holds neither.
		holding := func(t *testing.T, answerTime time.Duration) (*kurrenttest.Server, *kurrentlog.Log, [][]byte) {
			t.Parallel()
			s, writer, all := begun(t, 0)
			writer.Close()
			return s, open(t, kurrentlog.Config{URL: s.URL(), AnswerTime: answerTime}), all
		}
		once, always := time.Duration(0), time.Duration(0) // for an answer
		if fault == kurrenttest.Hang {
			once, always = enough, enough/2
		}
		t.Run(name+", once", func(t *testing.T) {
			if fault == kurrenttest.AccessDenied {
				t.Skip("who is not let in does not ask again")
			}
			s, log, all := holding(t, once)
			s.FailReads(kurrenttest.None, fault) // the end is told, the events are not at first
			logtest.Check(t, log, all)
		})
		t.Run(name+", always", func(t *testing.T) {
			s, log, all := holding(t, always)
			for s.Waiting() < 1_000 {
				s.FailReads(fault)
			}
			var last error
			for _, last = range log.Read(t.Context(), 0) {
			}
			if !errors.Is(last, domain.ErrUnavailable) {
				t.Fatalf("reading gave %v, want it unavailable", last)
			}
			s.Heal()
			logtest.Check(t, open(t, kurrentlog.Config{URL: s.URL()}), all)
		})
	}
}

func TestAFollowerMissesNothingWhenItsSubscriptionBreaks(t *testing.T) {
	t.Parallel()
	s, _, all := begun(t, 0)
	writer, follower := open(t, kurrentlog.Config{URL: s.URL()}), open(t, kurrentlog.Config{URL: s.URL()})
	var following sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const rounds = 12
	got := domain.Position(0)
	following.Go(func() {
		for b, err := range follower.Read(ctx, 0) {
			if err != nil || b.At != got {
				t.Errorf("following, at %d: a batch at %d, error %v", got, b.At, err)
				return
			}
			if got = b.End(); got == 2+rounds {
				return
			}
		}
	})
	for i := range rounds {
		s.Cut()
		must(t, writer.Append(t.Context(), domain.Position(2+i), [][]byte{[]byte(uuid.NewString())}))
	}
	following.Wait()
	if int(got) != len(all)+rounds {
		t.Errorf("the follower reached %d", got)
	}
}

func TestAnEndlessOutageEndsReadingsThatWait(t *testing.T) {
	t.Parallel()
	s, log, _ := begun(t, 0)
	var last error
	for b, err := range log.Read(t.Context(), 0) {
		if last = err; b.CaughtUp {
			s.Stop()
		}
	}
	if !errors.Is(last, domain.ErrUnavailable) || strings.Contains(last.Error(), s.Addr()) {
		t.Errorf("the reading ended with %v, want it unavailable", last)
	}
	s.Resume()
}

// A server that hangs breaks no connection. The log says so all the same, and that it is over.
func TestALogSaysThatItsServerHangs(t *testing.T) {
	t.Parallel()
	s, log, all := begun(t, 0)
	eventually(t, "the log follows", func() bool { return log.Health() == nil })
	for s.Waiting() < 1_000 {
		s.FailReads(kurrenttest.Hang)
	}
	eventually(t, "the log says that nobody answers", func() bool { return errors.Is(log.Health(), domain.ErrUnavailable) })
	s.Heal()
	s.Release()
	eventually(t, "the log follows again", func() bool { return log.Health() == nil })
	logtest.Check(t, log, all)
}

// A subscription that is confirmed and then says nothing is not all that readings hear by.
func TestWhatASubscriptionDoesNotTellIsFound(t *testing.T) {
	t.Parallel()
	s, writer, all := begun(t, 0)
	s.Mute()
	listening := make(chan struct{})
	s.WhenHanging(func() { close(listening) })
	log := open(t, kurrentlog.Config{URL: s.URL()})
	<-listening
	for b, err := range log.Read(t.Context(), 0) {
		must(t, err)
		if b.End() > domain.Position(len(all)) {
			return
		}
		if b.CaughtUp {
			must(t, writer.Append(t.Context(), b.End(), [][]byte{[]byte("3")}))
		}
	}
}
