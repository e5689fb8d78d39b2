package app

import (
	"io"
	"path/filepath"

	"github.com/cockroachdb/errors"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/jigowatt/daybook/domain"
)

// lockDirectory keeps a second process out of a data directory, for as long as the process lives.
func lockDirectory(dir string) (io.Closer, error) {
	lock, err := vfs.Default.Lock(filepath.Join(dir, "LOCK"))
	if err != nil {
		return nil, errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "the data directory is in use"), err),
			"Another daybook runs on this directory; stop it, or name another directory with --data.")
	}
	return lock, nil
}
