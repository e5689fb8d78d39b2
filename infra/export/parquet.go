package export

import (
	"io"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/parquet-go/parquet-go"
)

// groupRows is how many rows are in memory before they are written as a group.
const groupRows = 16_384

// parquetWriter writes Parquet: text as UTF-8, numbers as 64 bits, times as milliseconds in UTC. Columns stand in the order of their names.
type parquetWriter struct {
	out     *parquet.Writer
	columns []Column
	at      []int // where a column stands in the file
	row     parquet.Row
	rows    int
}

func newParquet(w io.Writer, name string, columns []Column) Writer {
	group := parquet.Group{}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
		switch c.Kind {
		case Number:
			group[c.Name] = parquet.Optional(parquet.Uint(64))
		case Moment:
			group[c.Name] = parquet.Optional(parquet.Timestamp(parquet.Millisecond))
		case Text:
			group[c.Name] = parquet.Optional(parquet.String())
		}
	}
	slices.Sort(names)
	p := &parquetWriter{columns: columns, at: make([]int, len(columns)), row: make(parquet.Row, len(columns))}
	for i, c := range columns {
		p.at[i], _ = slices.BinarySearch(names, c.Name)
	}
	p.out = parquet.NewWriter(w, parquet.NewSchema(name, group), parquet.Compression(&parquet.Snappy), parquet.CreatedBy("daybook", "1", "0"))
	return p
}

// Write writes a row.
func (p *parquetWriter) Write(r Row) error {
	for i, column := range p.columns {
		value, there := parquet.Value{}, true
		switch cell := r.Cells[i]; column.Kind {
		case Number:
			value, there = parquet.Int64Value(int64(cell.Number)), !cell.Empty
		case Moment:
			value, there = parquet.Int64Value(cell.Time.Truncate(time.Millisecond).UnixMilli()), !cell.Time.IsZero()
		case Text:
			value, there = parquet.ByteArrayValue([]byte(cell.Text)), cell.Text != ""
		}
		level := 1
		if !there {
			value, level = parquet.NullValue(), 0
		}
		p.row[p.at[i]] = value.Level(0, level, p.at[i])
	}
	if _, err := p.out.WriteRows([]parquet.Row{p.row}); err != nil {
		return errors.Wrap(err, "write a row of Parquet")
	}
	if p.rows++; p.rows%groupRows == 0 {
		return errors.Wrap(p.out.Flush(), "write a group of rows")
	}
	return nil
}

// Close writes the foot of the file.
func (p *parquetWriter) Close() error { return errors.Wrap(p.out.Close(), "end a Parquet file") }
