package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/export"
)

var golden = flag.Bool("golden", false, "write the golden files anew")

// matches holds bytes against a golden file.
func matches(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *golden {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is another:\n%s\nwant\n%s", name, got, want)
	}
}

var columns = []export.Column{{Name: "sentence"}, {Name: "entry", Kind: export.Number}, {Name: "time", Kind: export.Moment}}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 250_000_000, time.UTC)

// texts are what a spreadsheet could take for a formula, and what it could not.
var texts = []string{
	"=1+1", "+44 1632", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "plain", "", `quo"te, comma`, "a=b", "Ünïcode €",
}

func rows() []export.Row {
	type value struct {
		Sentence string `json:"sentence"`
		Entry    uint64 `json:"entry"`
	}
	var list []export.Row
	for i, text := range texts {
		r := export.Row{Value: value{text, uint64(i)}, Cells: []export.Cell{{Text: text}, {Number: uint64(i)}, {Time: noon}}}
		if i%4 == 3 {
			r.Cells[1], r.Cells[2] = export.Cell{Empty: true}, export.Cell{}
		}
		list = append(list, r)
	}
	return list
}

func table(t *testing.T, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := export.New(format, &b, "findings", columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows() {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheSameRowsGiveTheSameBytes(t *testing.T) {
	for _, format := range []string{export.JSONLines, export.CSV, export.XLSX, export.Parquet} {
		if first := table(t, format); len(first) == 0 || !bytes.Equal(first, table(t, format)) {
			t.Errorf("%s: other bytes the second time", format)
		}
	}
	if _, err := export.New("doc", &bytes.Buffer{}, "x", columns); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("another format: %v", err)
	}
}

func TestNoCellOfACSVIsAFormula(t *testing.T) {
	raw := table(t, export.CSV)
	matches(t, "table.csv", raw)
	got, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil || len(got) != len(texts)+1 {
		t.Fatalf("%d rows: %v", len(got), err)
	}
	for i, text := range texts {
		cell := got[i+1][0]
		if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
			t.Errorf("%q is written as %q", text, cell)
		}
		if strings.TrimPrefix(cell, "'") != text {
			t.Errorf("%q comes back as %q", text, cell)
		}
	}
	if got[1][1] != "0" || got[1][2] != "2026-11-23T12:00:00.250Z" || got[4][1] != "" || got[4][2] != "" {
		t.Errorf("numbers and times: %q, %q", got[1], got[4])
	}
}

func TestAWorkbookHoldsTextAsText(t *testing.T) {
	f, err := excelize.OpenReader(bytes.NewReader(table(t, export.XLSX)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.GetRows("findings", excelize.Options{RawCellValue: true})
	if err != nil || len(got) != len(texts)+1 || got[0][0] != "sentence" {
		t.Fatalf("%d rows: %v", len(got), err)
	}
	for i, text := range texts {
		cell, err := excelize.CoordinatesToCellName(1, i+2)
		if err != nil {
			t.Fatal(err)
		}
		if formula, err := f.GetCellFormula("findings", cell); err != nil || formula != "" {
			t.Errorf("%q is the formula %q: %v", text, formula, err)
		}
		if value, err := f.GetCellValue("findings", cell); err != nil || value != text && strings.TrimSpace(text) == text {
			t.Errorf("%q comes back as %q: %v", text, value, err)
		}
	}
	serial, err := strconv.ParseFloat(got[1][2], 64)
	if err != nil {
		t.Fatal(err)
	}
	// A spreadsheet counts days since 1899-12-30.
	if at := math.Round((serial - 25569) * 86_400_000); got[1][1] != "0" || int64(at) != noon.UnixMilli() || got[0][2] != "time (UTC)" {
		t.Errorf("numbers and times: %q and %q, want %d", got[0], got[1], noon.UnixMilli())
	}
	// What people see: a head that stays, dates as such, columns that show what stands in them.
	shown, err := f.GetCellValue("findings", "C2")
	if err != nil || !strings.HasPrefix(shown, "2026-11-23 12:00:00.") {
		t.Errorf("a time is shown as %q: %v", shown, err)
	}
	if panes, err := f.GetPanes("findings"); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the head does not stay: %+v %v", panes, err)
	}
	if width, err := f.GetColWidth("findings", "C"); err != nil || width < float64(len("2026-11-23 12:00:00.250")) {
		t.Errorf("a time has %v characters: %v", width, err)
	}
}

func TestParquetIsReadBack(t *testing.T) {
	raw := table(t, export.Parquet)
	type row struct {
		Sentence *string    `parquet:"sentence,optional"`
		Entry    *uint64    `parquet:"entry,optional"`
		Time     *time.Time `parquet:"time,optional,timestamp(millisecond)"`
	}
	got, err := parquet.Read[row](bytes.NewReader(raw), int64(len(raw)))
	if err != nil || len(got) != len(texts) {
		t.Fatalf("%d rows: %v", len(got), err)
	}
	for i, text := range texts {
		r := got[i]
		if text == "" && r.Sentence != nil || text != "" && (r.Sentence == nil || *r.Sentence != text) {
			t.Errorf("%q comes back as %v", text, r.Sentence)
		}
		if empty := i%4 == 3; empty != (r.Entry == nil) || empty != (r.Time == nil) {
			t.Errorf("row %d: %v %v", i, r.Entry, r.Time)
		} else if !empty && (*r.Entry != uint64(i) || !r.Time.Equal(noon)) {
			t.Errorf("row %d: %d %s", i, *r.Entry, r.Time)
		}
	}
}

func TestASheetTakesOnlySoMuch(t *testing.T) {
	w, err := export.New(export.XLSX, &bytes.Buffer{}, "x", columns[1:2])
	if err != nil {
		t.Fatal(err)
	}
	row := export.Row{Cells: []export.Cell{{Number: 1}}}
	for n := 0; ; n++ {
		err := w.Write(row)
		if err == nil && n < 100_000 {
			continue
		}
		if n != 100_000 || !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("row %d: %v", n, err)
		}
		break
	}
}

func TestLogsOfProcessingNameTheirFields(t *testing.T) {
	p := export.Processed{
		EventID: "0199a0c2-0000-7000-8000-000000000001/1", Action: "0199a0c2-0000-7000-8000-000000000001", Controller: "fenland-cycles", Service: "webshop",
		Operation: "Disclose", Instruction: "orders", Version: 3, Subject: "24ah95cscx1kr", Categories: []string{"pd:Name"}, System: "crm",
		Recipient: "northprint", Time: noon, Recorded: noon.Add(time.Second), Confidential: true,
	}
	plain := p
	plain.EventID, plain.Action, plain.Recipient, plain.Confidential, plain.Instruction = "m-1", "", "", false, ""
	for name, line := range map[string]func(export.Processed) any{"ldv.jsonl": export.Processed.InLDV, "vng.jsonl": export.Processed.InVNG} {
		var b bytes.Buffer
		for _, one := range []export.Processed{p, plain} {
			if err := json.NewEncoder(&b).Encode(line(one)); err != nil {
				t.Fatal(err)
			}
		}
		matches(t, name, b.Bytes())
	}
}
