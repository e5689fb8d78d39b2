//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package client

import (
	"errors"
	"os"
)

// lock refuses: two processes in one spool would lose records, and this system offers no flock to keep them apart.
func lock(*os.File) error { return errors.ErrUnsupported }
