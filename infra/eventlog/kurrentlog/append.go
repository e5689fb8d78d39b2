package kurrentlog

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/errors"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

const (
	maxTries  = 4
	firstWait = 50 * time.Millisecond // before the second try; doubled for each after it
)

// Append is described at commands.Log. It copies the events, so callers may use their memory again. When ctx ends while the server is
// at work, the log is still asked what became of the events. From its turn on, it returns within six times Config.AnswerTime, and
// mostly within three where nobody answers.
func (l *Log) Append(ctx context.Context, at domain.Position, events [][]byte) error {
	if err := eventlog.Check(events, l.maxFrame); err != nil {
		return err
	}
	leave, err := l.turn.Take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := eventlog.Fence(ctx, at, l.tail.last, l.refresh); err != nil {
		return err
	}
	b := batch{at: at, events: eventlog.Clone(events)}
	b.proposed = l.proposed(at, b.events)
	if err := l.write(ctx, b); err != nil {
		return err
	}
	l.tail.push(at, b.events)
	return nil
}

// batch is what one append writes, all or none.
type batch struct {
	at       domain.Position
	events   [][]byte
	proposed []esdb.EventData
}

// expected is the revision after which the batch is to stand.
func (b batch) expected() esdb.ExpectedRevision {
	if b.at == 0 {
		return esdb.NoStream{}
	}
	return esdb.Revision(uint64(b.at) - 1)
}

// end is the position after the batch.
func (b batch) end() domain.Position { return b.at + domain.Position(len(b.events)) }

// write appends a batch until it is known what became of it, with the same ids at the same revision every time.
func (l *Log) write(ctx context.Context, b batch) error {
	sending, cancel := context.WithTimeout(ctx, 2*l.answerTime) // all tries together
	defer cancel()
	possible := false // the events may have reached the server in an earlier try
	var refusal error
	for try := range maxTries {
		if try > 0 && !eventlog.Pause(sending, firstWait<<(try-1)) {
			break
		}
		a, reason := l.send(sending, b)
		switch {
		case a == stored:
			return nil
		case a == lost:
			return reason
		case a == refused:
			refusal = reason
		}
		if possible = possible || a == unclear; !possible {
			if a == refused {
				return refusal
			}
			continue
		}
		// ctx may be what ended the waiting: what became of the events must be known all the same.
		became, err := l.became(context.WithoutCancel(ctx), b)
		switch {
		case errors.HasAssertionFailure(err):
			return err
		case err != nil:
			return errors.WithSecondaryError(errors.Wrapf(domain.ErrOutcomeUnknown, "append for %s", b.at), private(err))
		case became == ours:
			return nil
		case became == others:
			return errors.Wrapf(domain.ErrFenced, "append for %s, where another writer's events are", b.at)
		}
	}
	if !possible {
		return errors.WithHint(errors.Wrapf(domain.ErrUnavailable, "KurrentDB could not be sent the append for %s", b.at),
			"Check that the server runs, that the connection string names it, and that its cluster has a leader.")
	}
	return errors.WithHint(errors.Wrapf(domain.ErrOutcomeUnknown, "the append for %s may still arrive", b.at),
		"If this comes again and again with large appends only, the server's MaxAppendSize is less than daybook was told.")
}

// answer is what one try told its writer.
type answer uint8

const (
	unclear answer = iota // it may or may not have been stored, now or later; the server's word for it is asked
	stored                // it is on disk
	refused               // the server says that it was not stored
	unsent                // it did not reach a server that could store it
	lost                  // the stream is not a ledger's any more
)

// send appends a batch once.
func (l *Log) send(ctx context.Context, b batch) (answer, error) {
	var found atomic.Bool // a server
	result, err := call(ctx, l, func(ctx context.Context, c *esdb.Client) (*esdb.WriteResult, error) {
		if _, err := c.GetServerVersion(); err != nil { // it looks for a server where none is found yet, so that what fails later was sent
			return nil, err
		}
		found.Store(true)
		opts := esdb.AppendToStreamOptions{ExpectedRevision: b.expected(), Deadline: &l.answerTime}
		return c.AppendToStream(ctx, l.stream, opts, b.proposed...)
	})
	if !found.Load() { // where it is found later still, the time to send is over
		return unsent, nil
	}
	if err == nil {
		// The client makes up a result for an answer that it does not know; that one has no commit position.
		if result.CommitPosition != 0 && result.NextExpectedVersion == uint64(b.end())-1 {
			return stored, nil
		}
		return unclear, nil
	}
	switch code(err) {
	case esdb.ErrorCodeNotLeader, esdb.ErrorCodeConnectionClosed:
		return unsent, nil
	case esdb.ErrorCodeStreamDeleted:
		return lost, errDeleted()
	case esdb.ErrorCodeAccessDenied, esdb.ErrorCodeUnauthenticated:
		return refused, unavailable(err, "append")
	}
	if status.Code(err) == codes.InvalidArgument {
		return refused, errors.WithHintf(errors.Wrapf(domain.ErrUnavailable, "KurrentDB refused the append for %s", b.at),
			"Give daybook the server's own MaxAppendSize if it is less than %d bytes.", l.maxFrame)
	}
	return unclear, nil // the expected revision was wrong, too: perhaps because of an earlier try
}

// fate is what became of a batch whose append was not answered well.
type fate uint8

const (
	nothing fate = iota // the end is where it was: the events are not there, and may still come
	ours                // the events are there
	others              // other events are there, so that these can never be
)

// became asks the leader what the stream holds where a batch should be.
func (l *Log) became(ctx context.Context, b batch) (fate, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*l.answerTime) // both questions together
	defer cancel()
	found, err := l.read(ctx, esdb.Forwards, esdb.Revision(uint64(b.at)), len(b.events))
	switch {
	case err != nil:
		return nothing, err
	case len(found) == 0:
		return nothing, l.refresh(ctx)
	}
	for i, e := range found {
		if _, err := l.bytesOf(e, b.at+domain.Position(i)); err != nil {
			return nothing, err
		}
		if e.Event.EventID != b.proposed[i].EventID {
			return others, nil
		}
	}
	return ours, nil // an append is there as a whole, or not at all
}

func errDeleted() error {
	return errors.WithHint(errors.AssertionFailedf("the ledger's stream was deleted for good"),
		"Stop writing. A stream with a tombstone cannot be written again: restore the ledger under another name from its own copy.")
}
