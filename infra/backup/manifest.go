package backup

import (
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// format is the version of both formats. The first knew neither what waits nor the policy of the witnesses, and is still read.
const format = 2

func known(f int) bool { return f == 1 || f == format }

var (
	// ErrArtifact says that something is no backup of this format, or not whole.
	ErrArtifact = errors.Wrap(domain.ErrInvalid, "the backup is not whole")
	// ErrExpired says that a backup of keys is older than it may be kept.
	ErrExpired = errors.Wrap(domain.ErrConflict, "the backup of the keys has expired")
	// ErrIdentity says that none of the identities opens a backup of keys.
	ErrIdentity = errors.Wrap(domain.ErrForbidden, "the backup of the keys is for somebody else")
)

// File is one file of a backup of the log.
type File struct {
	Path   string `json:"path"`
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"` // 64 hexadecimal digits
}

// Manifest says what a backup of the log holds. It is its last file.
type Manifest struct {
	Format  int    `json:"format"`
	Program string `json:"program"` // its version
	// Ledger is the origin of the checkpoint, and Key the verifier key of who signed it.
	Ledger string    `json:"ledger"`
	Key    string    `json:"key"`
	Size   uint64    `json:"size"`
	Root   string    `json:"root"` // 64 hexadecimal digits
	Made   time.Time `json:"made"`
	// Waiting counts the messages that waited, nil where they were not taken.
	Waiting *Waiting `json:"waiting,omitempty"`
	Files   []File   `json:"files"`
}

// Keys says what a backup of keys holds. It is its first file, encrypted as all of it.
type Keys struct {
	Format  int    `json:"format"`
	Program string `json:"program"`
	Ledger  string `json:"ledger"` // the origin that the keys belong to
	Key     string `json:"key"`    // the verifier key
	// Made is when the copy was made. After Expires it must not be kept: it knows people who were forgotten since.
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	// KEK says that the key-encryption key is in it, too; otherwise it comes from the environment.
	KEK bool `json:"kek"`
	// Waiting is the identity that opens what waited in the backup of the log that was made with this one; empty where none was.
	Waiting string `json:"waiting,omitempty"`
}

// Expired returns ErrExpired where the keys must not be kept any more.
func (k Keys) Expired(now time.Time) error {
	if !k.Expires.IsZero() && !now.Before(k.Expires) {
		return errors.WithHint(errors.WithStack(ErrExpired),
			"Article 17: it knows people who were forgotten since. Delete it, or give --expired if there is no newer one.")
	}
	return nil
}

func broken(err error) error {
	return errors.WithHint(errors.WithSecondaryError(errors.WithStackDepth(ErrArtifact, 1), err),
		"Name a file that daybook backup create wrote, or make the backup again.")
}
