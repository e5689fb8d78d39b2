package clienttest

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/jigowatt/daybook/infra/client"
)

// AssertRecorded wants an action to have been recorded that has everything that want has; what is empty in want is not looked
// at. It gives the first such action.
func (l *Ledger) AssertRecorded(t testing.TB, want client.Action) Recorded {
	t.Helper()
	recorded := l.Recorded()
	for _, r := range recorded {
		if r.Said == nil && matches(r, want) {
			return r
		}
	}
	t.Errorf("no such action among the %d recorded: operation %q, instruction %q, id %q", len(recorded), want.Operation, want.Instruction, want.ID)
	return Recorded{}
}

// AssertNotRecorded wants no action to have been recorded that has everything that unwanted has.
func (l *Ledger) AssertNotRecorded(t testing.TB, unwanted client.Action) {
	t.Helper()
	for _, r := range l.Recorded() {
		if r.Said == nil && matches(r, unwanted) {
			t.Errorf("such an action was recorded at position %d: operation %q", r.Receipt.Position, r.Event.Data.Operation)
		}
	}
}

// AssertSaid wants a statement to have been recorded that is equal to want: a wire.Announcement, wire.Consent, wire.Objection,
// wire.Occasion or wire.Count. It gives the first such.
func (l *Ledger) AssertSaid(t testing.TB, want any) Recorded {
	t.Helper()
	recorded := l.Recorded()
	for _, r := range recorded {
		if r.Said != nil && reflect.DeepEqual(r.Said, want) {
			return r
		}
	}
	t.Errorf("no such %T among the %d recorded", want, len(recorded))
	return Recorded{}
}

func matches(r Recorded, want client.Action) bool {
	got := r.Event.Data
	for _, pair := range [][2]string{{want.ID, r.Event.ID}, {want.Operation, got.Operation}, {want.Instruction, got.Instruction}, {want.System, got.System},
		{want.Location, got.Location}, {want.Recipient, got.Recipient}, {want.Order, got.Order}, {want.From, got.From},
		{want.Announced, got.Announced}, {want.Basis, got.Basis}, {want.Traceparent, r.Event.Traceparent}} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return (want.Subjects == nil || slices.Equal(want.Subjects, got.Subjects)) &&
		(want.Categories == nil || slices.Equal(want.Categories, got.Categories)) &&
		(want.Time.IsZero() || want.Time.Equal(r.Event.Time)) &&
		(want.Details == nil || sameDetails(want.Details, got.Details))
}

func sameDetails(want map[string]any, got json.RawMessage) bool {
	raw, err := json.Marshal(want)
	if err != nil {
		return false
	}
	var a, b any
	return json.Unmarshal(raw, &a) == nil && json.Unmarshal(got, &b) == nil && reflect.DeepEqual(a, b)
}
