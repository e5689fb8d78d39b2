package export

import (
	"io"

	"github.com/cockroachdb/errors"
	"github.com/xuri/excelize/v2"

	"github.com/jigowatt/daybook/domain"
)

// maxSheetRows bounds a sheet: it is put together in memory before it is written.
const maxSheetRows = 100_000

// maxCell is the most characters that Excel takes in a cell.
const maxCell = 32_767

// xlsxWriter writes one sheet. Text is written as text, never as a formula.
type xlsxWriter struct {
	w       io.Writer
	file    *excelize.File
	sheet   *excelize.StreamWriter
	columns []Column
	row     []any
	rows    int
}

func newXLSX(w io.Writer, name string, columns []Column) (Writer, error) {
	x := &xlsxWriter{w: w, file: excelize.NewFile(), columns: columns, row: make([]any, len(columns))}
	if err := x.file.SetSheetName("Sheet1", name); err != nil {
		return nil, errors.Wrap(err, "name a sheet")
	}
	sheet, err := x.file.NewStreamWriter(name)
	if err != nil {
		return nil, errors.Wrap(err, "begin a sheet")
	}
	x.sheet = sheet
	for i, column := range columns {
		x.row[i] = column.Name
	}
	return x, x.next()
}

func (x *xlsxWriter) next() error {
	x.rows++
	cell, err := excelize.CoordinatesToCellName(1, x.rows)
	if err != nil {
		return errors.Wrap(err, "place of a row")
	}
	return errors.Wrap(x.sheet.SetRow(cell, x.row), "write a row")
}

// Write writes a row.
func (x *xlsxWriter) Write(r Row) error {
	if x.rows > maxSheetRows {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "rows of a sheet"), "An Excel file takes 100,000 rows: export as csv or parquet, or narrow it down.")
	}
	for i, column := range x.columns {
		switch {
		case column.Kind == Number && !r.Cells[i].Empty:
			x.row[i] = r.Cells[i].Number
		case column.Kind == Moment && !r.Cells[i].Time.IsZero():
			x.row[i] = r.Cells[i].in(Moment)
		default:
			x.row[i] = clip(r.Cells[i].in(column.Kind))
		}
	}
	return x.next()
}

// Close writes the file.
func (x *xlsxWriter) Close() error {
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
