package client

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const segmentSuffix = ".spool"

func (s *spool) segmentPath(number uint64) string {
	return s.path(strings.Repeat("0", 20-len(decimal(number))) + decimal(number) + segmentSuffix)
}

// recover reads the segments that an earlier process left, cuts a torn tail, and finds what waits.
func (s *spool) recover(ctx context.Context) error {
	paths, err := filepath.Glob(filepath.Join(escapeGlob(s.dir), "*"+segmentSuffix))
	if err != nil {
		return err
	}
	slices.Sort(paths)
	doneSegment, doneAt := readCursor(s.cursor)
	s.next = doneSegment + 1
	for i, path := range paths {
		number, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(path), segmentSuffix), 10, 64)
		if err != nil {
			continue // not ours
		}
		s.next = max(s.next, number+1)
		if number < doneSegment {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		from := int64(0)
		if number == doneSegment {
			from = doneAt
		}
		if err := s.recoverSegment(ctx, path, number, from, i == len(paths)-1); err != nil {
			return err
		}
	}
	return nil
}

func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func (s *spool) recoverSegment(ctx context.Context, path string, number uint64, from int64, last bool) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	seg := &segment{number: number, file: f, size: int64(len(b))}
	frames, damaged, tail := scan(b)
	for _, at := range frames {
		p, err := parseFrame(b[at.from:at.to])
		if err != nil {
			damaged = append(damaged, at)
			continue
		}
		s.seq = max(s.seq, p.sequence)
		if int64(at.from) < from {
			continue // settled
		}
		seg.left++
		s.bytes, s.count = s.bytes+int64(at.to-at.from), s.count+len(p.message.ids)
		s.frames = append(s.frames, frame{seg, int64(at.from), at.to - at.from, len(p.message.ids)})
	}
	if tail.from < tail.to && last {
		// Nobody was told that this was safe: its fsync had not returned.
		if err := errors.Join(f.Truncate(int64(tail.from)), f.Sync()); err != nil {
			return errors.Join(err, f.Close())
		}
		s.state.torn += int64(tail.to - tail.from)
		s.log.WarnContext(ctx, "a record that a crash had interrupted was cut off the spool", slog.Uint64("segment", number),
			slog.Int("offset", tail.from), slog.Int("bytes", tail.to-tail.from))
	} else if tail.from < tail.to {
		damaged = append(damaged, tail)
	}
	damaged = slices.DeleteFunc(damaged, func(d span) bool { return int64(d.to) <= from })
	for _, d := range damaged {
		s.reportDamage(ctx, number, int64(d.from), d.to-d.from)
	}
	if seg.left == 0 && len(damaged) == 0 {
		return errors.Join(f.Close(), os.Remove(path))
	}
	if seg.left == 0 {
		// The evidence of the damage is worth keeping, out of the way.
		return errors.Join(f.Close(), os.Rename(path, path+".damaged"))
	}
	return nil
}

// reportDamage says that acknowledged records cannot be read any more. The caller holds mu or is the only one.
func (s *spool) reportDamage(ctx context.Context, segment uint64, offset int64, bytes int) {
	s.state.damaged += int64(bytes)
	s.log.ErrorContext(ctx, "records in the spool are damaged and lost", slog.Uint64("segment", segment),
		slog.Int64("offset", offset), slog.Int("bytes", bytes))
}

// peek reads the oldest messages. A frame that has gone bad since it was written is reported and passed over.
func (s *spool) peek(n int) ([]message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var messages []message
	for len(messages) < n && len(messages) < len(s.frames) {
		i := len(messages)
		f := s.frames[i]
		b := make([]byte, f.size)
		if _, err := f.segment.file.ReadAt(b, f.at); err != nil {
			return nil, spoolError(err)
		}
		p, err := parseFrame(b)
		if err != nil {
			s.reportDamage(context.Background(), f.segment.number, f.at, f.size)
			s.frames = slices.Delete(s.frames, i, i+1)
			s.drop(f)
			continue
		}
		messages = append(messages, p.message)
	}
	return messages, nil
}

// drop takes a frame out of the account. The caller holds mu.
func (s *spool) drop(f frame) {
	s.bytes, s.count = s.bytes-int64(f.size), s.count-f.count
	f.segment.left--
}

// settle moves the cursor past the n oldest frames and removes segments of which nothing waits.
func (s *spool) settle(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		f := s.frames[0]
		s.frames = s.frames[1:]
		s.drop(f)
		if err := writeCursor(s.cursor, f.segment.number, f.at+int64(f.size)); err != nil {
			return spoolError(err)
		}
		if f.segment.left > 0 || f.segment.busy || f.segment == s.active && f.segment.size < drainedBytes {
			continue
		}
		if err := s.retire(f.segment); err != nil {
			return spoolError(err)
		}
	}
	return nil
}

// retire removes a segment of which nothing waits. Should the process end half way, the cursor stands after the segment, and
// the next to open the spool removes it. The caller holds mu.
func (s *spool) retire(seg *segment) error {
	if s.active == seg {
		s.active = nil
	}
	return errors.Join(writeCursor(s.cursor, seg.number+1, 0), seg.file.Close(), os.Remove(seg.file.Name()))
}

// setAside keeps the oldest frame in a file of its own and settles it.
func (s *spool) setAside() error {
	s.mu.Lock()
	f := s.frames[0]
	s.mu.Unlock()
	kept, err := filepath.Glob(filepath.Join(escapeGlob(s.dir), "*.refused"))
	if err != nil || len(kept) >= maxAside {
		return spoolError(errors.Join(errAside, err))
	}
	b := make([]byte, f.size)
	if _, err := f.segment.file.ReadAt(b, f.at); err != nil {
		return spoolError(err)
	}
	if err := writeFile(s.path(decimal(f.segment.number)+"-"+decimal(uint64(f.at))+".refused"), b); err != nil {
		return spoolError(err)
	}
	return s.settle(1)
}

// The cursor is the number of a segment and the offset up to which it is settled, and a CRC. It is not fsynced: should it fall
// behind, some messages are sent again under the same ids and answered with their first receipts.
const cursorBytes = 8 + 8 + 4

func writeCursor(f *os.File, segment uint64, at int64) error {
	b := binary.LittleEndian.AppendUint64(nil, segment)
	b = binary.LittleEndian.AppendUint64(b, uint64(at))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	_, err := f.WriteAt(b, 0)
	return err
}

func readCursor(f *os.File) (segment uint64, at int64) {
	b := make([]byte, cursorBytes)
	if _, err := f.ReadAt(b, 0); err != nil || crc32.Checksum(b[:16], castagnoli) != binary.LittleEndian.Uint32(b[16:]) {
		return 0, 0
	}
	return binary.LittleEndian.Uint64(b), int64(binary.LittleEndian.Uint64(b[8:]))
}
