package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/cockroachdb/errors"
	"github.com/klauspost/compress/zstd"

	"github.com/jigowatt/daybook/domain"
)

// waitingPrefix begins the names of the files that hold what waited, the first of a backup of the log.
const waitingPrefix = "waiting/"

// ErrWaiting says that what waited does not open with the keys that are named: those of another backup.
var ErrWaiting = errors.Wrap(domain.ErrConflict, "what waited in the backup does not open with these keys")

// Message is one message that rested beside the log, sealed as it rested.
type Message struct {
	Quarantined bool // set aside; else it waited in the inbox
	Received    time.Time
	Sealed      []byte
}

// Waiting counts what waited.
type Waiting struct {
	Inbox      int `json:"inbox"`
	Quarantine int `json:"quarantine"`
}

func (w *Waiting) add(m Message) {
	if m.Quarantined {
		w.Quarantine++
	} else {
		w.Inbox++
	}
}

// NewWaiting makes what closes and what opens the messages that wait in one backup: a recipient of age for the backup of the log, and the
// identity for that of the keys. Once that one is deleted, as it must be in time, the messages in the other, which is kept, open nothing
// any more: they may be of people who were forgotten since (Art. 17(1)).
func NewWaiting() (recipient, identity string, err error) {
	pair, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", errors.Wrap(err, "keys of what waits")
	}
	return pair.Recipient().String(), pair.String(), nil
}

// CheckWaiting says whether what NewWaiting made is a recipient, or an identity. It returns domain.ErrInvalid, and repeats neither.
func CheckWaiting(recipient, identity string) error {
	_, not := age.ParseX25519Recipient(recipient)
	if recipient == "" {
		_, not = age.ParseX25519Identity(identity)
	}
	if not != nil {
		return errors.WithHint(errors.Wrap(domain.ErrInvalid, "what closes or opens the messages of a backup"),
			"Give with the log a recipient of age, age1…, and with the keys its identity, AGE-SECRET-KEY-1….")
	}
	return nil
}

// writeWaiting writes what waits, for a recipient.
func writeWaiting(to io.Writer, recipient string, messages func(put func(Message) error) error) (count Waiting, err error) {
	whom, err := age.ParseX25519Recipient(recipient)
	if err != nil {
		return count, CheckWaiting(recipient, "")
	}
	sealed, err := age.Encrypt(to, whom)
	if err != nil {
		return count, errors.Wrap(err, "encrypt what waits")
	}
	out := tar.NewWriter(sealed)
	if err := messages(func(m Message) error {
		count.add(m)
		name := "inbox/"
		if m.Quarantined {
			name = "quarantine/"
		}
		return writeFile(out, name+strconv.Itoa(count.Inbox+count.Quarantine), m.Sealed, m.Received)
	}); err != nil {
		return count, err
	}
	if err = out.Close(); err == nil {
		err = sealed.Close()
	}
	return count, errors.Wrap(err, "write what waits")
}

// readWaiting reads what writeWaiting wrote. It returns ErrWaiting, ErrArtifact, and what take returns.
func readWaiting(from io.Reader, identity string, take func(Message) error) error {
	who, err := age.ParseX25519Identity(identity)
	if err != nil {
		return CheckWaiting("", identity)
	}
	plain, err := age.Decrypt(from, who)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return errors.WithHint(errors.WithStack(ErrWaiting), "Name the two files that one run of daybook backup create wrote.")
	case err != nil:
		return broken(err)
	}
	for in := tar.NewReader(plain); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil || header.Size > maxFile {
			return broken(err)
		}
		sealed, err := io.ReadAll(in)
		if err != nil {
			return broken(err)
		}
		if err := take(Message{Quarantined: strings.HasPrefix(header.Name, "quarantine/"), Received: header.ModTime, Sealed: sealed}); err != nil {
			return err
		}
	}
}

// ReadWaiting reads what waited in a backup of the log, which is its beginning, and nothing else: it is what ReadLog proved, read again.
// It returns ErrWaiting, ErrArtifact, domain.ErrInvalid for an identity that is none, and what take returns.
func ReadWaiting(ctx context.Context, from io.Reader, identity string, take func(Message) error) error {
	decompressor, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return broken(err)
	}
	defer decompressor.Close()
	in := reader{Reading: Reading{Identity: identity, Waiting: take}, ctx: ctx, tar: tar.NewReader(decompressor)}
	return in.waiting()
}

// waiting reads what waited, where there is anything.
func (r *reader) waiting() error {
	path, content, err := r.next()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(path, waitingPrefix) {
		r.back(path, content)
		return nil
	}
	all := &waitingPieces{reader: r, piece: bytes.NewReader(content)}
	if r.Identity != "" {
		take := r.Waiting
		if take == nil {
			take = func(Message) error { return nil }
		}
		err := readWaiting(all, r.Identity, func(m Message) error {
			r.read.Waited.add(m)
			return take(m)
		})
		if r.read.WaitedClosed = errors.Is(err, ErrWaiting); err != nil && !r.read.WaitedClosed {
			return err
		}
	}
	_, err = io.Copy(io.Discard, all)
	return err
}

// waitingPieces reads the pieces as one.
type waitingPieces struct {
	reader *reader
	piece  *bytes.Reader
	ended  bool
}

// Read gives the next bytes.
func (w *waitingPieces) Read(b []byte) (int, error) {
	for w.piece.Len() == 0 {
		if w.ended {
			return 0, io.EOF
		}
		path, content, err := w.reader.next()
		if err != nil {
			return 0, err
		}
		if !strings.HasPrefix(path, waitingPrefix) {
			w.reader.back(path, content)
			w.ended = true
			continue
		}
		w.piece = bytes.NewReader(content)
	}
	return w.piece.Read(b)
}
