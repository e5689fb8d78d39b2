package wire

import "strings"

// Kind is what a subject is for.
type Kind string

// The kinds of subject that carry a controller and a service.
const (
	// Record is request/reply: record one event or a batch; the reply is a Receipt, or one Item for each event of the batch.
	Record Kind = "record"
	// Ask is request/reply: may the service do this? The reply is an Answer.
	Ask Kind = "ask"
	// Inbox takes what Record takes, durably, without a receipt; the reply is a PubAck.
	Inbox Kind = "inbox"
	// Orders carries each Order from the ledger to the service, by way of the stream OrdersStream.
	Orders Kind = "orders"
	// Claims is request/reply: whom is an order about? The request is a ClaimRequest, the reply a Claim.
	Claims Kind = "claim"
	// Beat carries a Heartbeat; nobody replies.
	Beat Kind = "heartbeat"
)

// KeySubject answers a request with the ledger's public sealing key as a Key.
const KeySubject = "daybook.v1.key"

const prefix = "daybook.v1."

// Subject names a NATS subject of the contract. The server's permissions enforce it, so controller and service are read from
// here and never from a payload.
type Subject struct {
	Kind       Kind
	Controller string
	Service    string
}

// String writes the subject, such as daybook.v1.record.fenland-cycles.webshop.
func (s Subject) String() string {
	return prefix + string(s.Kind) + "." + s.Controller + "." + s.Service
}

// Pattern is the subscription that sees every controller and service of a kind.
func Pattern(kind Kind) string { return prefix + string(kind) + ".*.*" }

// ParseSubject reads a subject of the contract and says whether it is one: a known kind and two valid names.
func ParseSubject(s string) (Subject, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return Subject{}, false
	}
	kind, rest, ok := strings.Cut(rest, ".")
	if !ok {
		return Subject{}, false
	}
	controller, service, ok := strings.Cut(rest, ".")
	if !ok || !ValidName(controller) || !ValidName(service) {
		return Subject{}, false
	}
	switch k := Kind(kind); k {
	case Record, Ask, Inbox, Orders, Claims, Beat:
		return Subject{k, controller, service}, true
	default:
		return Subject{}, false
	}
}
