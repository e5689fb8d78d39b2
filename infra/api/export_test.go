package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"github.com/jigowatt/daybook/infra/wire"
)

// exported asks for an export and gives the file with its trailers.
func (l *ledger) exported(in wire.ExportRequest, headers ...string) (answer, http.Header) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.url+"/api/v1/exports", strings.NewReader(encoded(l.t, in)))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Content-Type", wire.ContentJSON)
	req.Header.Set(wire.HeaderMinPosition, l.ledger.State().End.String())
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, body}, res.Trailer
}

const exportedPerson = "email:" + canary + "@example.org"

func eventful(t *testing.T) *ledger {
	l := declared(t)
	for i := range 3 {
		l.record("r"+strconv.Itoa(i), with(action("Store", exportedPerson), "details", map[string]any{"note": canary}))
	}
	l.record("d1", with(action("Disclose", exportedPerson, "customer:1"), "recipient", "elsewhere", "location", "US"))
	return l
}

func TestEverythingIsExportedInEveryFormat(t *testing.T) {
	l := eventful(t)
	for what, c := range map[string]struct {
		rows    uint64 // 0 where any will do
		formats []string
	}{
		"log": {formats: []string{"ldv", "vng"}}, "trail": {rows: 4}, "findings": {}, "recipients": {rows: 1}, "disclosures": {rows: 2}, "retention": {},
		"article30": {formats: []string{"ico", "cnil", "dpv"}},
	} {
		for _, format := range append([]string{"jsonl", "csv", "xlsx", "parquet"}, c.formats...) {
			t.Run(what+" as "+format, func(t *testing.T) {
				in := wire.ExportRequest{What: what, Format: format}
				if what == "trail" {
					in.Controller, in.Person = "fenland-cycles", exportedPerson
				}
				a, trailer := l.exported(in, wire.HeaderActor, "petra", wire.HeaderReason, "audit")
				sum := sha256.Sum256(a.body)
				rows, err := strconv.ParseUint(trailer.Get(wire.TrailerRows), 10, 64)
				if a.status != http.StatusOK || err != nil || trailer.Get(wire.TrailerSHA256) != hex.EncodeToString(sum[:]) || c.rows != 0 && rows != c.rows {
					t.Fatalf("%d, %d rows, %v: %s", a.status, rows, trailer, a.body)
				}
				if bytes.Contains(a.body, []byte(canary)) {
					t.Errorf("what is sealed was exported: %s", a.body)
				}
				if got := rowsOf(t, format, a.body); got >= 0 && uint64(got) != rows {
					t.Errorf("%d rows are in the file, %d were recorded", got, rows)
				}
				k := as[wire.Looks](t, l.get("/api/v1/looks?kind=exported&limit=1")).Looks[0]
				if e := k.Export; e.What != what || e.Format != format || e.Rows != rows || e.Bytes != uint64(len(a.body)) || e.SHA256 != hex.EncodeToString(sum[:]) ||
					k.Actor != "petra" || k.Reason != "audit" || l.position(k.Position) != trailer.Get(wire.TrailerEntry) || e.Revealed {
					t.Errorf("recorded: %+v %+v", k, k.Export)
				}
			})
		}
	}
}

// rowsOf counts the rows of a file by a reader of its format; below 0 where that has no rows.
func rowsOf(t *testing.T, format string, body []byte) int {
	t.Helper()
	switch format {
	case "jsonl", "ldv", "vng":
		return bytes.Count(body, []byte("\n"))
	case "csv":
		list, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
		if err != nil {
			t.Error(err)
		}
		return len(list) - 1
	case "parquet":
		f, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		return int(f.NumRows())
	case "xlsx", "ico", "cnil":
		f, err := excelize.OpenReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		sheets := f.GetSheetList()
		list, err := f.GetRows(sheets[len(sheets)-1])
		if err != nil {
			t.Error(err)
		}
		return len(list) - 1
	}
	return -1
}

func TestAnExportOfOneControllerHoldsNothingOfAnother(t *testing.T) {
	l := eventful(t)
	a, _ := l.exported(wire.ExportRequest{What: "log", Format: "jsonl", Controller: "fenland-cycles"})
	if got := rowsOf(t, "jsonl", a.body); got < 6 || bytes.Contains(a.body, []byte("processor.declared")) || !bytes.Contains(a.body, []byte(`{"position":`)) {
		t.Errorf("%d rows: %s", got, a.body)
	}
	if a, _ := l.exported(wire.ExportRequest{What: "log", Format: "csv", Controller: "other"}); rowsOf(t, "csv", a.body) != 0 {
		t.Errorf("another's: %s", a.body)
	}
}

func TestContactsAreInAnExportOnlyWhereTheyAreAskedFor(t *testing.T) {
	l := eventful(t)
	a, _ := l.exported(wire.ExportRequest{What: "article30", Format: "ico", Contacts: true})
	f, err := excelize.OpenReader(bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	if cell, err := f.GetCellValue("Article 30(2) record", "B2"); err != nil || !strings.Contains(cell, canary+" Anna, Managing director, "+canary+"@example.com") {
		t.Errorf("contacts: %q %v", cell, err)
	}
	got := ""
	for _, k := range as[wire.Looks](t, l.get("/api/v1/looks")).Looks {
		got += k.Kind + " "
		if k.Export != nil && !k.Export.Revealed {
			t.Errorf("%+v", k.Export)
		}
	}
	if got != "exported revealed " {
		t.Errorf("recorded: %s", got)
	}
}

func TestWhatCannotBeExportedIsRefused(t *testing.T) {
	l := eventful(t)
	for rule, in := range map[string]wire.ExportRequest{
		"nothing of that name":     {What: canary, Format: "csv"},
		"no such format":           {What: "findings", Format: "ldv"},
		"nor that one":             {What: "log", Format: "dpv"},
		"a trail of whom?":         {What: "trail", Format: "csv", Controller: "fenland-cycles"},
		"under whom?":              {What: "trail", Format: "csv", Person: exportedPerson},
		"a controller that is not": {What: "findings", Format: "csv", Controller: canary + "@"},
	} {
		if a, _ := l.exported(in); a.status != http.StatusUnprocessableEntity || bytes.Contains(a.body, []byte(canary)) {
			t.Errorf("%s: %d %s", rule, a.status, a.body)
		}
	}
	if list := as[wire.Looks](t, l.get("/api/v1/looks")).Looks; len(list) != 0 {
		t.Errorf("recorded: %+v", list)
	}
}

// While the log takes nothing no file leaves the ledger.
func TestNoFileIsGivenThatIsNotRecorded(t *testing.T) {
	l := eventful(t)
	if a, _ := l.exported(wire.ExportRequest{What: "findings", Format: "csv"}); a.status != http.StatusOK {
		t.Fatalf("%d", a.status)
	}
	release := l.log.Hold()
	defer release()
	if a, _ := l.exported(wire.ExportRequest{What: "findings", Format: "csv"}); a.status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", a.status, a.body)
	}
}
