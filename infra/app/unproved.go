package app

import (
	"bufio"
	"encoding/base64"
	"os"
	"strconv"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// unproved is the file of what a repair puts aside: a line for each event, with the bytes in base64, because they may be no JSON.
// It is made when there is something to write.
type unproved struct {
	path string
	file *os.File
	out  *bufio.Writer
}

func (u *unproved) add(at domain.Position, event []byte, sound bool) error {
	if u.file == nil {
		f, err := os.OpenFile(u.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return cannotAside(err)
		}
		u.file, u.out = f, bufio.NewWriter(f)
	}
	line := strconv.AppendUint([]byte(`{"position":`), uint64(at), 10)
	line = strconv.AppendBool(append(line, `,"sound":`...), sound)
	line = base64.StdEncoding.AppendEncode(append(line, `,"bytes":"`...), event)
	if _, err := u.out.Write(append(line, "\"}\n"...)); err != nil {
		return cannotAside(err)
	}
	return nil
}

func (u *unproved) close() error {
	if u.file == nil {
		return nil
	}
	err := u.out.Flush()
	if err == nil {
		err = u.file.Sync()
	}
	if err = errors.CombineErrors(err, u.file.Close()); err != nil {
		return cannotAside(err)
	}
	return nil
}
