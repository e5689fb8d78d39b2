package report

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// JSON writes the report as one indented JSON document.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Table writes the report for people: the machine, each side's settings, then a block for each row.
func (r *Report) Table(w io.Writer) error {
	var b strings.Builder
	block(&b, "machine", r.Machine)
	block(&b, "plan", r.Plan)
	for _, s := range r.Sides {
		block(&b, s.Name, s.Settings)
	}
	b.WriteByte('\n')
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	for i := range r.Rows {
		if err := r.Rows[i].write(w); err != nil {
			return err
		}
	}
	return nil
}

// lineWidth is where a list of settings is broken.
const lineWidth = 118

func block(b *strings.Builder, name string, settings []Setting) {
	if len(settings) == 0 {
		return
	}
	const indent = "            "
	line := (name + indent)[:max(len(name), len(indent))]
	for i, s := range settings {
		word := s.Name + " " + s.Value
		if i < len(settings)-1 {
			word += " · "
		}
		if len(line)+len(word) > lineWidth && strings.TrimSpace(line) != "" {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word
	}
	b.WriteString(line + "\n")
}

func (r *Row) write(w io.Writer) error {
	if _, err := io.WriteString(w, r.Name+": "+r.Title+"\n"); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var b strings.Builder
	for _, f := range r.Figures {
		b.WriteString("  " + f.Side + "\t" + f.What + "\t" + Number(f.Value) + " " + f.Unit + "\t")
		if f.P50 > 0 {
			b.WriteString("p50 " + latency(f.P50) + "\tp99 " + latency(f.P99))
		} else {
			b.WriteString("\t")
		}
		b.WriteString("\t" + spread(f.Runs) + "\n")
	}
	if _, err := io.WriteString(t, b.String()); err != nil {
		return err
	}
	if err := t.Flush(); err != nil {
		return err
	}
	b.Reset()
	for _, bar := range r.Bars {
		b.WriteString("  = " + bar.What + "\t" + bar.got() + "\t" + bar.want() + "\t" + bar.Verdict + "\n")
	}
	if _, err := io.WriteString(t, b.String()); err != nil {
		return err
	}
	if err := t.Flush(); err != nil {
		return err
	}
	notes := ""
	for _, n := range r.Notes {
		notes += "  " + n + "\n"
	}
	_, err := io.WriteString(w, notes+"\n")
	return err
}

func (b Bar) got() string {
	if b.Got == nil {
		return "–"
	}
	return Number(*b.Got)
}

func (b Bar) want() string {
	if b.AtMost {
		return "bar ≤ " + Number(b.Want)
	}
	return "bar ≥ " + Number(b.Want)
}

func spread(runs []float64) string {
	if len(runs) < 2 {
		return ""
	}
	parts := make([]string, len(runs))
	for i, v := range runs {
		parts[i] = Number(v)
	}
	return "runs " + strings.Join(parts, " / ")
}

func latency(us float64) string {
	if us >= 1000 {
		return Number(us/1000) + " ms"
	}
	return Number(us) + " µs"
}

// Number writes three significant digits of a figure, and all digits before the point with commas between the thousands.
func Number(v float64) string {
	if v < 0 {
		return "-" + Number(-v)
	}
	if v < 100 {
		prec := 2
		if v >= 10 {
			prec = 1
		}
		return strconv.FormatFloat(v, 'f', prec, 64)
	}
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
