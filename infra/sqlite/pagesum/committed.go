package pagesum

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// Log is what is left of the write-ahead log of a database that nobody has open, beside what its index says was in it.
type Log struct {
	// Committed is the number of the last frame that was committed, as the index says, 0 where it says nothing.
	Committed uint32
	// Whole is that of the last committed one before which nothing is damaged: what SQLite would take for the end of the log.
	Whole uint32
	// Carried is that of the last frame that may be in the database already.
	Carried uint32
}

// Lost says that something is missing that was committed.
func (l Log) Lost() bool { return l.Whole < l.Committed && !l.spent() }

// Mixed says that the database has pages of a later moment than the log as SQLite would read it, so that the two do not fit together.
func (l Log) Mixed() bool { return l.Whole < min(l.Carried, l.Committed) && !l.spent() }

// spent says that the database has all that was in the log, and that nothing of the log would stand before it.
func (l Log) spent() bool { return l.Whole == 0 && l.Carried >= l.Committed }

// The header of the log's index (https://sqlite.org/walformat.html, 2.3.1), of which there are two copies, in the machine's order of bytes.
const (
	indexHeader  = 48
	indexSummed  = 40
	indexPage    = 14
	indexLast    = 16
	indexSalt    = 32
	indexCarried = 2*indexHeader + 32
	indexSize    = 136
)

// ReadLog reads the log of the database at path and holds it against its index. SQLite takes the first frame that does not pass for the
// end of its log, since the writer may have ended there; but the index is in memory that a killed program leaves to the system, and it
// says up to where the log was committed. Where there is no index that can be read, or only one of an earlier log in the same file, as a loss
// of power leaves it, nothing is said. ReadLog changes no file and must come before SQLite opens the database, which makes the index
// anew. It returns domain.ErrUnavailable where a file cannot be read.
func ReadLog(path string) (Log, error) {
	index, err := readIndex(path + "-shm")
	if err != nil || index == nil {
		return Log{}, err
	}
	l := Log{Committed: binary.NativeEndian.Uint32(index[indexLast:]), Carried: binary.NativeEndian.Uint32(index[indexCarried:])}
	if l.Committed == 0 {
		return l, nil
	}
	file, err := os.Open(path + "-wal")
	if errors.Is(err, os.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return Log{}, unreadable(err)
	}
	whole, of, err := walk(bufio.NewReaderSize(file, 1<<20), index, l.Committed)
	if err = errors.CombineErrors(err, file.Close()); err != nil || !of {
		return Log{}, err
	}
	l.Whole = whole
	return l, nil
}

// readIndex gives the first part of an index with a header that is whole, in the first copy's place; nil where there is none.
func readIndex(path string) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(err)
	}
	index := make([]byte, indexSize)
	_, err = io.ReadFull(file, index)
	if err = errors.CombineErrors(err, file.Close()); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(err)
	}
	for _, copied := range [][]byte{index[:indexHeader], index[indexHeader : 2*indexHeader]} {
		want := sums{binary.NativeEndian.Uint32(copied[indexSummed:]), binary.NativeEndian.Uint32(copied[indexSummed+4:])}
		if want != (sums{}) && (sums{}).add(native(), copied[:indexSummed]) == want {
			copy(index, copied)
			return index, nil
		}
	}
	return nil, nil
}

// native is the machine's order of bytes, as one of the two that there are.
func native() binary.ByteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// walk reads frames up to the last that was committed and gives the last committed one that is whole with all before it, and whether the
// index is of this log at all: each beginning of a log in the file has other salts, and is on the disk before the index tells of it.
func walk(log io.Reader, index []byte, last uint32) (whole uint32, of bool, err error) {
	header := make([]byte, logHeader)
	if err := fill(log, header); err != nil {
		return 0, true, ended(err)
	}
	sum := bigSums(header[headerSum:])
	if s := (sums{}); s.add(binary.LittleEndian, header[:headerSum]) != sum && s.add(binary.BigEndian, header[:headerSum]) != sum {
		return 0, true, nil
	}
	salt := index[indexSalt : indexSalt+8]
	if string(header[16:24]) != string(salt) {
		return 0, false, nil
	}
	size := int(binary.NativeEndian.Uint16(index[indexPage:]))
	if size = size&0xfe00 + size&1<<16; size < 512 {
		return 0, true, nil
	}
	frame := make([]byte, frameHeader+size)
	for n := uint32(1); n <= last; n++ {
		if err := fill(log, frame); err != nil {
			return whole, true, ended(err)
		}
		fits := false
		if sum, fits = frameFits(sum, frame, frame[frameHeader:]); !fits || string(frame[8:16]) != string(salt) {
			return whole, true, nil
		}
		if binary.BigEndian.Uint32(frame[4:]) != 0 { // the last of a transaction
			whole = n
		}
	}
	return last, true, nil
}

func fill(from io.Reader, b []byte) error {
	_, err := io.ReadFull(from, b)
	return err
}

// ended makes an end that is no failure to read.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return unreadable(err)
}

func unreadable(err error) error {
	return errors.Mark(errors.Wrap(err, "read the write-ahead log of a database"), domain.ErrUnavailable)
}
