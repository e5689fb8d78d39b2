package memory

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
)

// valueVersion is the first byte of what is kept of a message; the rest has a fixed width.
const (
	valueVersion = 1
	valueSize    = 1 + 8 + 4 + 8 + 4 + 32 + 8 + 8 + 8
)

func appendSeen(b []byte, s *commands.Seen) []byte {
	b = append(b, valueVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Position))
	b = binary.BigEndian.AppendUint32(b, s.Events)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Recorded.UnixMilli()))
	b = binary.BigEndian.AppendUint32(b, uint32(s.Findings))
	b = append(b, s.Leaf[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Subject))
	b = append(b, s.Plain[:]...)
	return append(b, s.Personal[:]...)
}

// decodeSeen returns an assertion failure for bytes that appendSeen never wrote.
func decodeSeen(b []byte) (s commands.Seen, err error) {
	if len(b) != valueSize || b[0] != valueVersion {
		return s, errors.AssertionFailedf("a remembered message has %d bytes of an unknown form", len(b))
	}
	s.Position = domain.Position(binary.BigEndian.Uint64(b[1:]))
	s.Events = binary.BigEndian.Uint32(b[9:])
	s.Recorded = time.UnixMilli(int64(binary.BigEndian.Uint64(b[13:]))).UTC()
	s.Findings = domain.FindingSet(binary.BigEndian.Uint32(b[21:]))
	copy(s.Leaf[:], b[25:])
	s.Subject = domain.SubjectKey(binary.BigEndian.Uint64(b[57:]))
	copy(s.Plain[:], b[65:])
	copy(s.Personal[:], b[73:])
	return s, nil
}

// order gives the numbers of messages in the order of their keys: each then finds its place among those of the store near the one
// before it, for which a search costs half.
func order(messages []commands.Remembered) []int32 {
	numbers := make([]int32, len(messages))
	for i := range numbers {
		numbers[i] = int32(i)
	}
	slices.SortFunc(numbers, func(a, b int32) int {
		return bytes.Compare(messages[a].Key[:], messages[b].Key[:])
	})
	return numbers
}
