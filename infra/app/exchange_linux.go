package app

import (
	"os"

	"golang.org/x/sys/unix"
)

// exchange puts two directories in each other's place at once, or moves the second where there is no first.
func exchange(first, second string) error {
	if _, err := os.Lstat(first); os.IsNotExist(err) {
		return os.Rename(second, first)
	}
	return unix.Renameat2(unix.AT_FDCWD, first, unix.AT_FDCWD, second, unix.RENAME_EXCHANGE)
}
