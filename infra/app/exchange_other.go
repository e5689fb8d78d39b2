//go:build !linux

package app

import "os"

// exchange puts two directories in each other's place, or moves the second where there is no first. Where it is interrupted the
// first stands beside itself under another name.
func exchange(first, second string) error {
	if _, err := os.Lstat(first); os.IsNotExist(err) {
		return os.Rename(second, first)
	}
	for _, move := range [][2]string{{first, second + ".old"}, {second, first}, {second + ".old", second}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			return err
		}
	}
	return nil
}
