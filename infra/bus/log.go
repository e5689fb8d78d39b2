package bus

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/nats-io/nats-server/v2/server"
)

var _ server.Logger = (*serverLog)(nil)

// serverLog hands what the server says to slog. The server formats whole sentences about itself, its clients' addresses and its
// files; payloads and headers appear in traces only, which are never asked for and dropped here.
type serverLog struct {
	log   *slog.Logger
	fatal atomic.Bool // the server said that it cannot go on; it would have ended the process
}

func (l *serverLog) say(level slog.Level, format string, v ...any) {
	ctx := context.Background()
	if l.log.Enabled(ctx, level) {
		l.log.LogAttrs(ctx, level, "nats server", slog.String("text", fmt.Sprintf(format, v...)))
	}
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
