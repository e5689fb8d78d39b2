package vault

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/sqlite"
)

// A copy of a vault is a line with its version, its rows table by table, and a row that says how many there were. A row is the number
// of its table and its columns: an integer in eight bytes, anything else with its length before it.
const copyHeader = "daybook-vault-copy-2\n"

// maxCopied bounds a column of a row: the largest is a row of heads.
const maxCopied = 64 << 10

// ErrCopy says that what was to be a copy of a vault is none, or not whole.
var ErrCopy = errors.Wrap(domain.ErrInvalid, "the copy of the vault is not whole")

// copied is one table: how to read it and how to put a row back. Columns are i for an integer, t for a text, b for bytes.
type copied struct {
	read, write, columns string
}

// endOfCopy is the number of the row that ends a copy.
const endOfCopy = 0xff

// The order of the tables is a part of the format.
var copiedTables = [...]copied{
	{`SELECT name, value FROM meta`, `INSERT INTO meta VALUES (?, ?)`, "tb"},
	{`SELECT name, wrapped FROM secret`, `INSERT INTO secret VALUES (?, ?)`, "tb"},
	{`SELECT id, name, wrapped FROM controller`, `INSERT INTO controller VALUES (?, ?, ?)`, "itb"},
	{`SELECT id, body FROM dossier ORDER BY id`, `INSERT INTO dossier VALUES (?, ?)`, "ib"},
	{`SELECT id, body FROM alias ORDER BY id`, `INSERT INTO alias VALUES (?, ?)`, "ib"},
	{`SELECT id, body FROM block ORDER BY id`, `INSERT INTO block VALUES (?, ?)`, "ib"},
	{`SELECT key, dossier, forgotten FROM subject ORDER BY key`, `INSERT INTO subject VALUES (?, ?, ?)`, "iii"},
	{`SELECT id, heads FROM head ORDER BY id`, `INSERT OR REPLACE INTO head VALUES (?, ?)`, "ib"},
}

const (
	dossierTable = 3
	subjectTable = 6
)

// Copy writes everything that is in the vault, as of one moment, and writes it nowhere else: the keys stay wrapped by the
// key-encryption key, but whoever has that too can open them, so that the caller encrypts what it is given. What waits in memory is in
// it, as it is after a crash: by the rows of its dossiers. While somebody is forgotten no copy is made, and one under way ends with
// domain.ErrUnavailable: it would know the person.
func (v *Vault) Copy(ctx context.Context, to io.Writer) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	leave, err := v.copies.enter(end)
	if err != nil {
		return err
	}
	defer leave()
	out := bufio.NewWriterSize(to, 256<<10)
	err = v.db.Read(ctx, func(conn *sqlite.Conn) error {
		if _, err := out.WriteString(copyHeader); err != nil {
			return errors.Wrap(err, "write")
		}
		rows := uint64(0)
		for number, table := range copiedTables {
			n, err := copyTable(ctx, conn, out, byte(number), table)
			if err != nil {
				return err
			}
			rows += n
		}
		_, err := out.Write(binary.LittleEndian.AppendUint64([]byte{endOfCopy}, rows))
		return errors.CombineErrors(err, out.Flush())
	})
	return errors.Wrap(err, "copy the vault")
}

func copyTable(ctx context.Context, conn *sqlite.Conn, out *bufio.Writer, number byte, table copied) (rows uint64, err error) {
	stmt, err := conn.Prepare(table.read)
	if err != nil {
		return 0, err
	}
	var row []byte
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return rows, err
		}
		if ctx.Err() != nil {
			return rows, errors.WithStack(errCopyEnded)
		}
		row = append(row[:0], number)
		for i, kind := range table.columns {
			if kind == 'i' {
				row = binary.LittleEndian.AppendUint64(row, uint64(stmt.ColumnInt64(i)))
				continue
			}
			n := stmt.ColumnLen(i)
			row = binary.AppendUvarint(row, uint64(n))
			at := len(row)
			row = append(row, make([]byte, n)...)
			stmt.ColumnBytes(i, row[at:])
		}
		if _, err := out.Write(row); err != nil {
			return rows, errors.Wrap(err, "write")
		}
		rows++
	}
}

// rowOf is one row of a copy: its integers and its bytes in their order.
type rowOf struct {
	table    byte
	integers []int64
	bytes    [][]byte
}

// readCopy hands on the rows of a copy; what it lends is good during the call. It returns ErrCopy.
func readCopy(from io.Reader, each func(rowOf) error) error {
	in := bufio.NewReaderSize(from, 256<<10)
	header := make([]byte, len(copyHeader))
	if _, err := io.ReadFull(in, header); err != nil || string(header) != copyHeader {
		return errors.WithHint(errors.WithStack(ErrCopy), "It is no copy of a vault, or one of another version of the program.")
	}
	var row rowOf
	for rows := uint64(0); ; rows++ {
		number, err := in.ReadByte()
		if err != nil {
			return errors.WithSecondaryError(errors.WithStack(ErrCopy), err)
		}
		if number == endOfCopy {
			if n, err := readInteger(in); err != nil || uint64(n) != rows {
				return errors.WithStack(ErrCopy)
			}
			return nil
		}
		if int(number) >= len(copiedTables) {
			return errors.WithStack(ErrCopy)
		}
		if err := row.read(in, number); err != nil {
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

func (r *rowOf) read(in *bufio.Reader, number byte) error {
	r.table, r.integers, r.bytes = number, r.integers[:0], r.bytes[:0]
	for _, kind := range copiedTables[number].columns {
		if kind == 'i' {
			n, err := readInteger(in)
			if err != nil {
				return errors.WithSecondaryError(errors.WithStack(ErrCopy), err)
			}
			r.integers = append(r.integers, n)
			continue
		}
		n, err := binary.ReadUvarint(in)
		if err != nil || n > maxCopied {
			return errors.WithStack(ErrCopy)
		}
		value := make([]byte, n)
		if _, err := io.ReadFull(in, value); err != nil {
			return errors.WithSecondaryError(errors.WithStack(ErrCopy), err)
		}
		r.bytes = append(r.bytes, value)
	}
	return nil
}

func readInteger(in *bufio.Reader) (int64, error) {
	var b [8]byte
	_, err := io.ReadFull(in, b[:])
	return int64(binary.LittleEndian.Uint64(b[:])), err
}

// Restore makes a vault in a folder out of what Copy wrote. It returns domain.ErrConflict where there is a vault already, ErrCopy, after
// which nothing is left of it, and domain.ErrUnavailable.
func Restore(ctx context.Context, dir string, from io.Reader) (err error) {
	if Exists(dir) {
		return errors.WithHint(errors.Wrap(domain.ErrConflict, "there is a vault in the folder"), "Restore into a new directory.")
	}
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.CombineErrors(err, lock.Close())
		if err != nil {
			err = errors.CombineErrors(err, os.RemoveAll(dir))
		}
	}()
	db, err := sqlite.Open(filepath.Join(dir, fileName), sqlite.Config{
		Schema: schema, Version: schemaVersion, SecureDelete: true, Synchronous: sqlite.Full, CheckpointPages: 8192,
	})
	if err != nil {
		return errors.Wrap(err, "make the restored vault")
	}
	defer func() { err = errors.CombineErrors(err, db.Close()) }()
	err = db.Write(ctx, func(conn *sqlite.Conn) error { return readCopy(from, func(r rowOf) error { return r.insert(conn) }) })
	return errors.Wrap(err, "restore the vault")
}

func (r rowOf) insert(conn *sqlite.Conn) error {
	args := make([]any, 0, 3)
	integers, values := r.integers, r.bytes
	for _, kind := range copiedTables[r.table].columns {
		switch kind {
		case 'i':
			args, integers = append(args, integers[0]), integers[1:]
		case 't':
			args, values = append(args, string(values[0])), values[1:]
		default:
			args, values = append(args, values[0]), values[1:]
		}
	}
	return run(conn, copiedTables[r.table].write, args...)
}
