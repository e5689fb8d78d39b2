package migrate_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"testing"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/bus"
	"github.com/jigowatt/daybook/infra/bus/clustertest"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog"
	"github.com/jigowatt/daybook/infra/eventlog/kurrentlog/kurrenttest"
	"github.com/jigowatt/daybook/infra/eventlog/memlog"
	"github.com/jigowatt/daybook/infra/eventlog/migrate"
	"github.com/jigowatt/daybook/infra/eventlog/natslog"
)

// answerTime is enough for an answer on a busy machine.
const answerTime = 30 * time.Second

func inMemory(t *testing.T) migrate.Log { t.Helper(); return memlog.New(memlog.Config{}) }

func onNATS(t *testing.T) migrate.Log {
	t.Helper()
	server, err := bus.Embedded(t.Context(), bus.Config{StoreDir: t.TempDir(), DontListen: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	log, err := natslog.Open(t.Context(), server.Conn(), natslog.Config{AnswerTime: answerTime})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Close)
	return log
}

func onKurrentDB(t *testing.T) migrate.Log {
	t.Helper()
	log, err := kurrentlog.Open(t.Context(), kurrentlog.Config{URL: kurrenttest.Start(t, kurrenttest.Config{}).URL(), AnswerTime: answerTime})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Close)
	return log
}

// onCluster opens a log of three copies on three server processes, where DAYBOOK_TEST_CLUSTER names a nats-server.
func onCluster(t *testing.T) migrate.Log {
	t.Helper()
	binary := os.Getenv("DAYBOOK_TEST_CLUSTER")
	if binary == "" {
		t.Skip("three server processes take their time: set DAYBOOK_TEST_CLUSTER to the path of a nats-server")
	}
	c, err := clustertest.Start(t.Context(), clustertest.Config{Dir: t.TempDir(), Binary: binary})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	nc, err := bus.Connect(t.Context(), c.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	log, err := natslog.Open(t.Context(), nc, natslog.Config{Replicas: 3, AnswerTime: answerTime})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Close)
	return log
}

// history gives events of sizes up to the largest.
func history(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = fmt.Appendf(nil, `{"n":%d,"x":"%s"}`, i, bytes.Repeat([]byte("x"), i*37%900))
	}
	if n > 7 {
		all[7] = bytes.Repeat([]byte("y"), domain.MaxEventBytes)
	}
	return all
}

func write(t *testing.T, log migrate.Log, events [][]byte) {
	t.Helper()
	for at := 0; at < len(events); {
		to := min(len(events), at+1+at%50)
		if err := log.Append(t.Context(), domain.Position(at), events[at:to]); err != nil {
			t.Fatalf("%+v", err)
		}
		at = to
	}
}

func root(events [][]byte) merkle.Hash {
	var tree merkle.Tree
	for _, e := range events {
		_ = tree.Append(merkle.Leaf(e), func(int, uint64, []merkle.Hash) error { return nil })
	}
	return tree.Root()
}

func TestACopyHasTheSamePositionsBytesAndRootOnEveryEngine(t *testing.T) {
	engines := map[string]func(*testing.T) migrate.Log{"memory": inMemory, "NATS": onNATS, "KurrentDB": onKurrentDB}
	for from, open := range engines {
		for to, target := range engines {
			for _, n := range []int{0, 1, 6000} {
				t.Run(fmt.Sprint(from, " to ", to, " of ", n), func(t *testing.T) {
					events := history(n)
					source := open(t)
					write(t, source, events)
					got, err := migrate.Run(t.Context(), source, target(t), migrate.Config{})
					if err != nil {
						t.Fatalf("%+v", err)
					}
					if want := (migrate.Result{Size: domain.Position(n), Root: root(events), Copied: domain.Position(n)}); got != want {
						t.Errorf("got %+v, want %+v", got, want)
					}
				})
			}
		}
	}
}

func TestACopyToAClusterHasTheSameRoot(t *testing.T) {
	events := history(3000)
	source, cluster := onNATS(t), onCluster(t)
	write(t, source, events)
	there, err := migrate.Run(t.Context(), source, cluster, migrate.Config{})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	back, err := migrate.Run(t.Context(), cluster, onKurrentDB(t), migrate.Config{})
	if err != nil || there != back || there.Root != root(events) {
		t.Errorf("there %+v, and on %+v, %v", there, back, err)
	}
}

func TestWhatIsNoBeginningOfTheSourceIsRefused(t *testing.T) {
	events := history(300)
	other := history(300)
	other[150] = []byte("other")
	for name, rule := range map[string]struct {
		source, target [][]byte
		resume         bool
		says           string
	}{
		"a target that is not empty":             {events, events[:1], false, "holds 1 events"},
		"a target with the whole of it":          {events, events, false, "holds 300 events"},
		"a target that differs, resuming":        {events, other[:200], true, "event 150"},
		"a target that is ahead, resuming":       {events[:100], events, true, "holds 300 events, the source 100"},
		"an empty source and a target with some": {nil, events[:5], true, "holds 5 events, the source 0"},
	} {
		t.Run(name, func(t *testing.T) {
			source, target := inMemory(t), inMemory(t)
			write(t, source, rule.source)
			write(t, target, rule.target)
			_, err := migrate.Run(t.Context(), source, target, migrate.Config{Resume: rule.resume})
			if !errors.Is(err, domain.ErrConflict) || !bytes.Contains([]byte(err.Error()), []byte(rule.says)) {
				t.Errorf("got %v, want a conflict that says %q", err, rule.says)
			}
			if got := target.(*memlog.Log).End(); got != domain.Position(len(rule.target)) {
				t.Errorf("the target has %s events now, %d before", got, len(rule.target))
			}
		})
	}
}

// Each append fails once, without and with having happened; the copy is resumed until it is through.
func TestAnInterruptedCopyIsResumed(t *testing.T) {
	events := history(30_000)
	source := inMemory(t)
	write(t, source, events)
	target := memlog.New(memlog.Config{})
	for _, fault := range []memlog.Fault{memlog.Refused, memlog.Unanswered, memlog.Lost, memlog.Unanswered} {
		target.Inject(memlog.None, fault)
		_, err := migrate.Run(t.Context(), source, target, migrate.Config{Resume: true})
		if err == nil {
			t.Fatal("the fault did not come")
		}
		t.Logf("%s events there: %v", target.End(), err)
	}
	before := target.End()
	got, err := migrate.Run(t.Context(), source, target, migrate.Config{Resume: true})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	if got.Root != root(events) || got.Copied != 30_000-before || before == 0 || before == 30_000 {
		t.Errorf("got %+v with %s there before", got, before)
	}
}

// forgetful gives back something else than it took.
type forgetful struct{ *memlog.Log }

func (f forgetful) Read(ctx context.Context, from domain.Position) iter.Seq2[domain.Batch, error] {
	return func(yield func(domain.Batch, error) bool) {
		for b, err := range f.Log.Read(ctx, from) {
			if len(b.Events) > 0 {
				b.Events = append([][]byte{[]byte("other")}, b.Events[1:]...)
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

func TestATargetThatGivesBackOtherBytesIsFound(t *testing.T) {
	source := inMemory(t)
	write(t, source, history(10))
	if _, err := migrate.Run(t.Context(), source, forgetful{memlog.New(memlog.Config{})}, migrate.Config{}); !errors.HasAssertionFailure(err) {
		t.Errorf("got %v, want an assertion failure", err)
	}
}

func TestASourceThatIsWrittenToMeanwhileIsSaid(t *testing.T) {
	source := inMemory(t)
	write(t, source, history(10))
	grow := func(step string, done, _ domain.Position) {
		if step == "prove" && done == 10 {
			if err := source.Append(t.Context(), 10, [][]byte{[]byte("late")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, err := migrate.Run(t.Context(), source, inMemory(t), migrate.Config{Progress: grow})
	if !errors.Is(err, domain.ErrConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
}
