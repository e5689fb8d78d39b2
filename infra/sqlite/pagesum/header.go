package pagesum

import (
	"encoding/binary"
	"io"
	"os"

	"github.com/cockroachdb/errors"
)

// magic is what every database begins with.
const magic = "SQLite format 3\x00"

// Unsummed says whether the file at path is a database whose pages have no checksums, as one has that was made without the layer. Where
// only the byte that says so is damaged, they have.
func Unsummed(path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, unreadable(err)
	}
	page := make([]byte, 1<<16)
	n, err := io.ReadFull(file, page)
	if err := errors.CombineErrors(ended(err), file.Close()); err != nil {
		return false, err
	}
	if n < 100 || string(page[:len(magic)]) != magic || page[reserved] == Size {
		return false, nil
	}
	size := int(binary.BigEndian.Uint16(page[16:]))
	if size == 1 {
		size = 1 << 16
	}
	if size < 512 || size > n {
		return false, nil
	}
	page = page[:size]
	page[reserved] = Size
	return !whole(page), nil
}
