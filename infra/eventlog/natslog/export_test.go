package natslog

import "github.com/jigowatt/daybook/domain"

// MaxMarks is how many frames' places are remembered.
const MaxMarks = maxMarks

// Marks is what remembers where frames lie.
type Marks struct{ *marks }

// NewMarks makes one that remembers nothing.
func NewMarks() Marks { return Marks{newMarks()} }

// Add remembers one frame.
func (m Marks) Add(at domain.Position, seq uint64) { m.add(mark{at, seq}) }

// Around gives the narrowest known range of messages in which a position lies, of those from 1 up to before high.
func (m Marks) Around(at domain.Position, high uint64) (uint64, uint64) {
	l, h := m.around(at, mark{seq: 1}, mark{seq: high})
	return l.seq, h.seq
}

// Len gives how many are remembered.
func (m Marks) Len() int { return len(m.sorted) }
