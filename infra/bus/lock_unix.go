//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package bus

import (
	"os"
	"syscall"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// storeLock keeps a second process from opening the same JetStream directory, which JetStream itself does not notice and which
// destroys both. The system releases it when the process ends in whatever way.
type storeLock struct{ file *os.File }

// lockStore takes the lock, or returns domain.ErrUnavailable where another process has it.
func lockStore(path string) (*storeLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.WithHint(because(errors.Wrap(domain.ErrUnavailable, "open the lock of the embedded server"), err),
			"Check that the data directory belongs to the user that runs daybook.")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		err = errors.CombineErrors(err, f.Close())
		return nil, errors.WithHint(because(errors.Wrap(domain.ErrUnavailable, "lock the embedded server's directory"), err),
			"Another daybook runs on this data directory. Stop it first, or talk to it over HTTP.")
	}
	return &storeLock{file: f}, nil
}

// release gives the lock back. The file stays: removing it would let two processes lock two files of one name.
func (l *storeLock) release() error {
	return errors.Wrap(l.file.Close(), "release the lock of the embedded server")
}
