package kurrentlog

import (
	"context"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
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
	found, err := l.read(ctx, esdb.Backwards, esdb.End{}, 1)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	at := domain.Position(found[0].OriginalEvent().EventNumber)
	_, err = l.bytesOf(found[0], at)
	return at + 1, err
}

// window asks the leader for at most n events from a position on. It gives fewer where the stream ends, and where they grow beyond
// what a reading gives at once.
func (l *Log) window(ctx context.Context, from domain.Position, n int) ([][]byte, error) {
	found, err := l.read(ctx, esdb.Forwards, esdb.Revision(uint64(from)), n)
	if err != nil {
		return nil, err
	}
	events := make([][]byte, len(found))
	for i, e := range found {
		if events[i], err = l.bytesOf(e, from+domain.Position(i)); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// read gives at most n events of the stream, or some 2 MiB of them, none where there is no stream. It returns domain.ErrUnavailable,
// and an assertion failure where the stream is gone for good.
func (l *Log) read(ctx context.Context, to esdb.Direction, from esdb.StreamPosition, n int) (found []*esdb.ResolvedEvent, err error) {
	found, err = ask(ctx, l, func(ctx context.Context, c *esdb.Client) (found []*esdb.ResolvedEvent, err error) {
		s, err := c.ReadStream(ctx, l.stream, esdb.ReadStreamOptions{Direction: to, From: from, Deadline: &l.answerTime}, uint64(n))
		if err != nil {
			return nil, err
		}
		defer s.Close()
		for size := 0; size < batchBytes; {
			e, err := s.Recv()
			if err != nil {
				return found, err
			}
			found = append(found, e)
			size += len(e.OriginalEvent().Data)
		}
		return found, nil
	})
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return found, nil
	case code(err) == esdb.ErrorCodeResourceNotFound:
		return nil, nil
	case code(err) == esdb.ErrorCodeStreamDeleted:
		return nil, errDeleted()
	}
	return nil, unavailable(err, "say what the ledger's stream holds")
}

// checkMetadata returns domain.ErrConflict where the stream is told to drop events. Who may not read that is not told.
func (l *Log) checkMetadata(ctx context.Context) error {
	dropping, err := ask(ctx, l, func(ctx context.Context, c *esdb.Client) (bool, error) {
		m, err := c.GetStreamMetadata(ctx, l.stream, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}, Deadline: &l.answerTime})
		return err == nil && (m.MaxCount() != nil || m.MaxAge() != nil || m.TruncateBefore() != nil), err
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

// ask runs a call that changes nothing, again where it goes wrong, and gives the last answer with the client's error. It takes at most
// twice the answer time.
func ask[T any](ctx context.Context, l *Log, f func(context.Context, *esdb.Client) (T, error)) (result T, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*l.answerTime)
	defer cancel()
	for try := 0; ; try++ {
		result, err = call(ctx, l, f)
		if err == nil || errors.Is(err, io.EOF) || isFinal(err) || try == maxTries-1 || !eventlog.Pause(ctx, firstWait<<try) {
			return result, err
		}
	}
}
