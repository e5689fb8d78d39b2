package kurrentlog

import (
	"context"
	"io"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/errors"
	"google.golang.org/grpc/metadata"

	"github.com/jigowatt/daybook/domain"
)

const (
	// maxIdle bounds the clients that are kept for the next call.
	maxIdle = 4
	// grace is how much longer than its deadline a call may take before its client is given up.
	grace = 250 * time.Millisecond
)

var (
	errPanicked = errors.New("the KurrentDB client panicked")
	errStuck    = errors.New("the KurrentDB client did not come back")
)

// take gives a client that nobody else uses, until it is given back. Two calls on one client can leave each other waiting for ever:
// when a call finds that no server can be found, the client is dead for good, and does not listen to what another call has to report.
func (l *Log) take() (*esdb.Client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done.Err() != nil {
		return nil, errors.Wrap(domain.ErrUnavailable, "use of a closed KurrentDB log")
	}
	var c *esdb.Client
	if n := len(l.idle); n > 0 {
		c, l.idle = l.idle[n-1], l.idle[:n-1]
	} else {
		settings := l.settings
		var err error
		if c, err = esdb.NewClient(&settings); err != nil {
			return nil, errors.Wrap(err, "make a KurrentDB client") // the settings were checked: it does not fail
		}
	}
	l.wg.Add(1)
	return c, nil
}

// give takes a client back, and keeps it for the next call where it is of use.
func (l *Log) give(c *esdb.Client, useful bool) {
	defer l.wg.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	if useful && l.done.Err() == nil && len(l.idle) < maxIdle {
		l.idle = append(l.idle, c)
		return
	}
	retire(c)
}

// retire ends a client, which then ends its connection by itself.
func retire(c *esdb.Client) { _ = c.Close() } // it only ever says that all is well

// call runs one call on a client, and comes back soon after the answer time at the latest. All of them ask for the leader, in a header of
// our own: the client's option RequiresLeader sets one that is not sent. A client that panics over an answer it does not know, lost
// its server or does not come back is not used again.
//
// What does not heed its context is looking for a server, which ends within its own time: it is left to itself, and awaited by Close.
// Ending the client under it would be a race: the client closes a channel that its calls send on.
func call[T any](ctx context.Context, l *Log, f func(context.Context, *esdb.Client) (T, error)) (result T, err error) {
	c, err := l.take()
	if err != nil {
		return result, err
	}
	ctx, cancel := context.WithTimeout(leader(ctx), l.answerTime)
	defer cancel()
	defer context.AfterFunc(l.done, cancel)()
	type outcome struct {
		result T
		err    error
	}
	ended := make(chan outcome, 1)
	go func() { // give tells those who await it
		var o outcome
		o.err = guarded(func() (err error) {
			o.result, err = f(ctx, c)
			return err
		})
		l.give(c, ctx.Err() == nil && !isBroken(o.err))
		ended <- o
	}()
	select {
	case o := <-ended:
		return o.result, o.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case o := <-ended:
		return o.result, o.err
	case <-timer.C:
		return result, errors.WithStack(errStuck)
	}
}

// leader asks the server to answer as the leader, or to say who is.
func leader(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "requires-leader", "true")
}

// guarded takes a panic for an error.
func guarded(f func() error) (err error) {
	defer func() {
		if recover() != nil { // what it says may quote an answer
			err = errors.WithStack(errPanicked)
		}
	}()
	return f()
}

// code gives the client's code of an error, ErrorCodeUnknown where it has none.
func code(err error) esdb.ErrorCode {
	var e *esdb.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return esdb.ErrorCodeUnknown
}

// isBroken says that a client is of no more use, after whatever is not the server's answer. Where a connection is lost the client often gives
// a bare error of gRPC, and goes on giving it for as long as gRPC holds back from dialling, to every further try.
func isBroken(err error) bool {
	if err == nil || errors.Is(err, io.EOF) {
		return false
	}
	switch code(err) {
	case esdb.ErrorCodeResourceNotFound, esdb.ErrorCodeResourceAlreadyExists, esdb.ErrorCodeWrongExpectedVersion,
		esdb.ErrorCodeAccessDenied, esdb.ErrorCodeStreamDeleted, esdb.ErrorCodeUnsupportedFeature,
		esdb.ErrorCodeNotLeader: // it reconnects by itself
		return false
	}
	return true
}

// isFinal says that asking again changes nothing: it is an answer, the server does not let us in, or the log is closed.
func isFinal(err error) bool {
	switch code(err) {
	case esdb.ErrorCodeResourceNotFound, esdb.ErrorCodeStreamDeleted, esdb.ErrorCodeAccessDenied, esdb.ErrorCodeUnauthenticated:
		return true
	}
	return errors.Is(err, domain.ErrUnavailable)
}

// private hides what a client's error says: addresses, names, and whatever a server chose to write. The code remains.
func private(err error) error {
	if err == nil {
		return nil
	}
	if errors.IsAny(err, errPanicked, errStuck, domain.ErrUnavailable) || errors.HasAssertionFailure(err) {
		return err
	}
	if errors.IsAny(err, context.Canceled, context.DeadlineExceeded) {
		return errors.New("the answer did not come in time")
	}
	return errors.Newf("the KurrentDB client's error %d", errors.Safe(int(code(err))))
}

// unavailable makes the error of a question that was not answered.
func unavailable(err error, what string) error {
	if errors.Is(err, domain.ErrUnavailable) {
		return err
	}
	switch code(err) {
	case esdb.ErrorCodeUnauthenticated, esdb.ErrorCodeAccessDenied:
		return errors.WithHint(errors.WithSecondaryError(errors.Wrapf(domain.ErrUnavailable, "KurrentDB does not let us %s", errors.Safe(what)), private(err)),
			"Give a user in the connection string who may read and write the ledger's stream, and check its access list.")
	}
	return errors.WithHint(errors.WithSecondaryError(errors.Wrapf(domain.ErrUnavailable, "KurrentDB did not %s", errors.Safe(what)), private(err)),
		"Check that the server runs, that the connection string names it, and that its cluster has a leader.")
}
