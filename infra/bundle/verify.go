package bundle

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/merkle"
	"github.com/jigowatt/daybook/infra/bundle/derive"
	"github.com/jigowatt/daybook/infra/tiles"
)

// Verdict is what a bundle that holds proves.
type Verdict struct {
	Manifest   Manifest
	Checkpoint tiles.Checkpoint
	// Signed is the checkpoint with its signatures, and Key the one that it was checked with.
	Signed []byte
	Key    string
	// OwnKey says that no key was handed in, so that only the bundle's own word says who signed.
	OwnKey bool
	// Page says that the page for people was made again and is the same; a page of another version cannot be.
	Page bool
}

// Verify checks a bundle with nothing but the verifier key of the ledger, or its own word where the key is empty. It reads it once,
// and keeps a hash of each entry in memory. It returns a *Fault where the bundle is false, and domain.ErrInvalid for a key that is
// none.
func Verify(r io.ReaderAt, size int64, key string, progress func(done, of int)) (v Verdict, err error) {
	a, err := openArchive(r, size)
	if err != nil {
		return v, err
	}
	c := checking{archive: a, progress: progress}
	for _, step := range []func() error{c.manifest, func() error { return c.checkpoint(key) }, c.events, c.proof, c.lists, c.rest} {
		if err := step(); err != nil {
			return c.v, err
		}
	}
	return c.v, nil
}

// checking is a bundle that is being checked.
type checking struct {
	*archive
	v         Verdict
	progress  func(done, of int)
	positions []uint64
	leaves    []merkle.Hash
	page      page
}

func (c *checking) manifest() error {
	raw, err := c.whole(manifestFile)
	if err != nil {
		return err
	}
	m, ok := readManifest(raw)
	if !ok {
		return fault("the manifest is not one of this version", manifestFile)
	}
	if len(m.Files) != len(c.order)-1 {
		return fault("the manifest has other files than the bundle", manifestFile)
	}
	for i, f := range m.Files {
		if f.Name != c.order[i] {
			return fault("the manifest has other files than the bundle", manifestFile)
		}
	}
	if m.Entries < 1 || m.Entries > MaxEntries {
		return fault("the manifest tells of more entries than a bundle has, or of none", manifestFile)
	}
	c.v.Manifest = m
	return nil
}

// listed reads a short file and holds it against the manifest.
func (c *checking) listed(name string) ([]byte, error) {
	b, err := c.whole(name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	for _, f := range c.v.Manifest.Files {
		if f.Name == name && f.Bytes == uint64(len(b)) && f.SHA256 == hex.EncodeToString(sum[:]) {
			return b, nil
		}
	}
	return nil, fault("a file is not the one of the manifest", name)
}

func (c *checking) checkpoint(key string) error {
	own, err := c.listed(keyFile)
	if err != nil {
		return err
	}
	c.v.Key, c.v.OwnKey = key, key == ""
	if c.v.OwnKey {
		c.v.Key = strings.TrimSuffix(string(own), "\n")
	}
	if c.v.Signed, err = c.listed(checkpointFile); err != nil {
		return err
	}
	head, err := tiles.OpenCheckpoint(c.v.Signed, c.v.Key)
	switch {
	case err != nil && !c.v.OwnKey && errors.Is(err, domain.ErrInvalid):
		return err
	case string(own) != c.v.Key+"\n":
		return fault("the key in the bundle is not the one that it is checked with", keyFile)
	case err != nil:
		return fault("the checkpoint is not signed with the key", checkpointFile)
	case c.v.Manifest.Checkpoint != signedHead{head.Origin, head.Size, hex.EncodeToString(head.Root[:])}:
		return fault("the manifest has another checkpoint than the bundle", manifestFile)
	}
	c.v.Checkpoint = head
	return nil
}

// events reads the entries, each of which must be in the scope, and makes the trail again.
func (c *checking) events() error {
	in, err := c.open(eventsFile)
	if err != nil {
		return err
	}
	trail, err := c.open(trailFile)
	if err != nil {
		return err
	}
	m := c.v.Manifest
	var line, told []byte
	for {
		if line, err = readLine(in, line[:0]); errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(c.positions) == m.Entries {
			return fault("the entries are damaged, or other than as many as the manifest says", eventsFile)
		}
		number, stored, _ := bytes.Cut(line, []byte{'\t'})
		at, err := strconv.ParseUint(string(number), 10, 63)
		if err != nil || strconv.FormatUint(at, 10) != string(number) || len(stored) > domain.MaxEventBytes {
			return fault("a line is not a position and an entry", eventsFile)
		}
		if n := len(c.positions); n > 0 && at <= c.positions[n-1] {
			return faultAt("the entries are not in their order", domain.Position(at))
		}
		c.positions, c.leaves = append(c.positions, at), append(c.leaves, merkle.Leaf(stored))
		e, err := derive.Read(at, stored)
		if err != nil {
			return faultAt("an entry cannot be read", domain.Position(at))
		}
		if !m.Scope.holds(e) {
			return faultAt("an entry is not of the scope", domain.Position(at))
		}
		c.page.add(e)
		if e.OfPeople() {
			told = derive.AppendTrail(told[:0], e)
			if _, err := (same{trail}).Write(told); err != nil {
				return err
			}
		}
		if c.progress != nil && len(c.positions)%1024 == 0 {
			c.progress(len(c.positions), m.Entries)
		}
	}
	if len(c.positions) != m.Entries {
		return fault("the entries are damaged, or other than as many as the manifest says", eventsFile)
	}
	return errors.CombineErrors(in.end(m), trail.end(m))
}

// readLine reads a line without its end, of the longest that an entry can be at most.
func readLine(r *content, line []byte) ([]byte, error) {
	for {
		piece, err := r.ReadSlice('\n')
		line = append(line, piece...)
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return line, io.EOF
		case err == nil && len(line) <= domain.MaxEventBytes+32:
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull) || len(line) > domain.MaxEventBytes+32:
			return line, errors.New("a line of entries is cut off or too long")
		}
	}
}

// proof computes the root from the entries and the hashes around them.
func (c *checking) proof() error {
	in, err := c.open(aroundFile)
	if err != nil {
		return err
	}
	subtrees, ok := merkle.Around(uint64(c.v.Checkpoint.Size), c.positions)
	if !ok {
		return fault("an entry stands behind the end of what was signed", eventsFile)
	}
	around := make([]merkle.Hash, len(subtrees))
	for i := range around {
		if _, err := io.ReadFull(in, around[i][:]); err != nil {
			return fault("the hashes are fewer than the proof needs", aroundFile)
		}
	}
	root, ok := merkle.RootAround(uint64(c.v.Checkpoint.Size), c.positions, c.leaves, around)
	if !ok || root != c.v.Checkpoint.Root {
		return fault("the entries are not those that were signed, or not at their positions", eventsFile)
	}
	return in.end(c.v.Manifest)
}

// lists holds the record and the page against what follows from the entries.
func (c *checking) lists() error {
	record, err := c.listed(recordFile)
	if err != nil {
		return err
	}
	if !bytes.Equal(record, c.page.record.JSON()) {
		return fault("a file is not what follows from the entries", recordFile)
	}
	shown, err := c.listed(summaryFile)
	if err != nil || c.v.Manifest.Summary != summaryVersion {
		return err
	}
	var page bytes.Buffer
	if err := c.page.write(&page, c.v.Manifest); err != nil || !bytes.Equal(page.Bytes(), shown) {
		return fault("a file is not what follows from the entries", summaryFile)
	}
	c.v.Page = true
	return nil
}

// rest holds the remaining files against the manifest.
func (c *checking) rest() error {
	for _, name := range []string{policyFile, formatFile} {
		if _, is := c.files[name]; is {
			if _, err := c.listed(name); err != nil {
				return err
			}
		}
	}
	return nil
}
