package wire

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// Text is text of a message that is, or may be, personal data: the name, address or number of a person. It goes over the wire
// as it is and refuses to be printed or logged, whatever struct it stands in.
type Text string

const hiddenText = "‹personal›"

// Format writes a placeholder for every verb.
func (Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hiddenText)) }

// LogValue gives a placeholder.
func (Text) LogValue() slog.Value { return slog.StringValue(hiddenText) }

// Format writes a placeholder for every verb.
func (Details) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hiddenText)) }

// LogValue gives a placeholder.
func (Details) LogValue() slog.Value { return slog.StringValue(hiddenText) }

// MarshalJSON gives the object as it is, and null for none.
func (d Details) MarshalJSON() ([]byte, error) { return json.RawMessage(d).MarshalJSON() }

// UnmarshalJSON keeps the object as it is.
func (d *Details) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(d).UnmarshalJSON(b) }
