// Package catalog is every event type and version ever written: how each becomes the bytes that are stored and hashed, and how
// those bytes are read for ever after. A published version is frozen by a golden file under testdata; a changed shape is a new
// version and an upcaster from the old one, so that the rest of the program sees only the newest.
//
// It deliberately re-encodes nothing that was stored: the bytes of an event are written once.
package catalog

import (
	"strings"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/custody"
	"github.com/jigowatt/daybook/domain/disclosure"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/instruction"
	"github.com/jigowatt/daybook/domain/oversight"
	"github.com/jigowatt/daybook/domain/register"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/domain/source"
)

// reader turns the data of one event type, newest version, into its fact. The source is that of the event.
type reader func(data jsontext.Value, source string) (domain.Fact, error)

var readers = map[string]reader{
	"daybook.action.recorded.v1":       readAction,
	"daybook.identifier.linked.v1":     plain[dossier.IdentifierLinked],
	"daybook.instruction.given.v1":     plain[instruction.Given],
	"daybook.instruction.withdrawn.v1": plain[instruction.Withdrawn],
	"daybook.processor.declared.v1":    plain[register.ProcessorDeclared],
	"daybook.controller.declared.v1":   plain[register.ControllerDeclared],
	"daybook.service.declared.v1":      plain[register.ServiceDeclared],
	"daybook.recipient.declared.v1":    plain[register.RecipientDeclared],
	"daybook.contact.declared.v1":      plain[register.ContactDeclared],

	"daybook.authorisation.declared.v1": plain[register.AuthorisationDeclared],
	"daybook.consent.given.v1":          plain[dossier.ConsentGiven],
	"daybook.consent.withdrawn.v1":      plain[dossier.ConsentWithdrawn],
	"daybook.objection.raised.v1":       plain[dossier.ObjectionRaised],
	"daybook.objection.resolved.v1":     plain[dossier.ObjectionResolved],
	"daybook.restriction.placed.v1":     plain[dossier.RestrictionPlaced],
	"daybook.restriction.lifted.v1":     plain[dossier.RestrictionLifted],
	"daybook.hold.placed.v1":            plain[dossier.HoldPlaced],
	"daybook.hold.released.v1":          plain[dossier.HoldReleased],
	"daybook.occasion.recorded.v1":      plain[dossier.OccasionRecorded],
	"daybook.action.announced.v1":       plain[dossier.ActionAnnounced],
	"daybook.answer.recorded.v1":        plain[dossier.AnswerRecorded],
	"daybook.heartbeat.recorded.v1":     plain[source.HeartbeatRecorded],
	"daybook.count.reported.v1":         plain[source.CountReported],
	"daybook.order.sent.v1":             plain[dossier.OrderSent],
	"daybook.order.escalated.v1":        plain[dossier.OrderEscalated],
	"daybook.order.recalled.v1":         plain[dossier.OrderRecalled],
	"daybook.court-order.received.v1":   plain[disclosure.Received],
	"daybook.court-order.informed.v1":   plain[disclosure.Informed],

	"daybook.case.received.v1":     plain[request.Received],
	"daybook.case.assigned.v1":     plain[request.Assigned],
	"daybook.case.acknowledged.v1": plain[request.Acknowledged],
	"daybook.case.asked.v1":        plain[request.Asked],
	"daybook.case.replied.v1":      plain[request.Replied],
	"daybook.case.extended.v1":     plain[request.Extended],
	"daybook.case.found.v1":        plain[request.Found],
	"daybook.case.reviewed.v1":     plain[request.Reviewed],
	"daybook.case.decided.v1":      plain[request.Decided],
	"daybook.case.ordered.v1":      plain[request.Ordered],
	"daybook.case.settled.v1":      plain[request.Settled],
	"daybook.case.delivered.v1":    plain[request.Delivered],
	"daybook.case.answered.v1":     plain[request.Answered],
	"daybook.case.corresponded.v1": plain[request.Corresponded],
	"daybook.case.withdrawn.v1":    plain[request.Withdrawn],
	"daybook.case.transferred.v1":  plain[request.Transferred],
	"daybook.case.closed.v1":       plain[request.Closed],
	"daybook.case.notified.v1":     plain[request.Notified],

	"daybook.record.viewed.v1":     plain[oversight.RecordViewed],
	"daybook.details.revealed.v1":  plain[oversight.DetailsRevealed],
	"daybook.export.made.v1":       plain[oversight.ExportMade],
	"daybook.verification.made.v1": plain[oversight.VerificationMade],

	"daybook.person.forgotten.v1": plain[custody.PersonForgotten],
	"daybook.ledger.restored.v1":  plain[custody.Restored],
	"daybook.ledger.forked.v1":    plain[custody.Forked],
}

// upcaster turns the data of one version into that of the next. It is pure, and stays for ever.
type upcaster struct {
	to   string
	data func(map[string]any) map[string]any
}

var upcasters = map[string]upcaster{}

// Types lists every event type that can be read, old versions included, in no order.
func Types() []string {
	types := make([]string, 0, len(readers)+len(upcasters))
	for t := range readers {
		types = append(types, t)
	}
	for t := range upcasters {
		types = append(types, t)
	}
	return types
}

// strict refuses what no version of ours ever wrote.
var strict = json.JoinOptions(json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(false))

func plain[T domain.Fact](data jsontext.Value, _ string) (domain.Fact, error) {
	var fact T
	err := json.Unmarshal(data, &fact, strict)
	return fact, err
}

// envelope is the CloudEvent around the data.
type envelope struct {
	SpecVersion string         `json:"specversion"`
	ID          string         `json:"id"`
	Source      string         `json:"source"`
	Type        string         `json:"type"`
	Time        time.Time      `json:"time"`
	Recorded    time.Time      `json:"recorded"`
	Sequence    uint64         `json:"sequence,string,omitzero"`
	Data        jsontext.Value `json:"data"`
}

// Encode gives the bytes of an event: one line of compact JSON, a CloudEvent in structured mode. It returns domain.ErrInvalid
// when they are more than domain.MaxEventBytes, and an assertion failure when the event's type is not in the catalog.
func Encode(e domain.Event) ([]byte, error) { return Append(nil, e) }

// Append appends what Encode gives.
func Append(b []byte, e domain.Event) ([]byte, error) {
	kind := e.Fact.EventType()
	if _, known := readers[kind]; !known {
		return b, errors.AssertionFailedf("event type %s is not in the catalog", errors.Safe(kind))
	}
	start := len(b)
	b = appendEnvelope(b, e, kind)
	if action, ok := e.Fact.(dossier.ActionRecorded); ok {
		b = appendAction(b, action)
	} else {
		data, err := json.Marshal(e.Fact, json.Deterministic(true))
		if err != nil {
			return b[:start], errors.Wrapf(err, "encode %s", errors.Safe(kind))
		}
		b = append(b, data...)
	}
	b = append(b, '}')
	if len(b)-start > domain.MaxEventBytes {
		return b[:start], errors.WithHint(errors.Wrap(domain.ErrInvalid, "event size"),
			"An event has at most 65,535 bytes: shorten the details or list fewer categories.")
	}
	return b, nil
}

// Decode reads the bytes of an event of any version ever written. Bytes that no version wrote, and types of a newer program,
// are an assertion failure: whoever reads on must not skip them.
func Decode(stored []byte) (domain.Event, error) {
	var d Decoder
	return d.Decode(stored)
}

// decodeGeneral reads an event by the general JSON decoder.
func decodeGeneral(stored []byte) (domain.Event, error) {
	var env envelope
	if err := json.Unmarshal(stored, &env, strict); err != nil {
		return domain.Event{}, impossible(err, "event envelope")
	}
	if env.SpecVersion != "1.0" || env.ID == "" || env.Source == "" || len(env.Data) == 0 {
		return domain.Event{}, errors.AssertionFailedf("event envelope lacks an attribute of CloudEvents 1.0")
	}
	kind, data, err := upcast(env.Type, env.Data)
	if err != nil {
		return domain.Event{}, err
	}
	read, known := readers[kind]
	if !known {
		return domain.Event{}, errors.WithHint(errors.AssertionFailedf("unknown event type"),
			"The ledger was written by a newer version of the program; run that version.")
	}
	fact, err := read(data, env.Source)
	if err != nil {
		return domain.Event{}, impossible(err, "event data")
	}
	return domain.Event{ID: env.ID, Source: env.Source, Time: env.Time.UTC(), Recorded: env.Recorded.UTC(), Sequence: env.Sequence, Fact: fact}, nil
}

func upcast(kind string, data jsontext.Value) (string, jsontext.Value, error) {
	for range len(upcasters) {
		up, old := upcasters[kind]
		if !old {
			break
		}
		var members map[string]any
		if err := json.Unmarshal(data, &members); err != nil {
			return "", nil, impossible(err, "data of an old version")
		}
		next, err := json.Marshal(up.data(members), json.Deterministic(true))
		if err != nil {
			return "", nil, impossible(err, "upcast data")
		}
		kind, data = up.to, next
	}
	return kind, data, nil
}

// impossible says what could not be read. The decoder's own words may quote the bytes, so they stay out of the message.
func impossible(err error, what string) error {
	return errors.WithSecondaryError(errors.AssertionFailedf("%s cannot be read", errors.Safe(what)), err)
}

func splitSource(source string) (domain.ControllerID, domain.ServiceID, error) {
	if c, s, ok := strings.Cut(strings.TrimPrefix(source, "/"), "/"); ok && c != "" && s != "" && source[0] == '/' {
		return domain.ControllerID(c), domain.ServiceID(s), nil
	}
	return "", "", errors.AssertionFailedf("the source of an action names no controller and service")
}
