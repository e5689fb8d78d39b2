//go:build unix

package postgres

import (
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/cockroachdb/errors"
)

// unprivileged gives the attributes to run PostgreSQL with, and hands the folder to whom it runs as; nil where this process is
// not root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, errors.WithHint(errors.Wrap(err, "user to run postgresql as"),
			"PostgreSQL does not run as root: create a user named postgres, or run the benchmark as another user.")
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, errors.Wrap(err, "user number")
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, errors.Wrap(err, "group number")
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, errors.Wrap(err, "hand the folder to postgresql")
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}
