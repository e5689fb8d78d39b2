package export

import (
	"io"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/errors"
	"github.com/xuri/excelize/v2"

	"github.com/jigowatt/daybook/domain"
)

// maxSheetRows bounds a sheet: it is put together in memory before it is written.
const maxSheetRows = 100_000

// maxCell is the most characters that Excel takes in a cell.
const maxCell = 32_767

// heldRows is how many rows are looked at before a sheet begins, so that its columns get the width of what stands in them.
const heldRows = 200

// xlsxWriter writes one sheet that people can read as it opens: a head that stays in view, with a filter, columns as wide as what stands
// in them, and dates that are dates. Text is written as text, never as a formula.
type xlsxWriter struct {
	w       io.Writer
	file    *excelize.File
	name    string
	looks   looks
	sheet   *excelize.StreamWriter // nil until the first rows were looked at
	columns []Column
	widths  []float64
	held    [][]excelize.Cell
	rows    int
}

func newXLSX(w io.Writer, name string, columns []Column) (Writer, error) {
	x := &xlsxWriter{w: w, file: excelize.NewFile(), name: name, columns: columns}
	var err error
	if x.looks, err = newLooks(x.file); err != nil {
		return nil, err
	}
	if err := x.file.SetSheetName("Sheet1", name); err != nil {
		return nil, errors.Wrap(err, "name a sheet")
	}
	return x, errors.Wrap(printWide(x.file, name), "page of a sheet")
}

// begin writes the head, and what was held.
func (x *xlsxWriter) begin() (err error) {
	if x.sheet, err = x.file.NewStreamWriter(x.name); err != nil {
		return errors.Wrap(err, "begin a sheet")
	}
	head := make([]excelize.Cell, len(x.columns))
	for i, column := range x.columns {
		head[i] = excelize.Cell{StyleID: x.looks.head, Value: column.Name}
		if column.Kind == Moment {
			head[i].Value = column.Name + " (UTC)"
		}
		widest := len(column.Name) + 4 // beside the button of the filter
		for _, row := range x.held {
			widest = max(widest, characters(row[i])+2)
		}
		x.widths = append(x.widths, columnWidth(widest))
		if err := x.sheet.SetColWidth(i+1, i+1, x.widths[i]); err != nil {
			return errors.Wrap(err, "width of a column")
		}
	}
	if err := x.sheet.SetPanes(headStays(1)); err != nil {
		return errors.Wrap(err, "head of a sheet")
	}
	for _, row := range append([][]excelize.Cell{head}, x.held...) {
		if err := x.next(row); err != nil {
			return err
		}
	}
	x.held = nil
	return nil
}

func (x *xlsxWriter) next(cells []excelize.Cell) error {
	x.rows++
	cell, err := excelize.CoordinatesToCellName(1, x.rows)
	if err != nil {
		return errors.Wrap(err, "place of a row")
	}
	row, long := make([]any, len(cells)), make([]int, len(cells))
	for i, c := range cells {
		row[i], long[i] = c, characters(c)
	}
	return errors.Wrap(x.sheet.SetRow(cell, row, excelize.RowOpts{Height: rowOf(long, x.widths)}), "write a row")
}

// characters gives how many a cell shows.
func characters(c excelize.Cell) int {
	switch v := c.Value.(type) {
	case string:
		return utf8.RuneCountInString(v)
	case time.Time:
		return len("2006-01-02 15:04:05.000")
	}
	return 0
}

// Write writes a row.
func (x *xlsxWriter) Write(r Row) error {
	if max(x.rows, len(x.held)) > maxSheetRows {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "rows of a sheet"), "An Excel file takes 100,000 rows: export as csv or parquet, or narrow it down.")
	}
	cells := make([]excelize.Cell, len(x.columns))
	for i, column := range x.columns {
		switch {
		case column.Kind == Number && !r.Cells[i].Empty:
			cells[i] = excelize.Cell{StyleID: x.looks.text, Value: r.Cells[i].Number}
		case column.Kind == Moment && !r.Cells[i].Time.IsZero():
			cells[i] = excelize.Cell{StyleID: x.looks.moment, Value: r.Cells[i].Time.UTC().Truncate(time.Millisecond)}
		default:
			cells[i] = excelize.Cell{StyleID: x.looks.text, Value: clip(r.Cells[i].in(column.Kind))}
		}
	}
	if x.sheet != nil {
		return x.next(cells)
	}
	if x.held = append(x.held, cells); len(x.held) < heldRows {
		return nil
	}
	return x.begin()
}

// Close writes the file.
func (x *xlsxWriter) Close() error {
	if x.sheet == nil {
		if err := x.begin(); err != nil {
			return err
		}
	}
	last, err := excelize.CoordinatesToCellName(len(x.columns), x.rows)
	if err == nil {
		err = x.file.AutoFilter(x.name, "A1:"+last, nil)
	}
	if err != nil {
		return errors.Wrap(err, "filter of a sheet")
	}
	if err := x.sheet.Flush(); err != nil {
		return errors.Wrap(err, "end a sheet")
	}
	if err := x.file.Write(x.w); err != nil {
		return errors.Wrap(err, "write a workbook")
	}
	return errors.Wrap(x.file.Close(), "close a workbook")
}

// clip cuts what no cell holds.
func clip(s string) string {
	if runes := []rune(s); len(runes) > maxCell {
		return string(runes[:maxCell-1]) + "…"
	}
	return s
}
