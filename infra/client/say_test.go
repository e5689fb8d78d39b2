package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/client/clienttest"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestWhatAServiceSaysIsRecorded(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	people, when := []string{"customer:4711"}, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	about := client.About{ID: "said-1", Time: when}
	for _, tt := range []struct {
		rule string
		say  func() (client.Receipt, error)
		want any
	}{
		{"a consent", func() (client.Receipt, error) {
			return c.Consent(deadline(t), client.Consent{About: about, Subjects: people, Instruction: "newsletter", How: "double-opt-in", Explicit: true})
		}, wire.Consent{Consent: wire.Given, Subjects: people, Instruction: "newsletter", How: "double-opt-in", Explicit: true}},
		{"its withdrawal", func() (client.Receipt, error) {
			return c.WithdrawConsent(deadline(t), client.Consent{Subjects: people, Instruction: "newsletter", How: "link"})
		}, wire.Consent{Consent: wire.Withdrawn, Subjects: people, Instruction: "newsletter", How: "link"}},
		{"an objection to marketing", func() (client.Receipt, error) {
			return c.Object(deadline(t), client.Objection{Subjects: people, Marketing: true})
		}, wire.Objection{Subjects: people, Marketing: true}},
		{"an occasion", func() (client.Receipt, error) {
			return c.Occasion(deadline(t), client.Occasion{Occasion: client.OrderClosed, Subjects: people, Instruction: "orders"})
		}, wire.Occasion{Occasion: wire.OrderClosed, Subjects: people, Instruction: "orders"}},
		{"a count", func() (client.Receipt, error) {
			return c.Count(deadline(t), client.Count{System: "crm", Category: "pd:EmailAddress", People: 4711})
		}, wire.Count{System: "crm", Category: "pd:EmailAddress", People: 4711}},
	} {
		receipt, err := tt.say()
		if err != nil {
			t.Errorf("%s: %v", tt.rule, err)
			continue
		}
		got := l.AssertSaid(t, tt.want)
		if receipt.ID == "" || receipt.ID != got.Event.ID || receipt.Events != 1 || receipt.Verdict != wire.Conformant {
			t.Errorf("%s: the receipt is %+v", tt.rule, receipt)
		}
	}
	if got := l.Recorded()[0]; got.Event.ID != "said-1" || !got.Event.Time.Equal(when) {
		t.Errorf("recorded as %s at %v", got.Event.ID, got.Event.Time)
	}
	l.AssertNotRecorded(t, client.Action{Subjects: people})
}

func TestWhatIsAnnouncedIsConfirmedByTheAction(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	a := stored("customer:4711")
	a.Operation, a.Time = client.Erase, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	announced, err := c.Announce(deadline(t), a)
	if err != nil {
		t.Fatal(err)
	}
	said := l.AssertSaid(t, wire.Announcement{Operation: client.Erase, Subjects: a.Subjects, Instruction: a.Instruction, Categories: a.Categories, System: a.System})
	l.AssertNotRecorded(t, client.Action{Operation: client.Erase})
	if _, err := announced.Confirm(deadline(t)); err != nil {
		t.Fatal(err)
	}
	done := l.AssertRecorded(t, client.Action{Operation: client.Erase, Announced: said.Event.ID, Details: a.Details})
	if done.Event.ID == said.Event.ID || !done.Event.Time.After(a.Time) {
		t.Errorf("the action is %s at %v", done.Event.ID, done.Event.Time)
	}
}

func TestWhatTheContractDoesNotAllowIsNotSaid(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	people := []string{"customer:4711"}
	for _, tt := range []struct {
		rule    string
		say     func(context.Context) (client.Receipt, error)
		pointer string
	}{
		{"a consent of nobody", func(ctx context.Context) (client.Receipt, error) {
			return c.Consent(ctx, client.Consent{Instruction: "i", How: "h"})
		}, "/data/subjects"},
		{"a consent to nothing", func(ctx context.Context) (client.Receipt, error) {
			return c.Consent(ctx, client.Consent{Subjects: people, How: "h"})
		}, "/data/instruction"},
		{"a consent that nobody can show", func(ctx context.Context) (client.Receipt, error) {
			return c.Consent(ctx, client.Consent{Subjects: people, Instruction: "i"})
		}, "/data/how"},
		{"an address as how", func(ctx context.Context) (client.Receipt, error) {
			return c.WithdrawConsent(ctx, client.Consent{Subjects: people, Instruction: "i", How: canary})
		}, "/data/how"},
		{"an objection of nobody", func(ctx context.Context) (client.Receipt, error) { return c.Object(ctx, client.Objection{}) }, "/data/subjects"},
		{"no occasion", func(ctx context.Context) (client.Receipt, error) {
			return c.Occasion(ctx, client.Occasion{Subjects: people, Instruction: "i"})
		}, "/data/occasion"},
		{"a count of nothing", func(ctx context.Context) (client.Receipt, error) { return c.Count(ctx, client.Count{System: "crm"}) }, "/data/category"},
		{"an announcement of nothing", func(ctx context.Context) (client.Receipt, error) {
			a, err := c.Announce(ctx, client.Action{Subjects: people})
			return a.Receipt, err
		}, "/data/operation"},
	} {
		_, err := tt.say(deadline(t))
		var e *client.Error
		if !errors.As(err, &e) || !errors.Is(err, client.ErrRejected) || e.Problem == nil || e.Problem.Errors[0].Pointer != tt.pointer {
			t.Errorf("%s: %v", tt.rule, err)
		}
	}
	// What the ledger alone can judge comes back from it.
	if _, err := c.Consent(deadline(t), client.Consent{About: client.About{ID: "no id"}, Subjects: people, Instruction: "i", How: "h"}); !errors.Is(err, client.ErrRejected) {
		t.Errorf("an id that is none: %v", err)
	}
	if n := len(l.Recorded()); n != 0 {
		t.Errorf("%d recorded", n)
	}
}

func TestWhatIsSaidWhileTheLedgerIsAwayIsKept(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l, client.WithSpool(t.TempDir()), client.WithRetry(client.Backoff{Min: time.Millisecond, Max: time.Millisecond, Tries: 1}))
	eventually(t, "the key was fetched", func() bool { return c.Status().Connected })
	l.Stop()
	consent := client.Consent{Subjects: []string{"customer:4711"}, Instruction: "newsletter", How: "double-opt-in"}
	_, err := c.Consent(deadline(t), consent)
	var e *client.Error
	if !errors.As(err, &e) || !e.Spooled {
		t.Fatal(err)
	}
	announced, err := c.Announce(deadline(t), stored("customer:4711"))
	if !errors.As(err, &e) || !e.Spooled || announced.Receipt.ID == "" {
		t.Fatal(announced, err)
	}
	l.Start()
	if err := c.Flush(deadline(t)); err != nil {
		t.Fatal(err)
	}
	l.AssertSaid(t, wire.Consent{Consent: wire.Given, Subjects: consent.Subjects, Instruction: "newsletter", How: "double-opt-in"})
	if _, err := announced.Confirm(deadline(t)); err != nil {
		t.Fatal(err)
	}
	l.AssertRecorded(t, client.Action{Announced: announced.Receipt.ID})
}
