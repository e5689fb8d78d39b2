package blocks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/minio/highwayhash"

	"github.com/jigowatt/daybook/domain"
)

var errNone = errors.Wrap(domain.ErrNotFound, "files of the stream")

// Dir gives the directory that a server with the store directory keeps a stream in, whose client names no account.
func Dir(store, stream string) string {
	return filepath.Join(store, "jetstream", "$G", "streams", stream)
}

// File is one file of messages of a stream.
type File struct {
	Path   string
	stream string
	index  uint64
}

// Files gives the files of the stream in dir, in the order of what they hold. It returns domain.ErrNotFound where there are none,
// and domain.ErrUnavailable where the directory cannot be read.
func Files(dir string) ([]File, error) {
	listed, err := os.ReadDir(filepath.Join(dir, "msgs"))
	if err != nil && !os.IsNotExist(err) {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "list the files of the stream"), err)
	}
	var files []File
	for _, entry := range listed {
		number, is := strings.CutSuffix(entry.Name(), ".blk")
		if index, err := strconv.ParseUint(number, 10, 32); is && err == nil {
			files = append(files, File{filepath.Join(dir, "msgs", entry.Name()), filepath.Base(dir), index})
		}
	}
	if len(files) == 0 {
		return nil, errors.WithStack(errNone)
	}
	slices.SortFunc(files, func(a, b File) int { return int(int64(a.index) - int64(b.index)) })
	return files, nil
}

// Record is one message as it stands in a file. Its parts are lent until the next is asked for.
type Record struct {
	Seq          uint64
	Time         time.Time // when the server took it
	Header, Data []byte
	// Sound says that the server's own checksum over the record is right. Of a record that is not, the parts are what its lengths
	// say, and may be missing; a run of bytes in which no record begins is one such record.
	Sound bool
	// Removed says that it is no message, but a mark that one was taken out.
	Removed bool
	// Offset is where the record begins in its file, and Length how many bytes it has.
	Offset, Length int
}

const (
	headLength = 22 // length, sequence, time, length of the subject
	sumLength  = 8
	withHeader = 1 << 31
	removed    = 3 << 62 // marks of sequences that stand for something taken out
)

// Records yields what stands in the file, in order. An error ends it: domain.ErrUnavailable where the file cannot be read.
func (f File) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		content, err := os.ReadFile(f.Path)
		if err != nil {
			yield(Record{}, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "read a file of the stream"), err))
			return
		}
		key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", f.stream, f.index))
		sum, err := highwayhash.New64(key[:])
		if err != nil {
			yield(Record{}, errors.Wrap(err, "checksum of a record"))
			return
		}
		s := scan{content, sum}
		for at := 0; at < len(content); {
			r := s.record(at)
			if !r.Sound {
				r.Length = s.next(at, r.Length) - at
			}
			at += r.Length
			r.Removed = r.Sound && r.Seq&removed != 0
			r.Seq &^= removed
			if !yield(r, nil) {
				return
			}
		}
	}
}

type scan struct {
	content []byte
	sum     hash.Hash64
}

// record reads the record that begins at an offset. Where its lengths cannot be, it has none.
func (s scan) record(at int) Record {
	r := Record{Offset: at}
	rest := s.content[at:]
	if len(rest) < headLength+sumLength {
		return r
	}
	length := binary.LittleEndian.Uint32(rest)
	size, header := int(length&^withHeader), length&withHeader != 0
	subject := int(binary.LittleEndian.Uint16(rest[20:]))
	start := headLength + subject
	if header {
		start += 4
	}
	if size < start+sumLength || size > len(rest) {
		return r
	}
	r.Length, r.Seq = size, binary.LittleEndian.Uint64(rest[4:])
	r.Time = time.Unix(0, int64(binary.LittleEndian.Uint64(rest[12:]))).UTC()
	payload := rest[start : size-sumLength]
	s.sum.Reset()
	_, _ = s.sum.Write(rest[4:20])
	_, _ = s.sum.Write(rest[headLength : headLength+subject])
	_, _ = s.sum.Write(payload)
	r.Sound = bytes.Equal(s.sum.Sum(nil), rest[size-sumLength:size])
	if header {
		n := binary.LittleEndian.Uint32(rest[start-4:])
		if uint64(n) > uint64(len(payload)) { // the checksum does not cover this length
			r.Sound = false
			return r
		}
		r.Header, payload = payload[:n], payload[n:]
	}
	r.Data = payload
	return r
}

// next finds where the record after a bad one begins: where its length says, if one begins there, or else the first place where
// one does. It gives the end of the file where none is.
func (s scan) next(at, length int) int {
	if length > 0 && (at+length == len(s.content) || s.record(at+length).Sound) {
		return at + length
	}
	for i := at + 1; i+headLength+sumLength <= len(s.content); i++ {
		length := binary.LittleEndian.Uint32(s.content[i:]) &^ withHeader
		// Cheap to refuse: nearly no place in a text says a length that fits and a sequence of this age of the world.
		if length >= headLength+sumLength && uint64(i)+uint64(length) <= uint64(len(s.content)) && s.content[i+11]&0x3f == 0 && s.record(i).Sound {
			return i
		}
	}
	return len(s.content)
}

// FirstHeader gives the headers of the message at the beginning of a file, of which only that much need be read. They are not
// checked.
func FirstHeader(beginning []byte) ([]byte, bool) {
	if len(beginning) < headLength || binary.LittleEndian.Uint32(beginning)&withHeader == 0 {
		return nil, false
	}
	start := headLength + int(binary.LittleEndian.Uint16(beginning[20:])) + 4
	if start > len(beginning) {
		return nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(beginning[start-4:]))
	if n > uint64(len(beginning)-start) {
		return nil, false
	}
	return beginning[start : start+int(n)], true
}

// CheckSettings says whether the server will know the stream in dir again: its settings bear the right checksum. Of a stream that
// it does not know, the server says nothing to those who ask for it.
func CheckSettings(dir string) bool {
	settings, err := os.ReadFile(filepath.Join(dir, "meta.inf"))
	if err != nil {
		return false
	}
	want, err := os.ReadFile(filepath.Join(dir, "meta.sum"))
	if err != nil {
		return false
	}
	key := sha256.Sum256([]byte(filepath.Base(dir)))
	sum, err := highwayhash.New64(key[:])
	if err != nil {
		return false
	}
	_, _ = sum.Write(settings)
	return hex.EncodeToString(sum.Sum(nil)) == string(want)
}
