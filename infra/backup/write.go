package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/klauspost/compress/zstd"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/tiles"
)

// The files of a backup of the log beside those of the tree, in their order.
const (
	keyFile        = "key"
	checkpointFile = "checkpoint"
	witnessedFile  = "witnessed"
	forkFile       = "fork"
	policyFile     = "policy"
	manifestFile   = "manifest.json"
)

// Log is what a backup of the log is made of.
type Log struct {
	// Files are those of the tree. Only what Checkpoint speaks of is asked for, so that the log may grow meanwhile.
	Files      tiles.Files
	Checkpoint []byte
	Key        string // the verifier key of the checkpoint
	// Witnessed is the newest checkpoint that witnesses cosigned, nil where there is none; it is left out where it is newer.
	Witnessed []byte
	// Fork is what the ledger keeps of having gone on apart from what others saw, nil where it did not.
	Fork []byte
	// Policy is that of the witnesses, nil where none are asked.
	Policy []byte
	// Waiting hands what waits beside the log to a function, and WaitingTo is the recipient from NewWaiting for whom it is encrypted;
	// nil where it is not taken. It is written first, and Ready, where it is not nil, sets the checkpoint after that: what was
	// accepted before is then in the one or in the other.
	Waiting   func(put func(Message) error) error
	WaitingTo string
	Ready     func(ctx context.Context, log *Log) error
	Program   string
	Made      time.Time
	// Progress hears now and then how many of the events were written.
	Progress func(done, of domain.Position)
}

// Write writes a backup of the log. It returns a *tiles.Damage where the checkpoint does not bear the signature, domain.ErrNotFound for
// a file that is missing, and what the writer returns.
func Write(ctx context.Context, to io.Writer, log Log) (Manifest, error) {
	m := Manifest{Format: format, Program: log.Program, Made: log.Made.UTC().Truncate(time.Second)}
	compressor, err := zstd.NewWriter(to, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return m, errors.Wrap(err, "compress a backup")
	}
	w := writer{tar: tar.NewWriter(compressor), made: m.Made}
	if err = w.waiting(log, &m); err == nil && log.Ready != nil {
		err = log.Ready(ctx, &log)
	}
	if err == nil {
		err = w.log(ctx, log, &m)
	}
	if err == nil {
		err = w.tar.Close()
	}
	return m, errors.Wrap(errors.CombineErrors(err, compressor.Close()), "write a backup")
}

type writer struct {
	tar   *tar.Writer
	made  time.Time
	files []File
}

// waiting writes what waits.
func (w *writer) waiting(log Log, m *Manifest) error {
	if log.Waiting == nil {
		return nil
	}
	pieces := pieces{write: func(name string, content []byte) error { return w.file(waitingPrefix+name, content) }}
	count, err := writeWaiting(&pieces, log.WaitingTo, log.Waiting)
	m.Waiting = &count
	return errors.CombineErrors(err, pieces.flush())
}

func (w *writer) log(ctx context.Context, log Log, m *Manifest) error {
	head, err := tiles.OpenCheckpoint(log.Checkpoint, log.Key)
	if err != nil {
		return err
	}
	m.Ledger, m.Key, m.Size, m.Root = head.Origin, log.Key, uint64(head.Size), hex.EncodeToString(head.Root[:])
	small := []struct {
		path    string
		content []byte
	}{{keyFile, []byte(log.Key + "\n")}, {checkpointFile, log.Checkpoint}, {witnessedFile, log.Witnessed}, {forkFile, log.Fork}, {policyFile, log.Policy}}
	if seen, err := tiles.OpenCheckpoint(log.Witnessed, log.Key); err != nil || seen.Size > head.Size {
		small[2].content = nil
	}
	for _, f := range small {
		if f.content == nil {
			continue
		}
		if err := w.file(f.path, f.content); err != nil {
			return err
		}
	}
	events := domain.Position(0)
	for path := range tiles.Paths(head.Size) {
		if ctx.Err() != nil {
			return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "the backup was ended"), ctx.Err())
		}
		content, err := log.Files.File(ctx, path)
		if err != nil {
			return errors.Wrap(err, "a file of the proof")
		}
		if err := w.file(path, content); err != nil {
			return err
		}
		if log.Progress != nil && tiles.IsBundle(path) {
			events = min(events+tiles.BundleSize, head.Size)
			log.Progress(events, head.Size)
		}
	}
	m.Files = w.files
	content, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return errors.Wrap(err, "manifest")
	}
	return w.file(manifestFile, content)
}

func (w *writer) file(path string, content []byte) error {
	sum := sha256.Sum256(content)
	w.files = append(w.files, File{path, len(content), hex.EncodeToString(sum[:])})
	return writeFile(w.tar, path, content, w.made)
}

func writeFile(to *tar.Writer, path string, content []byte, made time.Time) error {
	err := to.WriteHeader(&tar.Header{Name: path, Typeflag: tar.TypeReg, Size: int64(len(content)), Mode: 0o600, ModTime: made, Format: tar.FormatPAX})
	if err == nil {
		_, err = to.Write(content)
	}
	return errors.Wrap(err, "write a file of a backup")
}
