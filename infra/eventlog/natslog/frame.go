package natslog

import (
	"bytes"
	"encoding/hex"
	"io"
	"strconv"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
)

// The headers of a frame. Nothing in them is personal.
const (
	headerType     = "Content-Type"
	headerPosition = "Daybook-Position" // of the first event, decimal
	headerCount    = "Daybook-Count"    // of events, decimal
	headerFrame    = "Daybook-Frame"    // the frame's random id, by which its writer knows it again

	contentType   = "application/cloudevents-batch+json"
	frameBrackets = 2 // what eventlog.Size leaves out of a frame: "[\n" + "\n]", less the last event's overhead
)

// head is what a frame's headers say, and where the stream keeps it.
type head struct {
	at    domain.Position // of its first event
	count int             // of its events, at least 1
	seq   uint64          // of the message in the stream, counted from 1
	id    string
}

// end is the position after the frame.
func (h head) end() domain.Position { return h.at + domain.Position(h.count) }

// frame is one append: a JSON array, one element a line, so that it is a CloudEvents batch to others and splits without parsing.
type frame struct {
	head
	body   []byte
	events [][]byte // parts of body
}

// newFrame lays out events to be appended at a position. It copies them.
func newFrame(at domain.Position, seq uint64, events [][]byte, random io.Reader) (frame, error) {
	var id [16]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return frame{}, errors.Wrap(err, "draw a frame's id")
	}
	size := frameBrackets
	for _, e := range events {
		size += len(e) + 2
	}
	body := append(make([]byte, 0, size), "[\n"...)
	parts := make([][]byte, len(events))
	for i, e := range events {
		if i > 0 {
			body = append(body, ",\n"...)
		}
		start := len(body)
		body = append(body, e...)
		parts[i] = body[start:len(body):len(body)]
	}
	body = append(body, "\n]"...)
	h := head{at: at, count: len(events), seq: seq, id: hex.EncodeToString(id[:])}
	return frame{head: h, body: body, events: parts}, nil
}

// parseHead reads the headers of the message with the sequence seq.
func parseHead(header nats.Header, seq uint64) (head, error) {
	h := head{seq: seq, id: header.Get(headerFrame)}
	at, err := strconv.ParseUint(header.Get(headerPosition), 10, 63)
	if err != nil {
		return head{}, errors.AssertionFailedf("message %d of the stream is not a frame: it has no position", errors.Safe(seq))
	}
	h.at = domain.Position(at)
	h.count, err = strconv.Atoi(header.Get(headerCount))
	if err != nil || h.count < 1 {
		return head{}, errors.AssertionFailedf("the frame at %s, message %d, does not say how many events it holds",
			h.at, errors.Safe(seq))
	}
	return h, nil
}

// parseFrame splits a stored frame into its events, and checks that it is whole.
func parseFrame(h head, body []byte) (frame, error) {
	inner, ok := bytes.CutPrefix(body, []byte("[\n"))
	if ok {
		inner, ok = bytes.CutSuffix(inner, []byte("\n]"))
	}
	if !ok || h.count > len(body) {
		return frame{}, errors.AssertionFailedf("the frame from %s to %s is damaged: it is not a batch", h.at, h.end())
	}
	events := make([][]byte, 0, h.count)
	for more := true; more; {
		var line []byte
		line, inner, more = bytes.Cut(inner, []byte{'\n'})
		if more {
			if line, ok = bytes.CutSuffix(line, []byte{','}); !ok {
				return frame{}, damaged(h, len(events))
			}
		}
		if len(line) == 0 || len(line) > domain.MaxEventBytes || len(events) == h.count {
			return frame{}, damaged(h, len(events))
		}
		events = append(events, line[:len(line):len(line)])
	}
	if len(events) != h.count {
		return frame{}, damaged(h, len(events))
	}
	return frame{head: h, body: body, events: events}, nil
}

// damaged names the first event of a frame that is not as it was written.
func damaged(h head, index int) error {
	return errors.AssertionFailedf("the frame from %s to %s is damaged at %s", h.at, h.end(), h.at+domain.Position(index))
}
