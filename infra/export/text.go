package export

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"

	"github.com/cockroachdb/errors"
)

// linesWriter writes JSON Lines: one object a line.
type linesWriter struct{ w io.Writer }

// Write writes a row; a json.RawMessage goes as it is.
func (l *linesWriter) Write(r Row) error {
	line, raw := r.Value.(json.RawMessage)
	if !raw {
		var err error
		if line, err = json.Marshal(r.Value); err != nil {
			return errors.Wrap(err, "encode a row")
		}
	}
	_, err := l.w.Write(append(line[:len(line):len(line)], '\n'))
	return err
}

// Close has nothing to add.
func (l *linesWriter) Close() error { return nil }

// csvWriter writes CSV in UTF-8 with a head, made safe for spreadsheets. Lines end in LF: the library drops a lone CR where they end in CRLF.
type csvWriter struct {
	csv     *csv.Writer
	columns []Column
	row     []string
}

func newCSV(w io.Writer, columns []Column) (Writer, error) {
	c := &csvWriter{csv: csv.NewWriter(w), columns: columns, row: make([]string, len(columns))}
	for i, column := range columns {
		c.row[i] = column.Name
	}
	return c, c.csv.Write(c.row)
}

// Write writes a row.
func (c *csvWriter) Write(r Row) error {
	for i, column := range c.columns {
		c.row[i] = r.Cells[i].in(column.Kind)
		if column.Kind == Text {
			c.row[i] = Harmless(c.row[i])
		}
	}
	return c.csv.Write(c.row)
}

// Close writes what is in memory.
func (c *csvWriter) Close() error {
	c.csv.Flush()
	return c.csv.Error()
}

// Harmless gives a text that no spreadsheet takes for a formula: one that begins with = + - @, tab, carriage return or line feed, or with
// what looks like one of them in full width, gets a single quote before it (OWASP, CSV injection).
func Harmless(s string) string {
	if s != "" && strings.ContainsAny(string([]rune(s)[0]), "=+-@\t\r\n＝＋－＠") {
		return "'" + s
	}
	return s
}
