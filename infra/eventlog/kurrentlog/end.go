package kurrentlog

import (
	"context"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// refresh asks the leader for the end of the stream and tells the tail. It returns an assertion failure where the stream is shorter
// than it was, or does not end with an event of the ledger, and domain.ErrUnavailable where the server does not say.
func (l *Log) refresh(ctx context.Context) error {
	known := l.tail.last()
	end, err := l.askEnd(ctx)
	if err != nil {
		return err
	}
	if end < known {
		return errors.WithHint(errors.AssertionFailedf("the stream ends at %s, and ended at %s before: events were lost", end, known),
			"Stop writing. KurrentDB lost acknowledged events, or the stream was deleted: restore it from the ledger's own copy.")
	}
	l.tail.advance(end)
	return nil
}

func (l *Log) askEnd(ctx context.Context) (domain.Position, error) {
	var end domain.Position
	err := l.read(ctx, esdb.Backwards, esdb.End{}, 1, func(e *esdb.ResolvedEvent) error {
		at := domain.Position(e.OriginalEvent().EventNumber)
		end = at + 1
		_, err := l.bytesOf(e, at)
		return err
	})
	return end, err
}

// window asks the leader for at most n events from a position on. It gives fewer where the stream ends, and where they grow beyond
// what a reading gives at once.
func (l *Log) window(ctx context.Context, from domain.Position, n int) ([][]byte, error) {
	events, size := make([][]byte, 0, n), 0
	err := l.read(ctx, esdb.Forwards, esdb.Revision(uint64(from)), n, func(e *esdb.ResolvedEvent) error {
		event, err := l.bytesOf(e, from+domain.Position(len(events)))
		if err != nil {
			return err
		}
		events = append(events, event)
		if size += len(event); size >= batchBytes {
			return io.EOF
		}
		return nil
	})
	return events, err
}

// read hands at most n events of the stream to take, until it returns an error, which is not returned where it is io.EOF. A stream
// that does not exist has no events.
func (l *Log) read(ctx context.Context, to esdb.Direction, from esdb.StreamPosition, n int, take func(*esdb.ResolvedEvent) error) error {
	err := l.call(ctx, func(ctx context.Context, c *esdb.Client) error {
		opts := esdb.ReadStreamOptions{Direction: to, From: from, Deadline: &l.answerTime}
		s, err := c.ReadStream(ctx, l.stream, opts, uint64(n))
		if err != nil {
			return err
		}
		defer s.Close()
		for {
			e, err := s.Recv()
			if err == nil {
				err = take(e)
			}
			if err != nil {
				return err
			}
		}
	})
	switch {
	case err == nil, errors.Is(err, io.EOF), code(err) == esdb.ErrorCodeResourceNotFound:
		return nil
	case code(err) == esdb.ErrorCodeStreamDeleted:
		return errDeleted()
	case errors.HasAssertionFailure(err), errors.Is(err, domain.ErrUnavailable):
		return err
	}
	return unavailable(err, "say what the ledger's stream holds")
}

// checkMetadata returns domain.ErrConflict where the stream is told to drop events. Who may not read that is not told.
func (l *Log) checkMetadata(ctx context.Context) error {
	var dropping bool
	err := l.call(ctx, func(ctx context.Context, c *esdb.Client) error {
		m, err := c.GetStreamMetadata(ctx, l.stream, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}, Deadline: &l.answerTime})
		if err == nil {
			dropping = m.MaxCount() != nil || m.MaxAge() != nil || m.TruncateBefore() != nil
		}
		return err
	})
	switch {
	case dropping:
		return errors.WithHint(errors.Wrap(domain.ErrConflict, "the stream is told to drop events"),
			"Remove $maxCount, $maxAge and $tb from the metadata of the ledger's stream; where it was deleted, take another name.")
	case err == nil, code(err) == esdb.ErrorCodeResourceNotFound, code(err) == esdb.ErrorCodeAccessDenied:
		return nil
	}
	return unavailable(err, "say what is to become of the ledger's stream")
}
