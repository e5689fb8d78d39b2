package bus

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/nats-io/nats-server/v2/server"
)

var _ server.Logger = (*serverLog)(nil)

// serverLog hands what the server says to slog. The server formats whole sentences about itself, its clients' addresses and its
// files. What clients sent appears in traces, which are never asked for and dropped here, and in quotation marks: the bytes that are
// no protocol, which may be a payload, subjects that are denied, and names that clients give themselves. What is quoted is left out.
type serverLog struct {
	log   *slog.Logger
	fatal atomic.Bool // the server said that it cannot go on; it would have ended the process
}

func (l *serverLog) say(level slog.Level, format string, v ...any) {
	ctx := context.Background()
	if l.log.Enabled(ctx, level) {
		l.log.LogAttrs(ctx, level, "nats server", slog.String("text", unquoted(fmt.Sprintf(format, v...))))
	}
}

// unquoted leaves out what stands in quotation marks as %q writes them, to the end of the text where one is not closed.
func unquoted(text string) string {
	var b strings.Builder
	inside := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			b.WriteByte(c)
			inside = !inside
		case inside && c == '\\':
			i++
		case !inside:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Noticef takes what the server says about its start, its streams and its stop.
func (l *serverLog) Noticef(format string, v ...any) { l.say(slog.LevelDebug, format, v...) }

// Warnf takes what the server finds odd.
func (l *serverLog) Warnf(format string, v ...any) { l.say(slog.LevelWarn, format, v...) }

// Errorf takes what went wrong.
func (l *serverLog) Errorf(format string, v ...any) { l.say(slog.LevelError, format, v...) }

// Fatalf takes what the server cannot go on after, and remembers that there was such a thing.
func (l *serverLog) Fatalf(format string, v ...any) {
	l.fatal.Store(true)
	l.say(slog.LevelError, format, v...)
}

// Debugf takes nothing: the server is not asked to debug.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef takes nothing: traces would hold payloads.
func (l *serverLog) Tracef(string, ...any) {}
