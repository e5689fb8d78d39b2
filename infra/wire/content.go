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
	// TypeAction is the type of an event that reports, or asks about, a processing action. Its data is an Action.
	TypeAction = "daybook.action.v1"
	// TypeAnnouncement is the type of an event that says what the service is about to do. Its data is an Announcement.
	TypeAnnouncement = "daybook.announcement.v1"
	// TypeConsent is the type of an event that reports a consent, or its withdrawal. Its data is a Consent.
	TypeConsent = "daybook.consent.v1"
	// TypeObjection is the type of an event that reports an objection. Its data is an Objection.
	TypeObjection = "daybook.objection.v1"
	// TypeOccasion is the type of an event that reports what a retention period runs from. Its data is an Occasion.
	TypeOccasion = "daybook.occasion.v1"
	// TypeCount is the type of an event that reports how many people's data a service holds. Its data is a Count.
	TypeCount = "daybook.count.v1"
)

// The addresses of the schemas of the data of events, which the attribute dataschema may name.
const (
	SchemaAction       = "https://daybook.dev/schemas/v1/action.json"
	SchemaAnnouncement = "https://daybook.dev/schemas/v1/announcement.json"
	SchemaConsent      = "https://daybook.dev/schemas/v1/consent.json"
	SchemaObjection    = "https://daybook.dev/schemas/v1/objection.json"
	SchemaOccasion     = "https://daybook.dev/schemas/v1/occasion.json"
	SchemaCount        = "https://daybook.dev/schemas/v1/count.json"
)
