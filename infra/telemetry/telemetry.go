// Package telemetry makes the program's logger, through which nothing personal passes: an error is written without the values
// that are not marked as safe, and a value of an unknown kind is not written at all (Art. 25, 32).
//
// It deliberately decides nothing about what is worth logging.
package telemetry

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/cockroachdb/errors"
)

// NewLogger gives a logger that writes to w: lines of JSON, or of text for people.
func NewLogger(w io.Writer, json bool, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(Redacting(slog.NewJSONHandler(w, options)))
	}
	return slog.New(Redacting(slog.NewTextHandler(w, options)))
}

// Redacting wraps a handler so that attributes reach it redacted.
func Redacting(h slog.Handler) slog.Handler { return handler{h} }

type handler struct{ slog.Handler }

// Handle passes the record on with its attributes redacted.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(redact(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

// WithAttrs redacts attributes that stand for many records.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = redact(a)
	}
	return handler{h.Handler.WithAttrs(clean)}
}

// WithGroup opens a group.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }

func redact(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindGroup:
		members := v.Group()
		clean := make([]slog.Attr, len(members))
		for i, m := range members {
			clean[i] = redact(m)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(clean...)}
	case slog.KindAny:
		return slog.Attr{Key: a.Key, Value: value(v.Any())}
	default:
		return slog.Attr{Key: a.Key, Value: v}
	}
}

func value(v any) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(errors.Redact(v))
	case time.Duration:
		return slog.DurationValue(v)
	case []string:
		return slog.AnyValue(v)
	case interface{ SafeValue() }:
		return slog.AnyValue(v)
	default:
		return slog.StringValue("‹not logged›")
	}
}
