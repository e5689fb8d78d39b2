// Package endmark keeps how far a ledger has acknowledged in one small file, so that events which nothing is signed for yet are
// missed where they are lost (Art. 32(1)(b)).
//
// It is written before receipts are sent, and waits for no disk: it outlives a killed process, and after a loss of power it may
// say less than was acknowledged, never more. It deliberately does not know the log.
package endmark

import (
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
)

// Mark is the end of what was acknowledged.
type Mark struct {
	End  domain.Position // after the last acknowledged event; 0 where there is none
	Last merkle.Hash     // the leaf of the event before End
}

var (
	errNone   = errors.Wrap(domain.ErrNotFound, "mark of what was acknowledged")
	errBroken = errors.Wrap(domain.ErrConflict, "the mark of what was acknowledged cannot be read")
	errCannot = errors.Wrap(domain.ErrUnavailable, "the mark of what was acknowledged")
)

func (m Mark) text() string {
	text := fmt.Sprintf("daybook acknowledged 1\n%020d\n%x\n", uint64(m.End), m.Last[:])
	return fmt.Sprintf("%s%08x\n", text, crc32.ChecksumIEEE([]byte(text)))
}

// Read gives the mark in a file. It returns domain.ErrNotFound where there is none, domain.ErrConflict where it was damaged, and
// domain.ErrUnavailable where it cannot be read.
func Read(path string) (Mark, error) {
	content, err := os.ReadFile(path)
	switch {
	case os.IsNotExist(err), err == nil && len(content) == 0:
		return Mark{}, errors.WithStack(errNone)
	case err != nil:
		return Mark{}, errors.WithSecondaryError(errors.WithStack(errCannot), err)
	}
	var m Mark
	lines := strings.Split(string(content), "\n")
	if len(lines) == 5 {
		m.End, err = domain.ParsePosition(strings.TrimLeft(lines[1], "0"))
		leaf, failed := hex.DecodeString(lines[2])
		if err == nil && failed == nil && len(leaf) == len(m.Last) {
			m.Last = merkle.Hash(leaf)
		}
	}
	if m.text() != string(content) {
		return Mark{}, errors.WithStack(errBroken)
	}
	return m, nil
}

// File is where marks are written. It is for one goroutine at a time.
type File struct{ f *os.File }

// Open opens the file, and makes it (mode 0600) where there is none. It returns domain.ErrUnavailable.
func Open(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, errors.WithSecondaryError(errors.WithStack(errCannot), err)
	}
	return &File{f}, nil
}

// Note writes how far was acknowledged and the bytes of the last event, over what was written before. It returns
// domain.ErrUnavailable.
func (f *File) Note(end domain.Position, last []byte) error {
	return f.Set(Mark{end, merkle.Leaf(last)})
}

// Set writes a mark as Note does.
func (f *File) Set(m Mark) error {
	if _, err := f.f.WriteAt([]byte(m.text()), 0); err != nil {
		return errors.WithSecondaryError(errors.WithStack(errCannot), err)
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error {
	return errors.Wrap(f.f.Close(), "close the mark of what was acknowledged")
}
