package keys

import (
	"os"
	"path/filepath"

	"github.com/cockroachdb/errors"
)

// Text gives what stands in the key file of a folder, for a backup that is encrypted, nil where there is none: then the key is kept
// elsewhere, and so must be its backup. It returns ErrExposed and domain.ErrUnavailable.
func Text(dir string) ([]byte, error) {
	path := filepath.Join(dir, "kek")
	if _, err := read(path, 0o077); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, unavailable(err)
	}
	return text, nil
}

// Parse reads the text of a key file. It returns domain.ErrInvalid.
func Parse(text []byte) (KEK, error) { return parse(text) }

// Put makes the key file of a folder with a text that Text gave, durably; one that is there stays. It returns domain.ErrInvalid and
// domain.ErrUnavailable.
func Put(dir string, text []byte) error {
	if _, err := parse(text); err != nil {
		return err
	}
	return create(filepath.Join(dir, "kek"), text)
}
