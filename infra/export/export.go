// Package export writes what the ledger knows into files that other programs read: tables as JSON Lines, CSV, Excel and Parquet, the
// record of Article 30(2) in the manner of supervisory authorities and as DPV, and the log of processing as Dutch authorities name its
// fields (Art. 5(2), 20, 28(3)(h), 30(4)).
//
// It deliberately reads nothing and decides nothing: rows come in, bytes go out, and the same rows give the same bytes.
package export

import (
	"io"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Kind is what stands in a column.
type Kind uint8

// The kinds of columns.
const (
	Text   Kind = iota
	Number      // a whole number from 0
	Moment      // a time in UTC, to the millisecond
)

// Column is one column of a table.
type Column struct {
	Name string
	Kind Kind
}

// Cell is one cell: a Text by default, or what its column's kind asks for. The zero value is empty.
type Cell struct {
	Text   string
	Number uint64
	Time   time.Time
	// Empty says that a number is not there.
	Empty bool
}

// Row is one row. Value is the whole of it as JSON Lines write it.
type Row struct {
	Value any
	Cells []Cell
}

// Writer writes rows into one file. It is for one goroutine.
type Writer interface {
	// Write writes a row. It returns domain.ErrInvalid for a row that the format cannot hold, and the error of the file.
	Write(Row) error
	// Close writes what ends the file; it does not close the file.
	Close() error
}

// The formats of tables.
const (
	JSONLines = "jsonl"
	CSV       = "csv"
	XLSX      = "xlsx"
	Parquet   = "parquet"
)

// MediaType gives the media type of a format; that of a binary file for one that it does not know.
func MediaType(format string) string {
	switch format {
	case JSONLines, LDV, VNG:
		return "application/jsonl"
	case CSV:
		return "text/csv; charset=utf-8; header=present"
	case XLSX, ICO, CNIL:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case Parquet:
		return "application/vnd.apache.parquet"
	case DPV:
		return "application/ld+json"
	}
	return "application/octet-stream"
}

// Extension gives how the name of a file of the format ends.
func Extension(format string) string {
	switch format {
	case ICO, CNIL:
		return XLSX
	case DPV:
		return "jsonld"
	case LDV, VNG:
		return JSONLines
	}
	return format
}

// New makes the writer of a table in a format. It returns domain.ErrInvalid for a format that tables have not.
func New(format string, w io.Writer, name string, columns []Column) (Writer, error) {
	switch format {
	case JSONLines, LDV, VNG:
		return &linesWriter{w: w}, nil
	case CSV:
		return newCSV(w, columns)
	case XLSX:
		return newXLSX(w, name, columns)
	case Parquet:
		return newParquet(w, name, columns), nil
	}
	return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "format of a table"), "Write jsonl, csv, xlsx or parquet.")
}

// in gives a cell of a column of the kind as text.
func (c Cell) in(k Kind) string {
	switch k {
	case Number:
		if c.Empty {
			return ""
		}
		return strconv.FormatUint(c.Number, 10)
	case Moment:
		if c.Time.IsZero() {
			return ""
		}
		return c.Time.UTC().Format("2006-01-02T15:04:05.000Z")
	case Text:
	}
	return c.Text
}
