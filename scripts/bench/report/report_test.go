package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jigowatt/daybook/scripts/bench/report"
)

func value(v float64) *float64 { return &v }

func TestABarIsJudgedByItsRatio(t *testing.T) {
	for _, c := range []struct {
		rule        string
		over, under *float64
		want        float64
		atMost      bool
		verdict     string
	}{
		{"reaching the bar exactly meets it", value(60), value(100), 0.6, false, "met"},
		{"below a least is missed by the share that lacks", value(45), value(100), 0.6, false, "missed by 25%"},
		{"a hair's breadth below is not met", value(59.999), value(100), 0.6, false, "missed by 0.1%"},
		{"at most is met from below", value(1.9), value(1), 2, true, "met"},
		{"above a most is missed by the excess", value(3), value(1), 2, true, "missed by 50%"},
		{"a missing figure is not measured", nil, value(1), 2, true, "not measured"},
		{"a missing baseline is not measured", value(1), nil, 2, false, "not measured"},
		{"a baseline of nothing is not measured", value(1), value(0), 2, false, "not measured"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if got := report.Ratio("x", c.over, c.under, c.want, c.atMost).Verdict; got != c.verdict {
				t.Errorf("verdict %q, want %q", got, c.verdict)
			}
		})
	}
}

func TestAFigureIsTheMedianRunWithItsOwnLatencies(t *testing.T) {
	f := report.Median("us", "w", "/s", []report.Run{
		{Value: 30, P50: 3 * time.Microsecond, P99: 33 * time.Microsecond},
		{Value: 10, P50: 1 * time.Microsecond, P99: 11 * time.Microsecond},
		{Value: 20, P50: 2 * time.Microsecond, P99: 22 * time.Microsecond},
	})
	if f.Value != 20 || f.P50 != 2 || f.P99 != 22 || len(f.Runs) != 3 || f.Runs[0] != 30 {
		t.Errorf("figure %+v", f)
	}
	if report.Median("us", "w", "/s", nil) != nil {
		t.Error("no runs made a figure")
	}
	if best := report.Best(nil, f, &report.Figure{Value: 7}); best != f {
		t.Errorf("best is %+v", best)
	}
}

func TestNumbersReadWell(t *testing.T) {
	for v, want := range map[float64]string{0.604: "0.60", 12.34: "12.3", 99.99: "100.0", 123.4: "123", 1234567: "1,234,567", 999999: "999,999"} {
		if got := report.Number(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}

func TestBothFormsSayWhatWasMissed(t *testing.T) {
	f := report.Median("daybook", "1 caller", "events/s", []report.Run{{Value: 1500, P50: time.Millisecond, P99: 2 * time.Millisecond}})
	r := &report.Report{
		Sides: []report.Side{{Name: "postgresql", Settings: []report.Setting{{Name: "fsync", Value: "on"}}}},
		Rows: []report.Row{{Name: "record", Title: "durable recording", Figures: []*report.Figure{f},
			Bars: []report.Bar{report.Ratio("of raw frames", report.Value(f), value(3000), 0.6, false)}}},
	}
	var table, document bytes.Buffer
	if err := r.Table(&table); err != nil {
		t.Fatal(err)
	}
	if err := r.JSON(&document); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"fsync on", "1,500 events/s", "p50 1.00 ms", "bar ≥ 0.60", "missed by 16.7%"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, table.String())
		}
	}
	var back report.Report
	if err := json.Unmarshal(document.Bytes(), &back); err != nil || back.Rows[0].Bars[0].Verdict != "missed by 16.7%" {
		t.Errorf("the document reads back as %+v, %v", back, err)
	}
}
