package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/client/clienttest"
	"github.com/jigowatt/daybook/infra/wire"
)

func erasure() wire.Order {
	return wire.Order{Kind: wire.OrderErase, Controller: "acme", Service: "billing", Instruction: "orders", System: "crm", Categories: []string{"pd:EmailAddress"},
		Reason: "retention", Due: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
}

// take takes orders until the test ends.
func take(t *testing.T, c *client.Client, handler func(context.Context, client.Order) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var owned sync.WaitGroup
	owned.Go(func() {
		if err := c.Orders(ctx, handler); err != nil {
			t.Errorf("taking orders ended: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); owned.Wait() })
}

// locked is a log that several goroutines write.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestAnOrderIsCarriedOutAndAnswered(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	id := l.SendOrder(erasure(), "email:"+canary, "customer:4711")
	l.SendOrder(wire.Order{Kind: wire.OrderErase, Controller: "acme", Service: "crm", Instruction: "orders"}, "customer:1")
	got := make(chan client.Order, 1)
	take(t, c, func(ctx context.Context, o client.Order) error {
		got <- o
		_, err := o.Answer(ctx, client.Action{Location: "GB"})
		return err
	})
	if !l.Wait(deadline(t), 1) {
		t.Fatal("no answer")
	}
	o := <-got
	if o.ID != id || o.Kind != client.OrderErase || len(o.Subjects) != 2 || o.Subjects[0] != "email:"+canary || o.Reason != "retention" || !o.Due.Equal(erasure().Due) {
		t.Errorf("the order is %s, %s, %s, due %v", o.ID, o.Kind, o.Reason, o.Due)
	}
	l.AssertRecorded(t, client.Action{Operation: client.Erase, Order: id, Subjects: o.Subjects, Instruction: "orders", System: "crm",
		Categories: []string{"pd:EmailAddress"}, Location: "GB"})
	if open := l.OpenOrders(); len(open) != 1 {
		t.Errorf("open: %v", open)
	}
}

func TestAnOrderThatWasNotCarriedOutComesAgain(t *testing.T) {
	l := clienttest.New(t)
	var log locked
	c := connect(t, l, client.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	l.SendOrder(erasure(), "email:"+canary)
	var tries atomic.Int32
	take(t, c, func(ctx context.Context, o client.Order) error {
		if tries.Add(1) < 3 {
			return errors.New("cannot erase " + canary)
		}
		_, err := o.Answer(ctx, client.Action{})
		return err
	})
	eventually(t, "the order is answered", func() bool { return len(l.OpenOrders()) == 0 })
	if tries.Load() != 3 || strings.Contains(log.String(), canary) || !strings.Contains(log.String(), "comes again") {
		t.Errorf("%d tries; logged %s", tries.Load(), log.String())
	}
}

func TestAnOrderThatIsSettledIsNotCarriedOut(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	first := l.SendOrder(erasure(), "customer:1")
	if _, err := c.Record(deadline(t), client.Action{Operation: client.Erase, Subjects: []string{"customer:1"}, Order: first}); err != nil {
		t.Fatal(err)
	}
	second := l.SendOrder(erasure(), "customer:2")
	var carriedOut locked
	take(t, c, func(ctx context.Context, o client.Order) error {
		_, _ = carriedOut.Write([]byte(o.ID))
		_, err := o.Answer(ctx, client.Action{})
		return err
	})
	eventually(t, "the second order is answered", func() bool { return len(l.OpenOrders()) == 0 })
	if got := carriedOut.String(); got != second {
		t.Errorf("carried out: %s, want %s alone", got, second)
	}
}

func TestARecallNamesTheOrderAndNobody(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	recall := erasure()
	recall.Kind, recall.Order = wire.OrderRecall, "order-of-old"
	l.SendOrder(recall, "customer:1")
	got := make(chan client.Order, 1)
	take(t, c, func(_ context.Context, o client.Order) error { got <- o; return nil })
	select {
	case o := <-got:
		if o.Kind != client.OrderRecall || o.ID != "order-of-old" || len(o.Subjects) != 0 {
			t.Errorf("%+v", o)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("no recall came")
	}
}

func TestALongOrderIsNotGivenToAnotherInstance(t *testing.T) {
	t.Parallel() // it waits, long enough for a slow machine to say in time that it works
	const wait = 3 * time.Second
	l := clienttest.New(t)
	var taken atomic.Int32
	long := func(ctx context.Context, o client.Order) error {
		if taken.Add(1) == 1 {
			select {
			case <-time.After(2 * wait): // the work itself
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		_, err := o.Answer(ctx, client.Action{})
		return err
	}
	take(t, connect(t, l, client.WithOrderWait(wait)), long)
	take(t, connect(t, l, client.WithOrderWait(wait)), long)
	l.SendOrder(erasure(), "customer:1")
	eventually(t, "the order is answered", func() bool { return len(l.OpenOrders()) == 0 })
	if taken.Load() != 1 {
		t.Errorf("taken %d times", taken.Load())
	}
}

func TestOrdersOutliveTheLedgerBeingAway(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	take(t, c, func(ctx context.Context, o client.Order) error {
		_, err := o.Answer(ctx, client.Action{})
		return err
	})
	l.SendOrder(erasure(), "customer:1")
	eventually(t, "the first order is answered", func() bool { return len(l.OpenOrders()) == 0 })
	l.Stop()
	l.Start()
	l.SendOrder(erasure(), "customer:2")
	eventually(t, "the second order is answered", func() bool { return len(l.OpenOrders()) == 0 })
}

func TestWhoeverMayNotTakeOrdersIsTold(t *testing.T) {
	for _, subject := range []string{"$JS.API.CONSUMER.CREATE.>", "daybook.v1.claim.>"} {
		l := clienttest.New(t, clienttest.Deny(subject))
		l.SendOrder(erasure(), "customer:1")
		err := connect(t, l).Orders(deadline(t), func(context.Context, client.Order) error { return nil })
		if !errors.Is(err, client.ErrForbidden) {
			t.Errorf("%s: %v", subject, err)
		}
	}
}

func TestAClosedClientTakesNoOrders(t *testing.T) {
	c := connect(t, clienttest.New(t))
	if err := c.Close(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if err := c.Orders(deadline(t), nil); !errors.Is(err, client.ErrClosed) {
		t.Error(err)
	}
}
