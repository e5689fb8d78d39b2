package natslog

import (
	"context"
	"strconv"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
)

const (
	windowBytes  = 2 << 20 // of frames asked for at once; the last may exceed it
	windowFrames = 1024    // asked for at once, when a reading is well under way
	firstWindow  = 16      // asked for first: many readings want a page, not the log
)

// The statuses and headers with which the server answers direct questions for messages.
const (
	headerStatus   = "Status"
	headerSequence = "Nats-Sequence"
	statusMissing  = "404"
	statusEnd      = "204"
)

// message asks for one message, of any server that has a copy, and of the leader where that one has not caught up or does not answer.
func (l *Log) message(ctx context.Context, seq uint64) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, l.answerTime)
	defer cancel()
	asking, cancelAsking := context.WithTimeout(ctx, l.copyTime())
	defer cancelAsking()
	reply, err := l.nc.RequestWithContext(asking, "$JS.API.DIRECT.GET."+l.stream, []byte(`{"seq":`+strconv.FormatUint(seq, 10)+`}`))
	if err != nil || reply.Header.Get(headerStatus) != "" {
		return l.leaderMessage(ctx, seq)
	}
	return reply, nil
}

// copyTime bounds the wait for the next message of whichever server was asked: one that hangs is still asked, since the others notice
// late.
func (l *Log) copyTime() time.Duration { return min(time.Second, l.answerTime/4) }

// window reads at most limit consecutive frames, from sequence first on and never beyond last: at least one.
func (l *Log) window(ctx context.Context, first, last, limit uint64) ([]frame, error) {
	ctx, cancel := context.WithTimeout(ctx, l.answerTime)
	defer cancel()
	n := min(last-first+1, limit)
	answers := make(chan *nats.Msg, n+1) // all frames, and the word that there are no more
	inbox := l.nc.NewInbox()
	sub, err := l.nc.ChanSubscribe(inbox, answers)
	if err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "prepare to read"), err)
	}
	defer func() { _ = sub.Unsubscribe() }() // it fails only where the connection is closed: there is nothing left to end
	request := []byte(`{"seq":`)
	request = strconv.AppendUint(request, first, 10)
	request = append(request, `,"batch":`...)
	request = strconv.AppendUint(request, n, 10)
	request = append(request, `,"max_bytes":`...)
	request = append(strconv.AppendInt(request, windowBytes, 10), '}')
	if err := l.nc.PublishRequest("$JS.API.DIRECT.GET."+l.stream, inbox, request); err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "ask for frames"), err)
	}
	patience := time.NewTimer(l.copyTime())
	defer patience.Stop()
	var frames []frame
	for seq := first; seq < first+n; seq++ {
		patience.Reset(l.copyTime())
		var m *nats.Msg
		status := statusEnd // of a server that does not answer, also where the connection was closed
		select {
		case m = <-answers:
		case <-patience.C:
		case <-ctx.Done():
		}
		if m != nil {
			status = m.Header.Get(headerStatus)
		}
		if status == statusEnd && seq > first {
			break
		}
		f, err := l.frameIn(ctx, m, status, seq)
		if err != nil && len(frames) > 0 {
			break // what is before it is good; the next window begins with it and says what it is
		}
		if err != nil {
			return nil, err
		}
		if frames = append(frames, f); status != "" {
			break
		}
	}
	return frames, nil
}

// frameIn gives the frame with the sequence seq out of an answer. Where the server that answered has not caught up, or the message
// is gone, it asks the leader, who knows which of the two it is. m may be nil with these statuses.
func (l *Log) frameIn(ctx context.Context, m *nats.Msg, status string, seq uint64) (frame, error) {
	switch status {
	case "":
		if got := m.Header.Get(headerSequence); got != strconv.FormatUint(seq, 10) {
			return frame{}, errors.AssertionFailedf("message %d of the stream is missing: the next one is %s",
				errors.Safe(seq), errors.Safe(got))
		}
	case statusEnd, statusMissing:
		var err error
		if m, err = l.leaderMessage(ctx, seq); err != nil {
			return frame{}, err
		}
	default:
		return frame{}, errors.Wrapf(domain.ErrUnavailable, "the server answers a reading with %s", errors.Safe(status))
	}
	h, err := parseHead(m.Header, seq)
	if err != nil {
		return frame{}, err
	}
	return parseFrame(h, m.Data)
}
