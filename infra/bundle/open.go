package bundle

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// ErrFalse says that a bundle is not one, or not what it says it is. The error that wraps it is a *Fault.
var ErrFalse = errors.Wrap(domain.ErrConflict, "the bundle does not hold")

// Fault is what was found first where a bundle is false.
type Fault struct {
	// What is a sentence without personal data, and File the file of the bundle that it is about; empty for the bundle itself.
	What, File string
	// At is the position of the entry, where it is one.
	At *domain.Position
}

// Error gives the sentence, the file and the position.
func (f *Fault) Error() string { return f.text() }

func (f *Fault) text() string {
	text := f.What
	if f.At != nil {
		text += ": position " + f.At.String()
	}
	if f.File != "" {
		text += " (" + f.File + ")"
	}
	return text
}

// Unwrap gives ErrFalse.
func (f *Fault) Unwrap() error { return ErrFalse }

// SafeFormatError marks the text as safe for redacted logs: it holds positions and names of files only.
func (f *Fault) SafeFormatError(p errors.Printer) error {
	p.Print(errors.Safe(f.text()))
	return nil
}

func fault(what, file string) error { return &Fault{What: what, File: file} }

func faultAt(what string, at domain.Position) error {
	return &Fault{What: what, File: eventsFile, At: &at}
}

// limits are how long a file of a bundle may be when it is unpacked. A bundle that says more is refused before it is unpacked, and one
// that is more when that shows.
var limits = map[string]int64{
	eventsFile: 8 << 30, aroundFile: 1 << 29, trailFile: 8 << 30, recordFile: 64 << 20, checkpointFile: 1 << 20, keyFile: 1 << 12, policyFile: 1 << 20,
	formatFile: 1 << 20, summaryFile: 16 << 20, manifestFile: 4 << 20,
}

// archive is the zip of a bundle. It holds the files that a bundle has, in their order and nothing else.
type archive struct {
	files map[string]*zip.File
	order []string
}

// What surrounds the content of a file in a zip as bundles are written: the head before its name, and what tells sizes behind it, in
// either of its lengths.
const localHead = 30

var behind = []int64{16, 24}

// openArchive reads the list of a zip. It refuses what unpackers read in several ways: names that stand twice or have paths, more
// than the files, and bytes between them.
func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fault("it is no zip file, or cut off", "")
	}
	if z.Comment != "" {
		return nil, fault("it has a comment", "")
	}
	a := &archive{files: map[string]*zip.File{}}
	expected := []string{eventsFile, aroundFile, trailFile, recordFile, checkpointFile, keyFile, policyFile, formatFile, summaryFile, manifestFile}
	if len(z.File) == len(expected)-1 {
		expected = slices.DeleteFunc(expected, func(name string) bool { return name == policyFile })
	}
	if len(z.File) != len(expected) {
		return nil, fault("it has more files or fewer than a bundle has", "")
	}
	ends := []int64{0}
	for i, f := range z.File {
		if f.Name != expected[i] {
			return nil, fault("a file is missing, out of its order, there twice or under another name", expected[i])
		}
		offset, err := f.DataOffset()
		if err != nil || !slices.Contains(ends, offset-localHead-int64(len(f.Name))) {
			return nil, fault("something stands in the file that is no part of a bundle", f.Name)
		}
		if f.Comment != "" || len(f.Extra) > 0 && f.UncompressedSize64 < 1<<32-1 || f.ModifiedDate != 1<<5|1 || f.ModifiedTime != 0 {
			return nil, fault("the zip says more of a file than a bundle does", f.Name)
		}
		if f.UncompressedSize64 > uint64(limits[f.Name]) || f.Method != zip.Deflate && f.Method != zip.Store {
			return nil, fault("a file is too long, or packed in a way that bundles are not", f.Name)
		}
		ends = nil
		for _, n := range behind {
			ends = append(ends, offset+int64(f.CompressedSize64)+n)
		}
		a.files[f.Name], a.order = f, append(a.order, f.Name)
	}
	if !closed(r, size, ends) {
		return nil, fault("something stands in the file that is no part of a bundle", "")
	}
	return a, nil
}

// closed says that the directory of a zip follows right behind its last file, which ends at one of those places, and that the file ends
// with it. Where the file is longer than 4 GiB, the directory says so elsewhere, and only the end is looked at.
func closed(r io.ReaderAt, size int64, ends []int64) bool {
	const length, far = 22, 1<<32 - 1
	var end [length]byte
	if _, err := r.ReadAt(end[:], size-length); err != nil || !bytes.HasPrefix(end[:], []byte("PK\x05\x06")) {
		return false
	}
	listed, at := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	return at == far || listed == far || slices.Contains(ends, at) && at+listed == size-length
}

// content is a file that is being read: hashed, and bounded whatever the zip says of it.
type content struct {
	*bufio.Reader
	name   string
	closer io.Closer
	sum    hash.Hash
	n      counter
	cut    *io.LimitedReader
}

func (a *archive) open(name string) (*content, error) {
	f, is := a.files[name]
	if !is {
		return nil, fault("a file is missing", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fault("a file cannot be unpacked", name)
	}
	c := &content{name: name, closer: r, sum: sha256.New(), cut: &io.LimitedReader{R: r, N: limits[name] + 1}}
	c.n.to = c.sum
	c.Reader = bufio.NewReaderSize(io.TeeReader(c.cut, &c.n), 256<<10)
	return c, nil
}

// end says whether the file ended where it was read to, and whether it is the one of the manifest.
func (c *content) end(m Manifest) error {
	defer func() { _ = c.closer.Close() }() // it was read, and what was wrong is known
	if _, err := c.ReadByte(); !errors.Is(err, io.EOF) {
		return fault("a file is damaged, or longer than it must be", c.name)
	}
	for _, f := range m.Files {
		if f.Name == c.name {
			if f.Bytes != c.n.n || f.SHA256 != hex.EncodeToString(c.sum.Sum(nil)) {
				return fault("a file is not the one of the manifest", c.name)
			}
			return nil
		}
	}
	return fault("the manifest does not know a file", c.name)
}

// whole reads a file of those that are short.
func (a *archive) whole(name string) ([]byte, error) {
	c, err := a.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.closer.Close() }() // it was read
	b, err := io.ReadAll(c)
	if err != nil || c.cut.N <= 0 {
		return nil, fault("a file is damaged, or longer than it must be", name)
	}
	return b, nil
}

// same is a writer that says where what is written differs from a file.
type same struct{ *content }

// Write compares.
func (s same) Write(b []byte) (int, error) {
	have := make([]byte, len(b))
	if _, err := io.ReadFull(s.Reader, have); err != nil || !bytes.Equal(have, b) {
		return 0, fault("a file is not what follows from the entries", s.name)
	}
	return len(b), nil
}
