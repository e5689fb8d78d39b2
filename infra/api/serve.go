package api

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/wire"
)

// Limits of the server.
const (
	// MaxConnections is how many connections are open at once; those beyond wait to be accepted.
	MaxConnections = 1_024

	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// drainTimeout is how long requests that are on their way have to be answered at the end.
	drainTimeout = 20 * time.Second
)

// Listen opens a loopback address for Serve; a port of 0 lets the system choose. It returns domain.ErrForbidden for an address
// that others could reach, domain.ErrInvalid for one that cannot be read, and domain.ErrUnavailable where it is taken.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "address of the HTTP API"), "Write an address as host:port, for example 127.0.0.1:8430.")
	}
	if !loopbackName(net.JoinHostPort(host, "0")) {
		return nil, errors.WithHint(errors.Wrap(domain.ErrForbidden, "the HTTP API beyond loopback"),
			"Article 32: access control does not exist yet, so daybook listens on 127.0.0.1, ::1 or localhost only.")
	}
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, errors.WithHint(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "listen for HTTP"), err),
			"Another program may listen there; name another port.")
	}
	if err := reachable(ln); err != nil {
		return nil, errors.WithSecondaryError(err, ln.Close())
	}
	return ln, nil
}

// Serve listens on a loopback address and answers until ctx ends; see Listen and ServeListener.
func Serve(ctx context.Context, addr string, handler http.Handler) error {
	ln, err := Listen(ctx, addr)
	if err != nil {
		return err
	}
	return ServeListener(ctx, ln, handler)
}

// ServeListener answers on the listener, which it closes, until ctx ends; then it lets what is on its way be answered, 20 seconds
// at most, and returns. The streams of New end by Config.Done, which should be ctx's. It returns domain.ErrForbidden for a
// listener that others could reach, and domain.ErrUnavailable where serving failed or requests had to be broken off.
func ServeListener(ctx context.Context, ln net.Listener, handler http.Handler) error {
	if err := reachable(ln); err != nil {
		return errors.WithSecondaryError(err, ln.Close())
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 2 * wire.MaxHeaderBytes,
		// The library's own lines quote what strangers sent.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(limited(ln, MaxConnections)) }()
	select {
	case err := <-ended:
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "serve HTTP"), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	err := server.Shutdown(drain)
	if err != nil {
		err = errors.CombineErrors(errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "requests were broken off"), err), server.Close())
	}
	if failed := <-ended; !errors.Is(failed, http.ErrServerClosed) {
		err = errors.CombineErrors(err, errors.Wrap(failed, "serve HTTP"))
	}
	return err
}

// reachable refuses a listener that others could reach: a name is what a resolver makes of it.
func reachable(ln net.Listener) error {
	if tcp, ok := ln.Addr().(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return nil
	}
	return errors.WithHint(errors.Wrap(domain.ErrForbidden, "a listener beyond loopback"),
		"Article 32: access control does not exist yet; listen on 127.0.0.1 or ::1.")
}

// limited bounds the connections that are open at once.
func limited(ln net.Listener, most int) net.Listener {
	return &limitedListener{Listener: ln, free: make(chan struct{}, most), closed: make(chan struct{})}
}
