package cli

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/cockroachdb/errors"
	"golang.org/x/term"
)

// pageWidth is what tables are set for where there is no terminal to ask.
const pageWidth = 100

// terminal says whether w is a terminal, and how wide.
func terminal(w any) (width int, is bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return pageWidth, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		width = pageWidth
	}
	return min(width, 160), true
}

// styled says that the output may be bold or dim.
func (p *program) styled() bool {
	_, is := terminal(p.out)
	return is && p.env("NO_COLOR") == "" && p.env("TERM") != "dumb"
}

func (p *program) bold(s string) string {
	if s == "" || !p.styled() {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

// say prints lines of text for people; it does so for tables only, so that the other formats stay pure. A line that is wider than
// the page is broken between words, unless it is set in: such lines are commands to copy.
func (p *program) say(lines ...string) {
	if p.format != "table" {
		return
	}
	width, _ := terminal(p.out)
	for _, line := range lines {
		line = clean(line)
		if !strings.HasPrefix(line, " ") {
			line = strings.Join(wrap(line, width), "\n")
		}
		_, _ = io.WriteString(p.out, line+"\n")
	}
}

// title prints a heading.
func (p *program) title(text string) {
	if p.format == "table" {
		_, _ = io.WriteString(p.out, p.bold(clean(text))+"\n")
	}
}

// listing is an answer that can be shown as a table, JSON, JSON Lines or CSV.
type listing struct {
	whole any   // for json
	items []any // for jsonl
	head  []string
	rows  [][]string
	empty string // the sentence for an empty table
}

// show prints a listing in the chosen format.
func (p *program) show(l listing) error {
	switch p.format {
	case "json":
		return p.json(l.whole)
	case "jsonl":
		for _, item := range l.items {
			if err := p.line(item); err != nil {
				return err
			}
		}
		return nil
	case "csv":
		return p.csv(l.head, l.rows)
	}
	if len(l.rows) == 0 {
		p.say(l.empty)
		return nil
	}
	width, _ := terminal(p.out)
	return p.write(layout(l.head, l.rows, width, p.bold))
}

func (p *program) write(s string) error {
	_, err := io.WriteString(p.out, s)
	return errors.Wrap(err, "write the output")
}

func (p *program) json(v any) error {
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return errors.Wrap(encoder.Encode(v), "write the output")
}

func (p *program) line(v any) error {
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	return errors.Wrap(encoder.Encode(v), "write the output")
}

// columns gives the names of columns as programs like them: when for When (UTC), last-seen for Last seen. Whom people call the client
// is a controller in every format that programs read.
func columns(head []string) []string {
	names := make([]string, len(head))
	for i, h := range head {
		h = strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(h, " (UTC)")), ",", "")
		if names[i] = strings.ReplaceAll(h, " ", "-"); h == "client" {
			names[i] = "controller"
		}
	}
	return names
}

// csv writes RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe in front.
func (p *program) csv(head []string, rows [][]string) error {
	w := csv.NewWriter(p.out)
	all := append([][]string{columns(head)}, rows...)
	for _, row := range all {
		safe := make([]string, len(row))
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				cell = "'" + cell
			}
			safe[i] = cell
		}
		if err := w.Write(safe); err != nil {
			return errors.Wrap(err, "write the output")
		}
	}
	w.Flush()
	return errors.Wrap(w.Error(), "write the output")
}
