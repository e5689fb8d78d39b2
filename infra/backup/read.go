package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/cockroachdb/errors"
	"github.com/klauspost/compress/zstd"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/tiles"
)

// Limits of what is read into memory at once.
const (
	maxFile     = 256 * (domain.MaxEventBytes + 2) // a full bundle of the largest entries
	maxManifest = 512 << 20                        // of 4 million files, a billion events
	maxWindow   = 64 << 20
)

// Reading says how a backup of the log is read. Functions may be nil.
type Reading struct {
	// Key is the verifier key; that of the backup itself where it is empty, which proves no more than that it is whole.
	Key string
	// Checkpoints are further ones that were signed with the key. The history must agree with those that are not newer.
	Checkpoints [][]byte
	// File takes each file of the tree, and the witnessed checkpoint, and Event each event, before the whole is proved.
	File  func(path string, content []byte) error
	Event func(at domain.Position, event []byte) error
	// Identity opens what waited, which is only held against its hash without, and Waiting takes each message.
	Identity string
	Waiting  func(Message) error
	// Progress hears now and then how many of the events were read.
	Progress func(done, of domain.Position)
}

// Read is what was read of a backup of the log.
type Read struct {
	Manifest Manifest
	Head     tiles.Checkpoint
	// Key is the verifier key with which it was proved.
	Key string
	// Signed is the checkpoint of the backup, and Newer the newest of the given ones, where that is newer.
	Signed, Newer []byte
	NewerHead     tiles.Checkpoint
	// Witnessed, Fork and Policy are as in Log.
	Witnessed, Fork, Policy []byte
	// Waited counts the messages that were opened, and WaitedClosed says that they are for another identity.
	Waited       Waiting
	WaitedClosed bool
}

// ReadLog reads a backup of the log and proves it: each file by its hash, and the whole tree by the signed checkpoint. It returns a
// *tiles.Damage with the first position that is wrong, ErrArtifact where it is no whole backup, domain.ErrInvalid for a key that is
// none, domain.ErrUnavailable where ctx ends, and what the functions return.
func ReadLog(ctx context.Context, from io.Reader, r Reading) (Read, error) {
	decompressor, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return Read{}, broken(err)
	}
	defer decompressor.Close()
	in := reader{Reading: r, ctx: ctx, tar: tar.NewReader(decompressor)}
	if err = in.all(); err != nil {
		return in.read, err
	}
	if n, err := io.Copy(io.Discard, decompressor); err != nil || n > 0 { // its checksum stands at its end
		return in.read, broken(err)
	}
	return in.read, nil
}

type reader struct {
	Reading
	ctx   context.Context // of the one call of ReadLog
	tar   *tar.Reader
	read  Read
	files []File
	ahead *File // a file that was read too far
	held  []byte
}

// next gives the next file.
func (r *reader) next() (path string, content []byte, err error) {
	if r.ahead != nil {
		path, content = r.ahead.Path, r.held
		r.ahead, r.held = nil, nil
		return path, content, nil
	}
	if r.ctx.Err() != nil {
		return "", nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "the reading of a backup was ended"), r.ctx.Err())
	}
	header, err := r.tar.Next()
	if err != nil {
		return "", nil, broken(err)
	}
	limit := int64(maxFile)
	if header.Name == manifestFile {
		limit = maxManifest
	}
	if header.Typeflag != tar.TypeReg || header.Size > limit {
		return "", nil, broken(nil)
	}
	if content, err = io.ReadAll(io.LimitReader(r.tar, limit)); err != nil {
		return "", nil, broken(err)
	}
	sum := sha256.Sum256(content)
	r.files = append(r.files, File{header.Name, len(content), hex.EncodeToString(sum[:])})
	return header.Name, content, nil
}

// back has the next call of next give the file again.
func (r *reader) back(path string, content []byte) { r.ahead, r.held = &File{Path: path}, content }

func (r *reader) all() error {
	others, err := r.begin()
	if err != nil {
		return err
	}
	head := r.read.Head
	sequence := tiles.NewSequence(head, others, func(at domain.Position, event []byte) error {
		if r.Event == nil {
			return nil
		}
		return r.Event(at, event)
	})
	defer sequence.Close()
	for range tiles.Paths(head.Size) {
		path, content, err := r.next()
		if err != nil {
			return r.torn(sequence, err)
		}
		if err := sequence.Take(path, content); err != nil {
			return err
		}
		if r.File != nil {
			if err := r.File(path, content); err != nil {
				return err
			}
		}
		if r.Progress != nil && tiles.IsBundle(path) {
			r.Progress(sequence.Size(), head.Size)
		}
	}
	if err := sequence.End(); err != nil {
		return err
	}
	return r.manifest()
}

// torn names the position at which a backup ends too early.
func (r *reader) torn(s *tiles.Sequence, err error) error {
	if !errors.Is(err, ErrArtifact) {
		return err
	}
	return errors.WithSecondaryError(tiles.Found(&tiles.Damage{What: "the backup is torn", From: s.Size(), To: r.read.Head.Size}), err)
}

// begin reads what stands before the tree, and gives the checkpoints that the history must agree with beside its own.
func (r *reader) begin() ([]tiles.Checkpoint, error) {
	if err := r.waiting(); err != nil {
		return nil, err
	}
	path, own, err := r.next()
	if err != nil || path != keyFile {
		return nil, errors.CombineErrors(err, broken(nil))
	}
	if r.Key == "" {
		r.Key = strings.TrimSpace(string(own))
	}
	r.read.Key = r.Key
	path, signed, err := r.next()
	if err != nil || path != checkpointFile {
		return nil, errors.CombineErrors(err, broken(nil))
	}
	if r.read.Head, err = tiles.OpenCheckpoint(signed, r.Key); err != nil {
		return nil, err
	}
	r.read.Signed = signed
	notes := slices.Clone(r.Checkpoints)
	for _, f := range []struct {
		path string
		into *[]byte
	}{{witnessedFile, &r.read.Witnessed}, {forkFile, &r.read.Fork}, {policyFile, &r.read.Policy}} {
		path, content, err := r.next()
		if err != nil {
			return nil, err
		}
		if path != f.path {
			r.back(path, content)
			continue
		}
		*f.into = content
	}
	if r.read.Witnessed != nil {
		notes = append(notes, r.read.Witnessed)
	}
	return r.agreed(notes)
}

// agreed parts checkpoints into those that are older than the backup, and the newest that is newer.
func (r *reader) agreed(notes [][]byte) (older []tiles.Checkpoint, err error) {
	for _, note := range notes {
		head, err := tiles.OpenCheckpoint(note, r.Key)
		switch {
		case err != nil:
			return nil, err
		case head.Size <= r.read.Head.Size:
			older = append(older, head)
		case head.Size > r.read.NewerHead.Size:
			r.read.Newer, r.read.NewerHead = note, head
		}
	}
	return older, nil
}

// manifest holds what was read against the manifest, which is the end.
func (r *reader) manifest() error {
	path, content, err := r.next()
	if err != nil || path != manifestFile {
		return errors.CombineErrors(err, broken(nil))
	}
	files := r.files[:len(r.files)-1]
	m := &r.read.Manifest
	if err := json.Unmarshal(content, m); err != nil || !known(m.Format) {
		return broken(err)
	}
	if m.Waiting != nil && r.Identity != "" && !r.read.WaitedClosed && *m.Waiting != r.read.Waited {
		return differs("the manifest speaks of other messages that waited", "")
	}
	if len(m.Files) != len(files) || m.Size != uint64(r.read.Head.Size) || m.Root != hex.EncodeToString(r.read.Head.Root[:]) || m.Ledger != r.read.Head.Origin || m.Key != r.Key {
		return differs("the manifest speaks of another history", "")
	}
	for i, f := range files {
		if m.Files[i] != f {
			return differs("the manifest speaks of another file", f.Path)
		}
	}
	if _, err := r.tar.Next(); !errors.Is(err, io.EOF) {
		return broken(err)
	}
	return nil
}

func differs(what, file string) error { return tiles.Found(&tiles.Damage{What: what, File: file}) }
