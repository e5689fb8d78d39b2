package report_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

func TestAReceiptIsWrittenAsTheStandardEncoderWritesIt(t *testing.T) {
	whole := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for rule, r := range map[string]commands.Receipt{
		"conformant": {ID: "a", Position: 7, Events: 1, Recorded: whole},
		"with findings, a duplicate": {ID: "b:1", Position: 1 << 40, Events: 3, Recorded: whole.Add(250 * time.Millisecond), Duplicate: true,
			Leaf: [32]byte{1, 2, 255}, Findings: domain.FindingSet(0).With(domain.NoInstruction).With(domain.ReportedLate)},
		"with a note": {ID: "c", Position: 8, Events: 1, Recorded: whole, Note: commands.Note{Article: "Art. 21(1)", Message: "m"}},
	} {
		want, err := json.Marshal(report.Receipt(r))
		if err != nil {
			t.Fatal(err)
		}
		if got := report.AppendReceipt(nil, r); string(got) != string(want) {
			t.Errorf("%s:\n got %s\nwant %s", rule, got, want)
		}
	}
}

func TestAnItemIsWrittenAsTheStandardEncoderWritesIt(t *testing.T) {
	receipt := commands.Receipt{ID: "a", Position: 7, Events: 1, Recorded: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	written, problem := report.Receipt(receipt), wire.NewProblem(wire.Conflict)
	problem.Detail, problem.Errors = `"quoted" <b>`, []wire.FieldError{{Pointer: "/0/id", Detail: "used"}}
	proved := written
	proved.Proof = "c2sp.org/tlog-proof@v1\nindex 7\n\ndaybook/<ledger>\n\n— \"x\"\n"
	for rule, row := range map[string]struct {
		problem *wire.Problem
		item    wire.Item
	}{
		"a receipt":                {nil, wire.Item{Receipt: &written}},
		"a problem":                {&problem, wire.Item{Problem: &problem}},
		"a receipt with its proof": {nil, wire.Item{Receipt: &proved}},
	} {
		want, err := json.Marshal(row.item)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := report.AppendItem([]byte("["), receipt, proofOf(row.item), row.problem); err != nil || string(got) != "["+string(want) {
			t.Errorf("%s: %v\n got %s\nwant [%s", rule, err, got, want)
		}
	}
}

// proofOf gives the proof of an item's receipt, nil where it has none.
func proofOf(item wire.Item) []byte {
	if item.Receipt == nil || item.Receipt.Proof == "" {
		return nil
	}
	return []byte(item.Receipt.Proof)
}
