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

// spool is a file of entries that is gone when it is closed.
type spool struct {
	file *os.File
	out  *bufio.Writer
	n    int
}

// newSpool makes the file, which only its owner can read, in a directory that is there.
func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "bundle-")
	if err != nil {
		return nil, noRoom(err)
	}
	return &spool{file: f, out: bufio.NewWriterSize(f, 256<<10)}, nil
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
	if err := s.out.Flush(); err != nil {
		return noRoom(err)
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return noRoom(err)
	}
	in := bufio.NewReaderSize(s.file, 256<<10)
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

func (s *spool) close() error {
	return errors.CombineErrors(s.file.Close(), os.Remove(s.file.Name()))
}
