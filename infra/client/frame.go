package client

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/jigowatt/daybook/infra/wire"
)

// A segment of the spool is a row of frames. A frame is the length of its payload and the CRC-32C of length and payload, four
// bytes each, little-endian, and the payload: the newest sequence in it (8 bytes), the number of its actions (2), their ids (each
// a byte of length and the id), and their batch, sealed for the ledger.
const (
	frameHeader = 8
	frameFixed  = 8 + 2
	maxFrame    = 4 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errFrame says that bytes are not a whole frame.
var errFrame = errors.New("daybook: not a whole frame")

func checksum(frame []byte) uint32 {
	return crc32.Update(crc32.Checksum(frame[:4], castagnoli), castagnoli, frame[frameHeader:])
}

// appendFrame writes a frame.
func appendFrame(b []byte, sequence uint64, ids []string, sealed []byte) []byte {
	start := len(b)
	b = append(b, make([]byte, frameHeader)...)
	b = binary.LittleEndian.AppendUint64(b, sequence)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(ids)))
	for _, id := range ids {
		b = append(b, byte(len(id)))
		b = append(b, id...)
	}
	b = append(b, sealed...)
	frame := b[start:]
	binary.LittleEndian.PutUint32(frame, uint32(len(frame)-frameHeader))
	binary.LittleEndian.PutUint32(frame[4:], checksum(frame))
	return b
}

// cutFrame gives the length of the frame that b begins with, where it is whole.
func cutFrame(b []byte) (int, bool) {
	if len(b) < frameHeader+frameFixed {
		return 0, false
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < frameFixed || n > maxFrame || n > len(b)-frameHeader {
		return 0, false
	}
	frame := b[:frameHeader+n]
	return len(frame), checksum(frame) == binary.LittleEndian.Uint32(frame[4:])
}

// parsed is what a frame says.
type parsed struct {
	sequence uint64
	message  message
}

// parseFrame reads a whole frame. It returns errFrame.
func parseFrame(frame []byte) (parsed, error) {
	if n, ok := cutFrame(frame); !ok || n != len(frame) {
		return parsed{}, errFrame
	}
	rest := frame[frameHeader:]
	p := parsed{sequence: binary.LittleEndian.Uint64(rest)}
	count := int(binary.LittleEndian.Uint16(rest[8:]))
	rest = rest[frameFixed:]
	if count == 0 || count > wire.MaxBatchEvents {
		return parsed{}, errFrame
	}
	p.message.contentType = wire.ContentSealed
	for range count {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return parsed{}, errFrame
		}
		id := string(rest[1 : 1+rest[0]])
		if !wire.ValidID(id) {
			return parsed{}, errFrame
		}
		p.message.ids = append(p.message.ids, id)
		rest = rest[1+rest[0]:]
	}
	p.message.body = rest
	return p, nil
}

// span is a run of bytes of a segment.
type span struct{ from, to int }

// scan finds the whole frames of a segment and what lies between them and at the end. What lies at the end is a torn tail, if
// nothing whole follows; what lies between is damage.
func scan(b []byte) (frames, damaged []span, tail span) {
	for at := 0; at < len(b); {
		if n, ok := cutFrame(b[at:]); ok {
			frames = append(frames, span{at, at + n})
			at += n
			continue
		}
		next := at + 1
		for next < len(b) {
			if _, ok := cutFrame(b[next:]); ok {
				break
			}
			next++
		}
		if next >= len(b) {
			return frames, damaged, span{at, len(b)}
		}
		damaged = append(damaged, span{at, next})
		at = next
	}
	return frames, damaged, span{len(b), len(b)}
}
