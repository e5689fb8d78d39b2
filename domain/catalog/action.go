package catalog

import (
	"encoding/base64"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
)

// actionData is the data of daybook.action.recorded.v1. Controller and service stand in the event's source.
type actionData struct {
	Subject     domain.SubjectKey    `json:"subject"`
	Identifier  string               `json:"identifier"`
	Operation   domain.Operation     `json:"operation"`
	Instruction domain.InstructionID `json:"instruction,omitempty"`
	Version     int                  `json:"version,omitempty"`
	Basis       domain.Basis         `json:"basis,omitempty"`
	Stated      domain.Basis         `json:"stated,omitempty"`
	Categories  []domain.Category    `json:"categories,omitempty"`
	System      string               `json:"system,omitempty"`
	From        string               `json:"from,omitempty"`
	Location    domain.Location      `json:"location,omitempty"`
	Recipient   domain.RecipientID   `json:"recipient,omitempty"`
	Order       string               `json:"order,omitempty"`
	Findings    []string             `json:"findings,omitempty"`
	Details     domain.Sealed        `json:"details,omitempty"`
	Action      string               `json:"action,omitempty"`
	Announced   string               `json:"announced,omitempty"`
}

func readAction(data jsontext.Value, source string) (domain.Fact, error) {
	var d actionData
	if err := json.Unmarshal(data, &d, strict); err != nil {
		return nil, err
	}
	controller, service, err := splitSource(source)
	if err != nil {
		return nil, err
	}
	var findings domain.FindingSet
	for _, code := range d.Findings {
		f, err := domain.ParseFinding(code)
		if err != nil {
			return nil, err
		}
		findings = findings.With(f)
	}
	return dossier.ActionRecorded{
		Controller: controller, Service: service, Subject: d.Subject, Identifier: d.Identifier, Operation: d.Operation,
		Instruction: d.Instruction, Version: d.Version, Basis: d.Basis, Stated: d.Stated, Categories: d.Categories,
		System: d.System, From: d.From, Location: d.Location, Recipient: d.Recipient, Order: d.Order, Findings: findings,
		Details: d.Details, Action: d.Action, Announced: d.Announced,
	}, nil
}

const (
	envelopeID       = `{"specversion":"1.0","id":`
	envelopeSource   = `,"source":`
	envelopeType     = `,"type":`
	envelopeTime     = `,"time":"`
	envelopeRecorded = `","recorded":"`
	envelopeSequence = `,"sequence":"`
	envelopeData     = `,"data":`
)

// The two times keep what they were given and no more: the publisher's may have nanoseconds, the ledger's has milliseconds.
const recordedLayout = "2006-01-02T15:04:05.000Z07:00"

func appendEnvelope(b []byte, e domain.Event, kind string) []byte {
	b = appendQuoted(append(b, envelopeID...), e.ID)
	b = appendQuoted(append(b, envelopeSource...), e.Source)
	b = appendQuoted(append(b, envelopeType...), kind)
	b = e.Time.UTC().AppendFormat(append(b, envelopeTime...), time.RFC3339Nano)
	b = e.Recorded.UTC().AppendFormat(append(b, envelopeRecorded...), recordedLayout)
	b = append(b, '"')
	if e.Sequence != 0 {
		b = append(strconv.AppendUint(append(b, envelopeSequence...), e.Sequence, 10), '"')
	}
	return append(b, envelopeData...)
}

func appendAction(b []byte, a dossier.ActionRecorded) []byte {
	b = append(b, `{"subject":"`...)
	b = a.Subject.AppendText(b)
	b = appendQuoted(append(b, `","identifier":`...), a.Identifier)
	b = appendQuoted(append(b, `,"operation":`...), string(a.Operation))
	b = appendMember(b, `,"instruction":`, string(a.Instruction))
	if a.Version != 0 {
		b = strconv.AppendInt(append(b, `,"version":`...), int64(a.Version), 10)
	}
	b = appendMember(b, `,"basis":`, string(a.Basis))
	b = appendMember(b, `,"stated":`, string(a.Stated))
	if len(a.Categories) > 0 {
		b = append(b, `,"categories":[`...)
		for i, c := range a.Categories {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendQuoted(b, string(c))
		}
		b = append(b, ']')
	}
	b = appendMember(b, `,"system":`, a.System)
	b = appendMember(b, `,"from":`, a.From)
	b = appendMember(b, `,"location":`, string(a.Location))
	b = appendMember(b, `,"recipient":`, string(a.Recipient))
	b = appendMember(b, `,"order":`, a.Order)
	if a.Findings != 0 {
		b = append(b, `,"findings":[`...)
		for i, f := range a.Findings.List() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendQuoted(b, f.Code())
		}
		b = append(b, ']')
	}
	if len(a.Details) > 0 {
		b = append(b, `,"details":"`...)
		b = append(base64.RawURLEncoding.AppendEncode(b, a.Details), '"')
	}
	b = appendMember(b, `,"action":`, a.Action)
	b = appendMember(b, `,"announced":`, a.Announced)
	return append(b, '}')
}

func appendMember(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendQuoted(append(b, name...), value)
}

// appendQuoted writes a JSON string. Names and codes need no escapes; whatever does takes the general way.
func appendQuoted(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			quoted, err := jsontext.AppendQuote(b, s)
			if err != nil {
				// Invalid UTF-8 was refused where the value came in; the replacement characters it left are kept.
				return quoted
			}
			return quoted
		}
	}
	b = append(append(b, '"'), s...)
	return append(b, '"')
}
