package export

import (
	"math"

	"github.com/cockroachdb/errors"
	"github.com/xuri/excelize/v2"
)

// looks are the styles of a workbook.
type looks struct{ head, text, label, moment int }

func newLooks(file *excelize.File) (l looks, err error) {
	format := "yyyy-mm-dd hh:mm:ss.000"
	text, bold := &excelize.Alignment{Vertical: "top", Horizontal: "left", WrapText: true}, &excelize.Font{Bold: true, Family: "Calibri", Size: 11}
	for _, style := range []struct {
		into *int
		is   excelize.Style
	}{
		{&l.head, excelize.Style{
			Font: bold, Alignment: &excelize.Alignment{Vertical: "center", Horizontal: "left", WrapText: true},
			Fill:   excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E7ECEF"}},
			Border: []excelize.Border{{Type: "bottom", Color: "7A8A92", Style: 1}},
		}},
		{&l.text, excelize.Style{Alignment: text}},
		{&l.label, excelize.Style{Font: bold, Alignment: text}},
		{&l.moment, excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "left"}, CustomNumFmt: &format}},
	} {
		if *style.into, err = file.NewStyle(&style.is); err != nil {
			return l, errors.Wrap(err, "style of a workbook")
		}
	}
	return l, nil
}

// The bounds of a column's width, in characters: beyond them text is wrapped.
const (
	narrowest = 9
	widest    = 48
)

// columnWidth gives the width of a column whose longest text has so many characters.
func columnWidth(characters int) float64 { return float64(min(max(characters, narrowest), widest)) }

// The height of a row, in points, and of each line more in it.
const (
	rowHeight  = 16
	lineHeight = 14.5
	maxLines   = 27 // a row is at most 409 points high
)

// rowOf gives the height of a row whose cells hold texts of so many characters, in columns of widths: not every program finds it by itself.
func rowOf(characters []int, widths []float64) float64 {
	lines := 1
	for i, n := range characters {
		lines = max(lines, int(math.Ceil(float64(n)*1.1/widths[i]))) // words are not cut
	}
	return rowHeight + lineHeight*float64(min(lines, maxLines)-1)
}

// headStays keeps the first rows in view while the rest is scrolled.
func headStays(rows int) *excelize.Panes {
	cell, _ := excelize.CoordinatesToCellName(1, rows+1) // of a row that there is
	return &excelize.Panes{Freeze: true, YSplit: rows, TopLeftCell: cell, ActivePane: "bottomLeft"}
}

// paperA3 is the number of that paper size.
const paperA3 = 8

// printWide has a sheet printed across, on paper for wide tables, as wide as one page.
func printWide(file *excelize.File, sheet string) error {
	across, paper, one, many, fit := "landscape", paperA3, 1, 0, true
	err := file.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &across, Size: &paper, FitToWidth: &one, FitToHeight: &many})
	if err == nil {
		err = file.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit})
	}
	return errors.Wrap(err, "page of a workbook")
}
