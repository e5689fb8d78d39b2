package wire

// Code is the machine's name of a problem. The list is closed within v1.
type Code string

// The problem codes.
const (
	// Malformed: the body is not what its content type says.
	Malformed Code = "malformed"
	// UnknownField: a member that the contract does not know.
	UnknownField Code = "unknown-field"
	// InvalidField: a member that is missing, of the wrong kind, or beyond its limits.
	InvalidField Code = "invalid-field"
	// TooLarge: more bytes, events, people or nesting than the limits allow.
	TooLarge Code = "too-large"
	// UnsupportedMediaType: a content type that the contract does not know.
	UnsupportedMediaType Code = "unsupported-media-type"
	// Unsealable: the sealed body does not open: another key, another controller or service, or changed bytes.
	Unsealable Code = "unsealable"
	// Conflict: the same id was recorded with other content.
	Conflict Code = "conflict"
	// Forbidden: the sender may not do this.
	Forbidden Code = "forbidden"
	// NotFound: no such controller, service or thing.
	NotFound Code = "not-found"
	// Busy: a bounded queue is full; nothing was taken on.
	Busy Code = "busy"
	// Unavailable: the ledger cannot answer now, or cannot say whether it wrote. Repeat under the same id.
	Unavailable Code = "unavailable"
	// Internal: a fault of the ledger.
	Internal Code = "internal"
)

// Codes lists every problem code.
func Codes() []Code {
	return []Code{Malformed, UnknownField, InvalidField, TooLarge, UnsupportedMediaType, Unsealable, Conflict, Forbidden,
		NotFound, Busy, Unavailable, Internal}
}

// Status is the HTTP status of a problem, also sent as Nats-Service-Error-Code.
func (c Code) Status() int {
	switch c {
	case Malformed:
		return 400
	case UnknownField, InvalidField, Unsealable:
		return 422
	case TooLarge:
		return 413
	case UnsupportedMediaType:
		return 415
	case Conflict:
		return 409
	case Forbidden:
		return 403
	case NotFound:
		return 404
	case Busy:
		return 429
	case Unavailable:
		return 503
	case Internal:
		return 500
	}
	return 500
}

// Title is the problem in a few words, the same for every occurrence.
func (c Code) Title() string {
	switch c {
	case Malformed:
		return "The message cannot be read"
	case UnknownField:
		return "The message has a field that is not known"
	case InvalidField:
		return "A field of the message is not right"
	case TooLarge:
		return "The message is too large"
	case UnsupportedMediaType:
		return "The content type is not known"
	case Unsealable:
		return "The sealed message does not open"
	case Conflict:
		return "The id was used for something else"
	case Forbidden:
		return "Not permitted"
	case NotFound:
		return "Not found"
	case Busy:
		return "The ledger is busy"
	case Unavailable:
		return "The ledger is not available"
	case Internal:
		return "The ledger made a mistake"
	}
	return "The ledger made a mistake"
}

// Temporary says that the same message may succeed later, unchanged and under the same id.
func (c Code) Temporary() bool { return c == Busy || c == Unavailable || c == Internal }

const problemBase = "https://daybook.dev/problems/"

// Problem is an RFC 9457 problem. It never repeats what was sent.
type Problem struct {
	// Type is the problem's address, ending in its code.
	Type  string `json:"type"`
	Title string `json:"title"`
	// Status is the HTTP status.
	Status int `json:"status"`
	// Detail says what happened this time.
	Detail string `json:"detail,omitempty"`
	// Instance identifies this occurrence in the ledger's own log.
	Instance string `json:"instance,omitempty"`
	Code     Code   `json:"code"`
	// Hint says what to do.
	Hint   string       `json:"hint,omitempty"`
	Errors []FieldError `json:"errors,omitempty"`
}

// FieldError is one thing wrong with one member of a message.
type FieldError struct {
	// Pointer is the RFC 6901 JSON pointer of the member within the body.
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// NewProblem gives the problem of a code with its type, title and status filled in.
func NewProblem(code Code) Problem {
	return Problem{Type: problemBase + string(code), Title: code.Title(), Status: code.Status(), Code: code}
}
