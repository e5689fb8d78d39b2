package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/client/clienttest"
	"github.com/jigowatt/daybook/infra/wire"
)

const canary = "canary-7f3@example.org"

func stored(subject string) client.Action {
	return client.Action{Operation: client.Store, Subjects: []string{subject}, Instruction: "orders", Categories: []string{"pd:EmailAddress"},
		System: "crm", Location: "GB", Basis: "A6-1-b", Details: map[string]any{"note": canary}}
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// quick makes attempts follow each other closely.
var quick = client.WithRetry(client.Backoff{Min: time.Millisecond, Max: 20 * time.Millisecond, Tries: 5})

// tireless is for attempts of little time, in which the answers of a slow machine are lost as well as those that the test loses.
var tireless = client.WithRetry(client.Backoff{Min: time.Millisecond, Max: 20 * time.Millisecond, Tries: 200})

func connect(t *testing.T, l *clienttest.Ledger, opts ...client.Option) *client.Client {
	t.Helper()
	opts = append([]client.Option{client.WithController("acme"), client.WithService("billing"), quick}, opts...)
	c, err := client.Connect(deadline(t), l.URL(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	return c
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ctx := deadline(t); !holds(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		}
	}
}

func TestRecordGivesTheReceipt(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	a := stored("email:" + canary)
	a.Time = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	receipt, err := c.Record(deadline(t), a)
	if err != nil {
		t.Fatal(err)
	}
	got := l.AssertRecorded(t, a)
	if receipt.ID != got.Event.ID || receipt.Verdict != wire.Conformant || receipt.Duplicate || len(receipt.Leaf) != 32 || receipt.Events != 1 {
		t.Errorf("the receipt is %+v", receipt)
	}
	if got.Controller != "acme" || got.Service != "billing" || got.Event.Source != "/acme/billing" || got.Event.Sequence != "" {
		t.Errorf("recorded for %s, %s from %s, sequence %q", got.Controller, got.Service, got.Event.Source, got.Event.Sequence)
	}
	l.AssertNotRecorded(t, client.Action{Operation: client.Erase})
}

func TestFindingsAreNoErrors(t *testing.T) {
	l := clienttest.New(t)
	l.Find(func(clienttest.Recorded) []wire.Finding {
		return []wire.Finding{{Code: "no-instruction", Article: "Art. 28(3)(a)", Message: "m"}}
	})
	receipt, err := connect(t, l).Record(deadline(t), stored("a:b"))
	if err != nil || receipt.Verdict != wire.WithFindings || len(receipt.Findings) != 1 {
		t.Fatalf("%+v, %v", receipt, err)
	}
}

func TestWhatFailsForAWhileIsTriedAgainUnderTheSameID(t *testing.T) {
	for name, prepare := range map[string]func(*clienttest.Ledger){
		"busy":                       func(l *clienttest.Ledger) { l.Fail(wire.Busy, 3) },
		"unavailable":                func(l *clienttest.Ledger) { l.Fail(wire.Unavailable, 1) },
		"recorded, but not answered": func(l *clienttest.Ledger) { l.LoseReplies(2) },
	} {
		t.Run(name, func(t *testing.T) {
			l := clienttest.New(t)
			c := connect(t, l, tireless, client.WithTimeout(200*time.Millisecond))
			prepare(l)
			receipt, err := c.Record(deadline(t), stored("a:b"))
			if err != nil {
				t.Fatal(err)
			}
			if got := l.Recorded(); len(got) != 1 || got[0].Receipt.ID != receipt.ID {
				t.Errorf("%d recorded", len(got))
			}
			prepare(l)
			results, err := c.RecordBatch(deadline(t), []client.Action{stored("a:1"), stored("a:2")})
			if err != nil || len(results) != 2 || len(l.Recorded()) != 3 {
				t.Errorf("%d results, %d recorded, %v", len(results), len(l.Recorded()), err)
			}
		})
	}
}

func TestATryTooManyIsUnavailable(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	l.Fail(wire.Busy, 5)
	_, err := c.Record(deadline(t), stored("a:b"))
	var e *client.Error
	if !errors.Is(err, client.ErrUnavailable) || !errors.As(err, &e) || e.ID == "" || e.Problem.Code != wire.Busy || e.Spooled {
		t.Fatal(err)
	}
	// The caller repeats it under the id that the error gives.
	again := stored("a:b")
	again.ID = e.ID
	if receipt, err := c.Record(deadline(t), again); err != nil || receipt.ID != e.ID {
		t.Error(receipt.ID, err)
	}
}

func TestWhatIsRefusedIsNotTriedAgain(t *testing.T) {
	for code, kind := range map[wire.Code]error{wire.InvalidField: client.ErrRejected, wire.Conflict: client.ErrConflict, wire.Forbidden: client.ErrForbidden} {
		t.Run(string(code), func(t *testing.T) {
			l := clienttest.New(t)
			c := connect(t, l)
			l.Fail(code, 1) // a second attempt would succeed
			_, err := c.Record(deadline(t), stored("a:b"))
			var e *client.Error
			if !errors.Is(err, kind) || !errors.As(err, &e) || e.Problem.Code != code {
				t.Errorf("%v", err)
			}
			if len(l.Recorded()) != 0 {
				t.Error("tried again")
			}
		})
	}
}

func TestTheSameIDWithOtherContentIsAConflict(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	a := stored("a:b")
	a.ID, a.Time = client.NewID(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first, err := c.Record(deadline(t), a)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Record(deadline(t), a); err != nil || !again.Duplicate || again.Position != first.Position {
		t.Errorf("%+v, %v", again, err)
	}
	a.Operation = client.Erase
	if _, err := c.Record(deadline(t), a); !errors.Is(err, client.ErrConflict) || errors.Is(err, client.ErrRejected) {
		t.Error(err)
	}
}

func TestWhatTheServerForbidsIsNotATimeout(t *testing.T) {
	for name, opt := range map[string]clienttest.Option{"publishing": clienttest.Deny("daybook.v1.*.acme.>"), "replies": clienttest.DenyReplies()} {
		t.Run(name, func(t *testing.T) {
			l := clienttest.New(t, opt)
			// An attempt would wait for longer than the test does.
			c := connect(t, l, client.WithTimeout(time.Hour))
			for range 2 {
				if _, err := c.Record(deadline(t), stored("a:b")); !errors.Is(err, client.ErrForbidden) || errors.Is(err, client.ErrUnavailable) {
					t.Error(err)
				}
				if _, err := c.Ask(deadline(t), stored("a:b")); !errors.Is(err, client.ErrForbidden) {
					t.Error(err)
				}
			}
			if err := c.RecordAsync(stored("a:b")); err != nil {
				t.Fatal(err)
			}
			if err := c.Flush(deadline(t)); !errors.Is(err, client.ErrForbidden) {
				t.Error(err)
			}
			if c.Status().Waiting != 1 {
				t.Error("what waits was not kept")
			}
		})
	}
}

func TestTheConnectionsOwnErrorHandlerIsStillCalled(t *testing.T) {
	l := clienttest.New(t, clienttest.Deny("daybook.v1.record.>"))
	heard := make(chan error, 1)
	nc, err := nats.Connect(l.URL(), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { heard <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	c := connect(t, l, client.WithConn(nc))
	if _, err := c.Record(deadline(t), stored("a:b")); !errors.Is(err, client.ErrForbidden) {
		t.Error(err)
	}
	if err := <-heard; !errors.Is(err, nats.ErrPermissionViolation) {
		t.Error(err)
	}
	if err := c.Close(deadline(t)); err != nil || !nc.IsConnected() {
		t.Error("the caller's connection was closed", err)
	}
}

func TestWithoutASpoolTheServerMustBeThere(t *testing.T) {
	l := clienttest.New(t)
	l.Stop()
	_, err := client.Connect(deadline(t), l.URL(), client.WithController("acme"), client.WithService("billing"))
	if !errors.Is(err, client.ErrUnavailable) {
		t.Error(err)
	}
}

func TestOptionsThatCannotBeAreRefused(t *testing.T) {
	for name, opt := range map[string]client.Option{
		"no controller":     client.WithController(""),
		"a bad service":     client.WithService("Billing Service"),
		"a bad source":      client.WithSource(canary),
		"a batch of none":   client.WithBatch(0, 0),
		"a batch too large": client.WithBatch(1001, 0),
		"nothing in flight": client.WithMaxInFlight(0),
		"no pause":          client.WithRetry(client.Backoff{}),
		"no queue":          client.WithQueue(0),
		"no time":           client.WithTimeout(0),
		"no nkey":           client.WithNkeyFile("/nowhere"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Connect(deadline(t), "nats://127.0.0.1:1", client.WithController("acme"), client.WithService("billing"), opt)
			if !errors.Is(err, client.ErrOptions) {
				t.Error(err)
			}
		})
	}
}
