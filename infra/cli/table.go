package cli

import (
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

const (
	columnGap = 2
	narrowest = 8  // of a column that has to give way
	longest   = 20 // of a word that is kept whole as long as others can give way
)

// layout sets rows under a head within a width. Columns that are too wide together give way, the widest first, and their cells
// are broken between words.
func layout(head []string, rows [][]string, width int, bold func(string) string) string {
	widths := make([]int, len(head))
	for i, h := range head {
		widths[i] = runewidth.StringWidth(h)
	}
	for _, row := range rows {
		for i, cell := range row {
			for part := range strings.SplitSeq(cell, "\n") {
				widths[i] = max(widths[i], runewidth.StringWidth(clean(part)))
			}
		}
	}
	shrink(widths, wholeWords(head, rows), width-columnGap*(len(head)-1))
	var b strings.Builder
	setRow(&b, head, widths, bold)
	for _, row := range rows {
		setRow(&b, row, widths, asIs)
	}
	return b.String()
}

// wholeWords gives for each column the width that its words need, and no less than a column gives way to.
func wholeWords(head []string, rows [][]string) []int {
	floors := make([]int, len(head))
	measure := func(i int, cell string) {
		for _, word := range strings.Fields(clean(cell)) {
			floors[i] = max(floors[i], min(longest, runewidth.StringWidth(word)))
		}
	}
	for i, h := range head {
		floors[i] = narrowest
		measure(i, h)
	}
	for _, row := range rows {
		for i := range head {
			measure(i, row[i])
		}
	}
	return floors
}

func asIs(s string) string { return s }

// setRow writes one row, as many lines high as its highest cell.
func setRow(b *strings.Builder, row []string, widths []int, style func(string) string) {
	cells := make([][]string, len(widths))
	height := 1
	for i := range widths {
		cells[i] = wrap(clean(row[i]), widths[i])
		height = max(height, len(cells[i]))
	}
	for n := range height {
		out := make([]string, len(widths))
		for i := range cells {
			if n < len(cells[i]) {
				out[i] = cells[i][n]
			}
		}
		line(b, out, widths, style)
	}
}

// shrink takes room from the widest column, one place at a time, until all fit or none can give more. Words are cut only where
// no column can give way between words.
func shrink(widths, floors []int, room int) {
	total := 0
	for _, w := range widths {
		total += w
	}
	for ; total > room; total-- {
		widest := -1
		for i, w := range widths {
			if w > floors[i] && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			if widest = slices.Index(widths, slices.Max(widths)); widths[widest] <= narrowest {
				return
			}
		}
		widths[widest]--
	}
}

func line(b *strings.Builder, cells []string, widths []int, style func(string) string) {
	var text strings.Builder
	for i, cell := range cells {
		if i > 0 {
			text.WriteString(strings.Repeat(" ", columnGap))
		}
		text.WriteString(style(cell))
		text.WriteString(strings.Repeat(" ", max(0, widths[i]-runewidth.StringWidth(cell))))
	}
	b.WriteString(strings.TrimRight(text.String(), " "))
	b.WriteByte('\n')
}

// wrap breaks text between words; a word that is longer than a line is cut.
func wrap(text string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		current := ""
		for _, word := range strings.Fields(paragraph) {
			for runewidth.StringWidth(word) > width {
				if current != "" {
					lines, current = append(lines, current), ""
				}
				head := runewidth.Truncate(word, width, "")
				if head == "" {
					break
				}
				lines, word = append(lines, head), word[len(head):]
			}
			switch {
			case current == "":
				current = word
			case runewidth.StringWidth(current)+1+runewidth.StringWidth(word) <= width:
				current += " " + word
			default:
				lines, current = append(lines, current), word
			}
		}
		lines = append(lines, current)
	}
	return lines
}

// layoutFixed sets rows in columns of given widths, for tables that are written before all of their rows are known.
func layoutFixed(head []string, widths []int, rows [][]string, heading bool, bold func(string) string) string {
	var b strings.Builder
	if heading {
		setRow(&b, head, widths, bold)
	}
	for _, row := range rows {
		setRow(&b, row, widths, asIs)
	}
	return b.String()
}
