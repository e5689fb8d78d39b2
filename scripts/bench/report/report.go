// Package report holds what the benchmark measured and writes it as a table or as JSON: figures with the settings they were
// measured under, their ratios, and each ratio against its bar. It measures nothing and hides nothing: a bar without both of
// its figures is "not measured", and one that is not reached says by how much.
package report

import (
	"slices"
	"strconv"
	"time"
)

// Figure is one side's result in one row.
type Figure struct {
	Side string `json:"side"`
	What string `json:"what"`
	// Value is the median of Runs, in Unit.
	Value float64   `json:"value"`
	Unit  string    `json:"unit"`
	Runs  []float64 `json:"runs"`
	// P50 and P99 are the latencies of the run with the median value, in microseconds; 0 where they were not measured.
	P50 float64 `json:"p50_us,omitempty"`
	P99 float64 `json:"p99_us,omitempty"`
}

// Run is one measurement of one side.
type Run struct {
	Value    float64
	P50, P99 time.Duration
}

// Median makes a figure of one side's runs. It returns nil where there are none.
func Median(side, what, unit string, runs []Run) *Figure {
	if len(runs) == 0 {
		return nil
	}
	f := &Figure{Side: side, What: what, Unit: unit}
	for _, r := range runs {
		f.Runs = append(f.Runs, r.Value)
	}
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b Run) int {
		switch {
		case a.Value < b.Value:
			return -1
		case a.Value > b.Value:
			return 1
		}
		return 0
	})
	middle := sorted[len(sorted)/2]
	f.Value, f.P50, f.P99 = middle.Value, micros(middle.P50), micros(middle.P99)
	return f
}

// Best gives the figure with the greatest value, leaving out nil ones; nil where there is none.
func Best(figures ...*Figure) *Figure {
	var best *Figure
	for _, f := range figures {
		if f != nil && (best == nil || f.Value > best.Value) {
			best = f
		}
	}
	return best
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

// Bar is what a ratio, or a figure alone, has to reach.
type Bar struct {
	What string `json:"what"`
	// Got is the measured ratio or figure, absent where a figure is missing.
	Got *float64 `json:"got"`
	// Want is the bar: at least so much, or at most where AtMost is set.
	Want   float64 `json:"want"`
	AtMost bool    `json:"at_most,omitempty"`
	// Verdict is "met", "missed by …" or "not measured"; see Judge.
	Verdict string `json:"verdict"`
}

// Ratio makes the bar of one figure over another. Either may be nil.
func Ratio(what string, over, under *float64, want float64, atMost bool) Bar {
	b := Bar{What: what, Want: want, AtMost: atMost}
	if over != nil && under != nil && *under > 0 {
		got := *over / *under
		b.Got = &got
	}
	return b.judged()
}

// Absolute makes the bar of a figure alone, which may be nil.
func Absolute(what string, got *float64, want float64, atMost bool) Bar {
	return Bar{What: what, Got: got, Want: want, AtMost: atMost}.judged()
}

func (b Bar) judged() Bar {
	switch {
	case b.Got == nil:
		b.Verdict = "not measured"
	case b.AtMost && *b.Got <= b.Want, !b.AtMost && *b.Got >= b.Want:
		b.Verdict = "met"
	case b.AtMost:
		b.Verdict = "missed by " + percent(*b.Got/b.Want-1)
	default:
		b.Verdict = "missed by " + percent(1-*b.Got/b.Want)
	}
	return b
}

// percent rounds up to a tenth, so that a miss is never printed as 0%.
func percent(share float64) string {
	tenths := int64(share * 1000)
	if float64(tenths) < share*1000 {
		tenths++
	}
	return strconv.FormatFloat(float64(tenths)/10, 'f', -1, 64) + "%"
}

// Value gives a figure's value for Ratio and Absolute, nil for no figure.
func Value(f *Figure) *float64 {
	if f == nil {
		return nil
	}
	return &f.Value
}

// Latency gives a figure's 50th and 99th percentile in microseconds, nil for no figure.
func Latency(f *Figure) (p50, p99 *float64) {
	if f == nil {
		return nil, nil
	}
	return &f.P50, &f.P99
}

// Row is one line of the bars, with all that was measured for it.
type Row struct {
	Name    string    `json:"name"`
	Title   string    `json:"title"`
	Figures []*Figure `json:"figures"`
	Bars    []Bar     `json:"bars"`
	Notes   []string  `json:"notes,omitempty"`
}

// Add adds a figure unless it is nil.
func (r *Row) Add(figures ...*Figure) {
	for _, f := range figures {
		if f != nil {
			r.Figures = append(r.Figures, f)
		}
	}
}

// Setting is one named setting of a side.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Side is one of the parties with the settings it was measured under.
type Side struct {
	Name     string    `json:"name"`
	Settings []Setting `json:"settings"`
}

// Report is one run of the benchmark.
type Report struct {
	Machine []Setting `json:"machine"`
	Plan    []Setting `json:"plan"`
	Sides   []Side    `json:"sides"`
	Rows    []Row     `json:"rows"`
}
