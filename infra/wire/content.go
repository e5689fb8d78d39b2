package wire

// Content types of bodies.
const (
	// ContentEvent is one CloudEvent in structured JSON.
	ContentEvent = "application/cloudevents+json"
	// ContentBatch is an array of CloudEvents in structured JSON.
	ContentBatch = "application/cloudevents-batch+json"
	// ContentSealed is a body that was sealed for the ledger with Seal; its own content type is inside.
	ContentSealed = "application/vnd.daybook.sealed"
	// ContentJSON is every reply that is not a problem, and the data of an event.
	ContentJSON = "application/json"
	// ContentProblem is a Problem.
	ContentProblem = "application/problem+json"
)

// Header names. NATS keeps the case of a header name and its look-up is case-sensitive, so readers compare with EqualFold.
const (
	HeaderContentType = "Content-Type"
	// HeaderError and HeaderErrorCode are how a NATS micro service says that its reply is an error: a text and a number.
	HeaderError     = "Nats-Service-Error"
	HeaderErrorCode = "Nats-Service-Error-Code"
	// HeaderTraceparent carries the W3C trace context of the message.
	HeaderTraceparent = "traceparent"
)

// The attributes that every event of the contract has.
const (
	SpecVersion = "1.0"
	// TypeAction is the type of an event that reports, or asks about, a processing action.
	TypeAction = "daybook.action.v1"
	// SchemaAction is the address of the action's schema, which the attribute dataschema may name.
	SchemaAction = "https://daybook.dev/schemas/v1/action.json"
)
