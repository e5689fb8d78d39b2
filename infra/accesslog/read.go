package accesslog

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"iter"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// MaxLineBytes bounds a line; what is longer is reported and skipped.
const MaxLineBytes = 64 << 10

// Broken reports a line that cannot be read.
type Broken struct {
	Line   int
	Reason Reason
}

// Read yields the entries of a log, plain or gzip, in the order of its lines, and reports every line that it cannot read to
// broken, once. Empty lines are skipped. It ends with an error that wraps domain.ErrInvalid where compressed bytes are damaged or
// cut off, and with the reader's own error where reading fails; what was yielded before still holds.
func Read(r io.Reader, broken func(Broken)) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		lines, err := open(r)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		for n := 1; ; n++ {
			line, long, err := next(lines)
			if len(line) > 0 || long {
				e, reason := Entry{}, TooLong
				if !long {
					e, reason = parse(line)
				}
				e.Line = n
				if reason != "" {
					broken(Broken{n, reason})
				} else if !yield(e, nil) {
					return
				}
			}
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(Entry{}, damaged(err))
				return
			}
		}
	}
}

// open looks at the first two bytes, because names of rotated logs say nothing reliable.
func open(r io.Reader) (*bufio.Reader, error) {
	plain := bufio.NewReaderSize(r, MaxLineBytes)
	magic, err := plain.Peek(2)
	if err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return plain, nil // a log of fewer bytes is read as it is
	}
	unpacked, err := gzip.NewReader(plain)
	if err != nil {
		return nil, damaged(err)
	}
	return bufio.NewReaderSize(unpacked, MaxLineBytes), nil
}

func damaged(err error) error {
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &corrupt) {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "compressed log"),
			"The file is damaged or was cut off; check it with gzip -t. What could be read was taken.")
	}
	return errors.Wrap(err, "read the log")
}

// next gives one line without its end, or says that it was too long; the rest of such a line is skipped.
func next(r *bufio.Reader) (line []byte, long bool, err error) {
	line, err = r.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		_, err = r.ReadSlice('\n')
	}
	return bytes.TrimRight(line, "\r\n"), long, err
}
