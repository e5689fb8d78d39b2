package vault

import (
	"context"
	"io"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/keys"
)

// Content says of whom a vault has keys: all keys in their order.
type Content struct {
	Live, Forgotten []domain.SubjectKey
}

// Knows says whether the vault has the key, or knows that it was destroyed.
func (c Content) Knows(key domain.SubjectKey) bool {
	_, live := slices.BinarySearch(c.Live, key)
	_, forgotten := slices.BinarySearch(c.Forgotten, key)
	return live || forgotten
}

// Inspect reads what Copy wrote without putting it anywhere, and opens every wrapped key with the key-encryption key. It returns ErrCopy,
// keys.ErrWrongKey, and an assertion failure for a key that does not open.
func Inspect(from io.Reader, kek keys.KEK) (Content, error) {
	var c Content
	err := readCopy(from, func(r rowOf) error {
		switch r.table {
		case 0:
			if string(r.bytes[0]) == "check" {
				return kek.Fits(r.bytes[1])
			}
		case dossierTable:
			row := dossierRow(r.bytes[0])
			if len(row) < dossierSealedAt {
				return errors.WithStack(ErrCopy)
			}
			if row[0] != rowVersion {
				return nil // forgotten
			}
			raw, err := row.unwrap(kek)
			if err != nil {
				return errors.Wrapf(err, "dossier %d of the copy", errors.Safe(r.integers[0]))
			}
			clear(raw[:])
			c.Live = append(c.Live, row.key())
		case subjectTable:
			if r.integers[1] == 0 {
				c.Forgotten = append(c.Forgotten, domain.SubjectKey(r.integers[0]))
			}
		}
		return nil
	})
	slices.Sort(c.Live)
	slices.Sort(c.Forgotten)
	return c, errors.Wrap(err, "inspect a copy of the vault")
}

// Lost takes note of keys that the log names and the vault does not have, as if their people were forgotten: what was sealed with them
// never opens again, and nobody is given one of them anew. It returns how many the vault did not know.
func (v *Vault) Lost(ctx context.Context, named []domain.SubjectKey) (lost int, err error) {
	v.writing.Lock()
	defer v.writing.Unlock()
	_, err = v.write(ctx, func(tx *change) error {
		lost = 0
		for _, key := range named {
			if _, err := v.dossierOf(tx.conn, key); !errors.Is(err, errNeverGiven) {
				if err != nil && !errors.Is(err, domain.ErrForgotten) {
					return err
				}
				continue
			}
			lost++
			if err := run(tx.conn, forgetSubject, int64(key), v.config.Now().UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
	return lost, errors.Wrap(err, "take note of lost keys")
}
