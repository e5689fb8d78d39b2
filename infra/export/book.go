package export

import (
	"unicode/utf8"

	"github.com/cockroachdb/errors"
	"github.com/xuri/excelize/v2"
)

// book is a workbook being written.
type book struct {
	file  *excelize.File
	looks looks
	err   error
}

// form adds a sheet of labels with what is said to each.
func (b *book) form(name string, rows [][]string) {
	b.write(name, rows, []float64{widest, 2 * widest}, func(_, column int) int {
		if column == 0 {
			return b.looks.label
		}
		return b.looks.text
	})
}

// table adds a sheet with a table under its head.
func (b *book) table(name string, rows [][]string) {
	widths := make([]float64, len(rows[0]))
	for j, head := range rows[0] {
		longest := min(utf8.RuneCountInString(head), headWidth) // a head is wrapped
		for _, row := range rows[1:] {
			longest = max(longest, utf8.RuneCountInString(row[j]))
		}
		widths[j] = columnWidth(longest + 2)
	}
	b.write(name, rows, widths, func(row, _ int) int {
		if row == 0 {
			return b.looks.head
		}
		return b.looks.text
	})
	if b.err == nil {
		b.err = b.file.SetPanes(name, headStays(1))
	}
	last, err := excelize.CoordinatesToCellName(len(rows[0]), len(rows))
	if b.err = errors.CombineErrors(b.err, err); b.err == nil {
		// A filter drops how the sheet is printed.
		b.err = errors.CombineErrors(b.file.AutoFilter(name, "A1:"+last, nil), printWide(b.file, name))
	}
	if b.err == nil {
		b.err = b.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: "'" + name + "'!$1:$1", Scope: name})
	}
}

// headWidth is how wide a head alone makes its column.
const headWidth = 24

// write adds a sheet with rows.
func (b *book) write(name string, rows [][]string, widths []float64, style func(row, column int) int) {
	if b.err != nil {
		return
	}
	if _, b.err = b.file.NewSheet(name); b.err != nil {
		return
	}
	for j, width := range widths {
		column, err := excelize.ColumnNumberToName(j + 1)
		if b.err = errors.CombineErrors(err, b.file.SetColWidth(name, column, column, width)); b.err != nil {
			return
		}
	}
	for i, row := range rows {
		long := make([]int, len(row))
		for j, text := range row {
			long[j] = utf8.RuneCountInString(text)
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			if b.err = errors.CombineErrors(err, b.file.SetCellStr(name, cell, clip(text))); b.err != nil {
				return
			}
			if b.err = b.file.SetCellStyle(name, cell, cell, style(i, j)); b.err != nil {
				return
			}
		}
		if b.err = b.file.SetRowHeight(name, i+1, rowOf(long, widths)); b.err != nil {
			return
		}
	}
	b.err = printWide(b.file, name)
}
