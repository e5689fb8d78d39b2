package kurrentlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

const (
	noType = "-" // of an event that is not a CloudEvent
	// maxType bounds a type: the server counts its UTF-16 code units twice towards the size of an append.
	maxType = eventlog.EventOverhead / 2
)

// writer tells the handles of a log apart, so that the fence holds between two that propose the same bytes.
type writer [4]byte

// eventID gives the id under which the stream keeps an event: a UUID of version 8 (RFC 9562), the writer and then a hash of the
// stream's name, the position, the writer and the bytes. An append that is repeated repeats its ids, and whoever reads can tell that
// a ledger wrote this event here.
func (l *Log) eventID(at domain.Position, event []byte, by writer) uuid.UUID {
	h := sha256.New()
	var place [9]byte
	binary.BigEndian.PutUint64(place[1:], uint64(at))
	_, _ = h.Write([]byte(l.stream)) // a hash never fails; no name holds a zero byte
	_, _ = h.Write(place[:])
	_, _ = h.Write(by[:])
	_, _ = h.Write(event)
	var id uuid.UUID
	copy(id[:], by[:])
	copy(id[len(by):], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// proposed makes of events what the client appends. Their bytes are only lent to it.
func (l *Log) proposed(at domain.Position, events [][]byte) []esdb.EventData {
	out := make([]esdb.EventData, len(events))
	for i, event := range events {
		out[i] = esdb.EventData{
			EventID: l.eventID(at+domain.Position(i), event, l.writer), EventType: noType, ContentType: esdb.ContentTypeBinary, Data: event,
		}
		if kind := typeOf(event); kind != "" {
			out[i].EventType, out[i].ContentType = kind, esdb.ContentTypeJson
		}
	}
	return out
}

// typeOf gives the CloudEvents type of an event, empty for what is not a CloudEvent or whose type the server could not hold.
func typeOf(event []byte) string {
	d := jsontext.NewDecoder(bytes.NewBuffer(event))
	if begin, err := d.ReadToken(); err != nil || begin.Kind() != '{' {
		return ""
	}
	for {
		name, err := d.ReadToken()
		if err != nil || name.Kind() != '"' {
			return ""
		}
		if name.String() != "type" {
			if d.SkipValue() != nil {
				return ""
			}
			continue
		}
		kind, err := d.ReadToken()
		if err != nil || kind.Kind() != '"' {
			return ""
		}
		if text := kind.String(); len(text) <= maxType && text != "" && text[0] != '$' { // the server's own types begin so
			return text
		}
		return ""
	}
}

// bytesOf gives the bytes of an event that the stream holds at a position. It returns an assertion failure where that is another
// position, a link, or an event that was not appended there by this program.
func (l *Log) bytesOf(e *esdb.ResolvedEvent, at domain.Position) ([]byte, error) {
	if e == nil || e.Event == nil || e.Link != nil {
		return nil, errors.AssertionFailedf("the stream holds a link, or nothing, at %s", at)
	}
	r := e.Event
	switch {
	case r.EventNumber != uint64(at):
		return nil, errors.AssertionFailedf("the stream goes on at %s where %s must follow", domain.Position(r.EventNumber), at)
	case r.StreamID != l.stream || r.EventID != l.eventID(at, r.Data, writer(r.EventID[:4])):
		return nil, errors.WithHint(errors.AssertionFailedf("the event of the stream at %s was changed, or was not written by the ledger", at),
			"Stop writing. Nobody but daybook may append to the ledger's stream: restrict it with an access list.")
	case len(r.Data) == 0 || len(r.Data) > domain.MaxEventBytes || bytes.IndexByte(r.Data, '\n') >= 0:
		return nil, errors.AssertionFailedf("the event of the stream at %s cannot be one of a ledger", at)
	}
	return r.Data, nil
}
