package client_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/client/clienttest"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestFlushWaitsUntilAllIsRecordedInOrder(t *testing.T) {
	for name, opts := range map[string][]client.Option{"in memory": {client.WithBatch(16, time.Millisecond)}, "in a spool": {client.WithSpool(t.TempDir())}} {
		t.Run(name, func(t *testing.T) {
			l := clienttest.New(t)
			c := connect(t, l, opts...)
			const n = 100
			for i := range n {
				if err := c.RecordAsync(stored("a:" + strconv.Itoa(i))); err != nil {
					t.Fatal(err)
				}
			}
			l.Fail(wire.Unavailable, 3)
			if err := c.Flush(deadline(t)); err != nil {
				t.Fatal(err)
			}
			wantInOrder(t, l, n)
		})
	}
}

func wantInOrder(t *testing.T, l *clienttest.Ledger, n int) {
	t.Helper()
	recorded := l.Recorded()
	if len(recorded) != n {
		t.Fatalf("%d recorded, want %d", len(recorded), n)
	}
	for i, r := range recorded {
		if r.Event.Data.Subjects[0] != "a:"+strconv.Itoa(i) {
			t.Fatalf("action %d is recorded at %d", i, r.Receipt.Position)
		}
	}
}

func TestManyGoroutinesLoseAndDoubleNothing(t *testing.T) {
	for name, opts := range map[string][]client.Option{
		"in memory":  {client.WithBatch(10, time.Millisecond), client.WithMaxInFlight(4)},
		"in a spool": {client.WithSpool(t.TempDir()), client.WithMaxInFlight(4)},
	} {
		t.Run(name, func(t *testing.T) {
			l := clienttest.New(t)
			c := connect(t, l, append(opts, client.WithTimeout(200*time.Millisecond))...)
			const goroutines, each = 16, 20
			var group sync.WaitGroup
			for g := range goroutines {
				group.Go(func() {
					for i := range each {
						if err := c.RecordAsync(stored("a:" + strconv.Itoa(g*each+i))); err != nil {
							t.Error(err)
						}
						if i == each/2 && g == 0 {
							l.LoseReplies(3)
						}
					}
				})
			}
			group.Wait()
			if err := c.Flush(deadline(t)); err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for _, r := range l.Recorded() {
				seen[r.Event.Data.Subjects[0]] = true
			}
			if len(seen) != goroutines*each || len(l.Recorded()) != goroutines*each {
				t.Errorf("%d different of %d recorded", len(seen), len(l.Recorded()))
			}
		})
	}
}

func TestTheQueueInMemoryHasALimit(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l, client.WithQueue(3))
	l.Stop()
	eventually(t, "the client notices", func() bool { return !c.Status().Connected })
	for range 3 {
		if err := c.RecordAsync(stored("a:b")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.RecordAsync(stored("a:b")); !errors.Is(err, client.ErrSpoolFull) {
		t.Error(err)
	}
	l.Start()
	if err := c.Flush(deadline(t)); err != nil || len(l.Recorded()) != 3 {
		t.Error(len(l.Recorded()), err)
	}
}

func TestFlushGivesUpWithItsContext(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	l.Fail(wire.Busy, 1<<30)
	if err := c.RecordAsync(stored("a:b")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.Flush(ctx); !errors.Is(err, client.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	// Without a spool, closing now loses it, and says so.
	if err := c.Close(ctx); !errors.Is(err, client.ErrUnavailable) {
		t.Error(err)
	}
}

func TestRejectionsReachWhoAsksForThem(t *testing.T) {
	l := clienttest.New(t)
	told := make(chan client.Rejection, 1)
	heard := connect(t, l, client.WithOnRejected(func(r client.Rejection) { told <- r }))
	unheard := connect(t, l)
	a := stored("a:b")
	a.ID = client.NewID()
	if _, err := heard.Record(deadline(t), a); err != nil {
		t.Fatal(err)
	}
	a.Operation = client.Erase
	for _, c := range []*client.Client{heard, unheard} {
		if err := c.RecordAsync(a, stored("a:c")); err != nil {
			t.Fatal(err)
		}
	}
	if err := heard.Flush(deadline(t)); err != nil {
		t.Error(err)
	}
	if r := <-told; r.ID != a.ID || !errors.Is(r.Err, client.ErrConflict) {
		t.Error(r)
	}
	if err := unheard.Flush(deadline(t)); !errors.Is(err, client.ErrConflict) {
		t.Error(err)
	}
	if err := unheard.Flush(deadline(t)); err != nil {
		t.Error("reported twice", err)
	}
	if len(l.Recorded()) != 3 {
		t.Error("the others of the batch were not recorded")
	}
}

func TestAClosedClientTakesNothing(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	if err := c.RecordAsync(stored("a:b")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Close(deadline(t)), c.Close(deadline(t))); err != nil {
		t.Fatal(err)
	}
	if len(l.Recorded()) != 1 {
		t.Error("closing did not send what waited")
	}
	_, recordErr := c.Record(deadline(t), stored("a:b"))
	_, batchErr := c.RecordBatch(deadline(t), []client.Action{stored("a:b")})
	_, askErr := c.Ask(deadline(t), stored("a:b"))
	for _, err := range []error{recordErr, batchErr, askErr, c.RecordAsync(stored("a:b")), c.Heartbeat(deadline(t))} {
		if !errors.Is(err, client.ErrClosed) {
			t.Error(err)
		}
	}
}
