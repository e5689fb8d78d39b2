//go:build unix

package cli

import "golang.org/x/sys/unix"

// freeSpace gives the bytes that are free for this user on the disk of a directory.
func freeSpace(dir string) (free uint64, ok bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
