package natslog

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

const (
	maxTries  = 4
	firstWait = 50 * time.Millisecond // before the second try; doubled for each after it
)

// Append is described at commands.Log. It copies the events, so callers may use their memory again. When ctx ends while the server
// is at work, the log is still asked what became of the frame. From its turn on, it returns within three times Config.AnswerTime.
func (l *Log) Append(ctx context.Context, at domain.Position, events [][]byte) error {
	if err := eventlog.Check(events, l.maxFrame); err != nil {
		return err
	}
	leave, err := l.turn.Take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	var seq uint64 // of the end that at is held against
	end := func() (end domain.Position) { seq, end = l.tail.last(); return end }
	if err := eventlog.Fence(ctx, at, end, l.look); err != nil {
		return err
	}
	f, err := newFrame(at, seq+1, events, l.random)
	if err != nil {
		return err
	}
	l.tail.begin(f.id)
	defer l.tail.settle()
	if err := l.write(ctx, f); err != nil {
		return err
	}
	l.tail.push(f)
	l.ring(f.seq)
	return nil
}

// write publishes a frame until it is known what became of it.
func (l *Log) write(ctx context.Context, f frame) error {
	sending, cancel := context.WithTimeout(ctx, l.answerTime) // all tries together
	defer cancel()
	possible := false // the frame may have reached the server in an earlier try
	for try := range maxTries {
		if try > 0 && !eventlog.Pause(sending, firstWait<<(try-1)) {
			break
		}
		a := l.send(sending, f)
		if a == stored {
			return nil
		}
		if possible = possible || a != unsent; !possible {
			continue
		}
		// ctx may be what ended the waiting: what became of the frame must be known all the same.
		became, err := l.became(context.WithoutCancel(ctx), f)
		switch {
		case errors.HasAssertionFailure(err):
			return err
		case err != nil:
			return errors.WithSecondaryError(errors.Wrapf(domain.ErrOutcomeUnknown, "frame for %s", f.at), err)
		case became == ours:
			return nil
		case became == others:
			return errors.Wrapf(domain.ErrFenced, "frame for %s, where another writer's is", f.at)
		case a == refused && try == 0:
			return errors.Wrapf(domain.ErrUnavailable, "the server refused the frame for %s", f.at)
		}
	}
	if !possible {
		return errors.Wrapf(domain.ErrUnavailable, "the server could not be sent the frame for %s", f.at)
	}
	return errors.Wrapf(domain.ErrOutcomeUnknown, "the frame for %s may still arrive", f.at)
}

// answer is what publishing a frame told its writer.
type answer uint8

const (
	unanswered answer = iota // it may or may not have been stored, now or later
	stored                   // it is on disk
	refused                  // the server says that it was not stored
	overtaken                // the server says that the end of the stream is elsewhere, perhaps because of an earlier try
	unsent                   // it did not reach a stream
)

// acknowledgement is the server's answer to a publish.
type acknowledgement struct {
	Stream string              `json:"stream"`
	Seq    uint64              `json:"seq"`
	Error  *jetstream.APIError `json:"error"`
}

// wrongLastSequence are the codes with which JetStream fences: on one server, and on a cluster whose leader has other frames
// under way.
var wrongLastSequence = map[jetstream.ErrorCode]bool{10071: true, 10164: true}

// send publishes a frame once, and waits for the answer until ctx ends or the connection is lost.
func (l *Log) send(ctx context.Context, f frame) answer {
	if !l.nc.IsConnected() {
		return unsent
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.sending.Store(&sending{connection: l.nc.Stats().Reconnects, cancel: cancel})
	defer l.sending.Store(nil)
	reply, err := l.nc.RequestMsgWithContext(ctx, &nats.Msg{Subject: l.subject, Data: f.body, Header: nats.Header{
		headerType:                      {contentType},
		headerPosition:                  {f.at.String()},
		headerCount:                     {strconv.Itoa(f.count)},
		headerFrame:                     {f.id},
		jetstream.ExpectedStreamHeader:  {l.stream},
		jetstream.ExpectedLastSeqHeader: {strconv.FormatUint(f.seq-1, 10)},
	}})
	switch {
	case errors.IsAny(err, nats.ErrNoResponders, nats.ErrReconnectBufExceeded, nats.ErrConnectionClosed, nats.ErrMaxPayload):
		return unsent
	case err != nil:
		return unanswered
	}
	var ack acknowledgement
	if err := json.Unmarshal(reply.Data, &ack); err != nil {
		return unanswered
	}
	switch {
	case ack.Error != nil && wrongLastSequence[ack.Error.ErrorCode]:
		return overtaken
	case ack.Error != nil:
		return refused
	case ack.Stream != l.stream || ack.Seq != f.seq:
		return unanswered // not the answer to this frame: look for it
	}
	return stored
}

// sending is a publish that waits for its answer, and the count of the connection it was sent on.
type sending struct {
	connection uint64
	cancel     context.CancelFunc
}

// watch ends the wait for an answer when the connection it would come on is lost, so that what became of the frame is asked at
// once. It ends with its channel.
func (l *Log) watch() {
	for range l.changes {
		if s := l.sending.Load(); s != nil && (!l.nc.IsConnected() || l.nc.Stats().Reconnects != s.connection) {
			s.cancel()
		}
	}
}
