package sources

import (
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

type key struct {
	controller domain.ControllerID
	service    domain.ServiceID
}

// state is what is known of one source.
type state struct {
	firstPosition, lastPosition int64
	firstRecorded, lastRecorded int64
	firstTime, lastTime         int64
	events, actions, found      int64
	heard                       int64 // when the newest was recorded that is no action
	sequence, missing           uint64
	gaps                        []Gap
	findings                    [32]uint64 // by finding; FindingSet has 32 bits

	hours map[int64]*hour // since the last Flush
}

type hour struct{ events, actions, found int64 }

// maxGaps bounds the gaps that are kept of one source. Those that are older stay missing in number.
const maxGaps = 64

// count takes in the sequence of an event: what lies between it and the highest before is missing until it comes.
func (s *state) count(sequence uint64) {
	switch {
	case sequence == 0:
	case s.sequence == 0:
		s.sequence = sequence // The count began before the ledger saw it, as far as anyone can tell.
	case sequence > s.sequence:
		if sequence > s.sequence+1 {
			s.missing += sequence - s.sequence - 1
			s.gaps = append(s.gaps, Gap{s.sequence + 1, sequence - 1})
		}
		s.sequence = sequence
	default:
		s.fill(sequence)
	}
	s.bound()
}

// claim takes in how far the service says that it has counted: whatever has not come by then is missing until it does.
func (s *state) claim(sequence uint64) {
	switch {
	case sequence <= s.sequence:
	case s.sequence == 0:
		s.sequence = sequence // The count began before the ledger saw it.
	default:
		s.missing += sequence - s.sequence
		s.gaps = append(s.gaps, Gap{s.sequence + 1, sequence})
		s.sequence = sequence
		s.bound()
	}
}

// fill takes one that came late out of its gap.
func (s *state) fill(sequence uint64) {
	for i, g := range s.gaps {
		if sequence < g.From || sequence > g.To {
			continue
		}
		s.missing--
		var rest []Gap
		if g.From < sequence {
			rest = append(rest, Gap{g.From, sequence - 1})
		}
		if sequence < g.To {
			rest = append(rest, Gap{sequence + 1, g.To})
		}
		s.gaps = slices.Replace(s.gaps, i, i+1, rest...)
		return
	}
}

func (s *state) bound() {
	if n := len(s.gaps) - maxGaps; n > 0 {
		s.gaps = slices.Delete(s.gaps, 0, n)
	}
}

func packGaps(gaps []Gap) []byte {
	b := []byte{}
	last := uint64(0)
	for _, g := range gaps {
		b = binary.AppendUvarint(b, g.From-last)
		b = binary.AppendUvarint(b, g.To-g.From)
		last = g.To
	}
	return b
}

func unpackGaps(b []byte) ([]Gap, error) {
	numbers, err := unpack(b)
	if err != nil || len(numbers)%2 != 0 {
		return nil, errors.CombineErrors(err, errors.AssertionFailedf("the gaps of a source are damaged"))
	}
	var gaps []Gap
	last := uint64(0)
	for i := 0; i < len(numbers); i += 2 {
		from := last + numbers[i]
		last = from + numbers[i+1]
		gaps = append(gaps, Gap{from, last})
	}
	return gaps, nil
}

// packFindings writes the counts up to the last that is not 0, so that a finding that is new changes nothing of the rest.
func packFindings(counts *[32]uint64) []byte {
	n := len(counts)
	for n > 0 && counts[n-1] == 0 {
		n--
	}
	b := []byte{}
	for _, c := range counts[:n] {
		b = binary.AppendUvarint(b, c)
	}
	return b
}

func unpack(b []byte) ([]uint64, error) {
	var numbers []uint64
	for len(b) > 0 {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			return nil, errors.AssertionFailedf("the counts of a source are damaged")
		}
		numbers = append(numbers, n)
		b = b[size:]
	}
	return numbers, nil
}
