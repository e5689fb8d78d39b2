package bundle

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// MaxEntries is how many entries a bundle holds at most: whoever checks it keeps a hash of each in memory.
const MaxEntries = 1_000_000

// aside is a file that is gone when it is closed: written once, and then read from its beginning as often as is wanted.
type aside struct {
	file *os.File
	out  *bufio.Writer
}

// newAside makes the file, which only its owner can read, in a directory that is there.
func newAside(dir string) (aside, error) {
	f, err := os.CreateTemp(dir, "bundle-")
	if err != nil {
		return aside{}, noRoom(err)
	}
	return aside{f, bufio.NewWriterSize(f, 256<<10)}, nil
}

// again gives what was written, from its beginning.
func (a aside) again() (io.Reader, error) {
	err := a.out.Flush()
	if err == nil {
		_, err = a.file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, noRoom(err)
	}
	return bufio.NewReaderSize(a.file, 256<<10), nil
}

func (a aside) close() error {
	return errors.CombineErrors(a.file.Close(), os.Remove(a.file.Name()))
}

// spool keeps entries with their positions.
type spool struct {
	aside
	n int
}

func noRoom(err error) error {
	return errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "keep the entries of a bundle meanwhile"), err),
		"Check that the disk of the data directory has room.")
}

func (s *spool) add(at domain.Position, stored []byte) error {
	if s.n == MaxEntries {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "the scope of a bundle"),
			"A bundle holds at most 1,000,000 entries; make several, each of a shorter period.")
	}
	s.n++
	var head [12]byte
	binary.BigEndian.PutUint64(head[:], uint64(at))
	binary.BigEndian.PutUint32(head[8:], uint32(len(stored)))
	_, err := s.out.Write(head[:])
	if err == nil {
		_, err = s.out.Write(stored)
	}
	if err != nil {
		return noRoom(err)
	}
	return nil
}

// each hands on all entries in their order. The bytes are valid during the call only.
func (s *spool) each(do func(at domain.Position, stored []byte) error) error {
	in, err := s.again()
	if err != nil {
		return err
	}
	var buffer []byte
	for range s.n {
		var head [12]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return noRoom(err)
		}
		buffer = append(buffer[:0], make([]byte, binary.BigEndian.Uint32(head[8:]))...)
		if _, err := io.ReadFull(in, buffer); err != nil {
			return noRoom(err)
		}
		if err := do(domain.Position(binary.BigEndian.Uint64(head[:])), buffer); err != nil {
			return err
		}
	}
	return nil
}
