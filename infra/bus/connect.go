package bus

import (
	"context"
	"log/slog"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
)

const (
	dialTime      = 5 * time.Second
	reconnectWait = 250 * time.Millisecond
	// A server that hangs ends no connection. After this many unanswered questions, one at each interval, another server is sought.
	pingInterval = 3 * time.Second
	pingsUnheard = 2
)

// Connect opens a connection to the NATS server at url, which may name several servers separated by commas. It keeps trying to
// reconnect for ever once it was connected. Options are applied last. The caller closes the connection. It returns
// domain.ErrUnavailable where no server answers, domain.ErrForbidden where the server does not let us in, and
// domain.ErrInvalid for a URL that is none. A nil log discards what the connection has to say.
func Connect(ctx context.Context, url string, log *slog.Logger, opts ...nats.Option) (*nats.Conn, error) {
	if url == "" {
		return nil, errors.Wrap(domain.ErrInvalid, "the URL of the NATS server is empty")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	timeout := dialTime
	if deadline, ok := ctx.Deadline(); ok {
		timeout = max(time.Millisecond, min(timeout, time.Until(deadline)))
	}
	nc, err := nats.Connect(url, append(append(clientOptions(log), nats.Timeout(timeout)), opts...)...)
	switch {
	case err == nil:
		return nc, nil
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		// The cause is dropped here and below: it can hold the URL, and the URL a password.
		return nil, errors.WithHint(errors.Wrap(domain.ErrForbidden, "the NATS server refused the credentials"),
			"Check the user, token or credentials file given for the NATS server.")
	default:
		return nil, errors.WithHint(errors.Wrap(domain.ErrUnavailable, "connect to the NATS server"),
			"Check the address given with --nats-url, and that a NATS server with JetStream runs there.")
	}
}

// clientOptions are common to all connections of the program. Nothing is kept for sending while there is no connection: what was
// kept would arrive later, after its sender was told that it failed.
func clientOptions(log *slog.Logger) []nats.Option {
	return []nats.Option{
		nats.Name("daybook"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectBufSize(-1),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(pingsUnheard),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			subject := ""
			if sub != nil {
				subject = sub.Subject
			}
			log.WarnContext(context.Background(), "nats connection reported an error", slog.String("subject", subject), slog.Any("error", err))
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.WarnContext(context.Background(), "nats connection lost", slog.Any("error", err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.InfoContext(context.Background(), "nats connection restored") }),
	}
}
