package client_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/infra/client"
	"github.com/jigowatt/daybook/infra/client/clienttest"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestActionsThatTheContractDoesNotAllowAreRefusedHere(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	for name, change := range map[string]func(*client.Action){
		"no operation":           func(a *client.Action) { a.Operation = "" },
		"nobody":                 func(a *client.Action) { a.Subjects = nil },
		"too many people":        func(a *client.Action) { a.Subjects = make([]string, 1001) },
		"an empty person":        func(a *client.Action) { a.Subjects = []string{""} },
		"a person not UTF-8":     func(a *client.Action) { a.Subjects = []string{"email:\xff"} },
		"an address as id":       func(a *client.Action) { a.ID = canary },
		"an address as system":   func(a *client.Action) { a.System = canary },
		"an address as category": func(a *client.Action) { a.Categories = []string{canary} },
		"too many categories":    func(a *client.Action) { a.Categories = make([]string, 65) },
		"a name in capitals":     func(a *client.Action) { a.Instruction = "Orders" },
		"details too long":       func(a *client.Action) { a.Details = map[string]any{"x": strings.Repeat("x", 16<<10)} },
		"details of no kind":     func(a *client.Action) { a.Details = map[string]any{canary: make(chan int)} },
		"a time of no calendar":  func(a *client.Action) { a.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		t.Run(name, func(t *testing.T) {
			a := stored("email:" + canary)
			change(&a)
			_, err := c.Record(deadline(t), a)
			if !errors.Is(err, client.ErrRejected) || strings.Contains(err.Error(), "canary") {
				t.Error(err)
			}
			if err := c.RecordAsync(a); !errors.Is(err, client.ErrRejected) {
				t.Error(err)
			}
			if _, err := c.Ask(deadline(t), a); !errors.Is(err, client.ErrRejected) {
				t.Error(err)
			}
		})
	}
	if len(l.Recorded()) != 0 {
		t.Error("recorded all the same")
	}
}

func TestRecordBatchGivesEachActionItsResult(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l, client.WithBatch(7, 0))
	actions := make([]client.Action, 50)
	for i := range actions {
		actions[i] = stored("a:b")
		actions[i].ID = client.NewID()
	}
	actions[20].Operation = ""
	actions[30].ID, actions[30].Operation = actions[3].ID, client.Use
	results, err := c.RecordBatch(deadline(t), actions)
	if len(results) != len(actions) || !errors.Is(err, client.ErrRejected) {
		t.Fatal(len(results), err)
	}
	position := uint64(0)
	for i, r := range results {
		switch i {
		case 20:
			if !errors.Is(r.Err, client.ErrRejected) {
				t.Error(r.Err)
			}
		case 30:
			if !errors.Is(r.Err, client.ErrConflict) {
				t.Error(r.Err)
			}
		default:
			if r.Err != nil || r.Receipt.ID != actions[i].ID || r.Receipt.Position != position {
				t.Errorf("%d: %+v", i, r)
			}
			position++
		}
	}
}

func TestAskAnswersAndRecordsNothing(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	if answer, err := c.Ask(deadline(t), stored("a:b")); err != nil || !answer.Permitted {
		t.Error(answer, err)
	}
	l.Answer(func(r clienttest.Recorded) wire.Answer {
		return wire.Answer{Instruction: r.Event.Data.Instruction, Version: 2, Reasons: []wire.Reason{{Code: "restricted", Article: "Art. 18", Message: "m"}}}
	})
	l.Fail(wire.Busy, 1)
	answer, err := c.Ask(deadline(t), stored("a:b"))
	if err != nil || answer.Permitted || answer.Instruction != "orders" || answer.Version != 2 || answer.Reasons[0].Code != "restricted" {
		t.Error(answer, err)
	}
	if len(l.Recorded()) != 0 {
		t.Error("a question was recorded")
	}
}

func TestAQuestionSaysWhetherItsAnswerIsKept(t *testing.T) {
	l := clienttest.New(t)
	c := connect(t, l)
	l.Answer(func(r clienttest.Recorded) wire.Answer {
		a := wire.Answer{Permitted: true}
		if r.Event.Data.Record {
			a.Receipt = &wire.Receipt{ID: r.Event.ID}
		}
		return a
	})
	action := stored("a:b")
	action.ID = "q-1"
	if answer, err := c.AskRecorded(deadline(t), action); err != nil || answer.Receipt == nil || answer.Receipt.ID != "q-1" {
		t.Errorf("%+v, %v", answer, err)
	}
	if answer, err := c.Ask(deadline(t), action); err != nil || answer.Receipt != nil {
		t.Errorf("asked without: %+v, %v", answer, err)
	}
}

func TestHeartbeatsArrive(t *testing.T) {
	l := clienttest.New(t)
	if err := connect(t, l).Heartbeat(deadline(t)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a heartbeat", func() bool { return len(l.Heartbeats()) == 1 })
}
