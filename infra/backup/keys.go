package backup

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// The files of a backup of keys.
const (
	kekFile     = "kek"
	vaultPrefix = "vault/"
	endFile     = "end"
)

// vaultPiece is how much of the vault goes into one file of a backup: so much is in memory at once.
const vaultPiece = 1 << 20

// maxRecipients is how many may be able to open one backup of keys.
const maxRecipients = 64

// Recipients reads recipients of age, one a line; empty lines and lines that begin with # do not count. It returns domain.ErrInvalid, and
// never repeats one: it may be an identity put in the wrong place.
func Recipients(lines []string) ([]age.Recipient, error) {
	list, err := age.ParseRecipients(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil || len(list) > maxRecipients {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "recipients of a backup of keys"),
			"Name 1 to 64 recipients of age, each beginning with age1; age-keygen -y shows the one of an identity.")
	}
	return list, nil
}

// Identities reads the identities of age of a file. It returns domain.ErrInvalid.
func Identities(from io.Reader) ([]age.Identity, error) {
	list, err := age.ParseIdentities(io.LimitReader(from, 1<<20))
	if err != nil {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "identity of age"), "Name with --identity a file that age-keygen wrote.")
	}
	return list, nil
}

// WriteKeys writes a backup of keys to recipients. kek is the text of the key-encryption key's file, nil where it is kept elsewhere;
// vault writes the copy of the vault. Nothing is written anywhere but to the writer, and nothing to that in the clear.
func WriteKeys(to io.Writer, recipients []age.Recipient, m Keys, kek []byte, vault func(io.Writer) error) error {
	if len(recipients) == 0 {
		return errors.Wrap(domain.ErrInvalid, "a backup of keys for nobody")
	}
	m.Format, m.KEK = format, kek != nil
	m.Made, m.Expires = m.Made.UTC().Truncate(time.Second), m.Expires.UTC().Truncate(time.Second)
	sealed, err := age.Encrypt(to, recipients...)
	if err != nil {
		return errors.Wrap(err, "encrypt a backup of keys")
	}
	out := tar.NewWriter(sealed)
	content, err := json.MarshalIndent(m, "", " ")
	if err == nil {
		err = writeFile(out, manifestFile, content, m.Made)
	}
	if err == nil && kek != nil {
		err = writeFile(out, kekFile, kek, m.Made)
	}
	pieces := pieces{write: func(name string, content []byte) error { return writeFile(out, vaultPrefix+name, content, m.Made) }}
	if err == nil {
		err = vault(&pieces)
	}
	if err == nil {
		err = pieces.flush()
	}
	if err == nil { // nothing else says how many pieces there are
		err = writeFile(out, endFile, nil, m.Made)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return errors.Wrap(err, "write a backup of keys")
	}
	return errors.Wrap(sealed.Close(), "write a backup of keys")
}

// pieces makes files of what is written.
type pieces struct {
	write func(name string, content []byte) error
	n     int
	held  []byte
}

// Write takes more.
func (p *pieces) Write(b []byte) (int, error) {
	p.held = append(p.held, b...)
	if len(p.held) < vaultPiece {
		return len(b), nil
	}
	return len(b), p.flush()
}

func (p *pieces) flush() error {
	if len(p.held) == 0 {
		return nil
	}
	p.n++
	err := p.write(fmt.Sprintf("%08d", p.n), p.held)
	clear(p.held)
	p.held = p.held[:0]
	return err
}

// ReadKeys opens a backup of keys, and hands its manifest, the text of the key-encryption key, nil where it is not in it, and the copy of
// the vault to a function, which reads that to its end. It returns ErrIdentity, ErrArtifact, and what the function returns.
func ReadKeys(from io.Reader, identities []age.Identity, take func(m Keys, kek []byte, vault io.Reader) error) error {
	plain, err := age.Decrypt(from, identities...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return errors.WithHint(errors.WithStack(ErrIdentity), "Name with --identity the file of one of those to whom it was encrypted.")
	case err != nil:
		return broken(err)
	}
	in := tar.NewReader(plain)
	var m Keys
	content, name, err := readSmall(in)
	if err != nil || name != manifestFile {
		return broken(err)
	}
	if err := json.Unmarshal(content, &m); err != nil || !known(m.Format) {
		return broken(err)
	}
	var kek []byte
	if m.KEK {
		if kek, name, err = readSmall(in); err != nil || name != kekFile {
			return broken(err)
		}
		defer clear(kek)
	}
	joined := joined{in: in}
	if err := take(m, kek, &joined); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, &joined); err != nil || !joined.ended {
		return broken(err)
	}
	return nil
}

func readSmall(in *tar.Reader) (content []byte, name string, err error) {
	header, err := in.Next()
	if err != nil {
		return nil, "", err
	}
	content, err = io.ReadAll(io.LimitReader(in, 64<<10))
	return content, header.Name, err
}

// joined reads the pieces as one.
type joined struct {
	in    *tar.Reader
	piece *bytes.Reader
	ended bool
}

// Read gives the next bytes. The end is only where it says so.
func (j *joined) Read(b []byte) (int, error) {
	for j.piece == nil || j.piece.Len() == 0 {
		if j.ended {
			return 0, io.EOF
		}
		header, err := j.in.Next()
		if err != nil {
			return 0, broken(err)
		}
		if header.Name == endFile {
			j.ended = true
			continue
		}
		if !strings.HasPrefix(header.Name, vaultPrefix) || header.Size > 2*vaultPiece {
			return 0, broken(nil)
		}
		content, err := io.ReadAll(j.in)
		if err != nil {
			return 0, broken(err)
		}
		j.piece = bytes.NewReader(content)
	}
	return j.piece.Read(b)
}
