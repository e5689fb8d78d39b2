package natslog

import (
	"context"
	"strconv"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"

	"github.com/jigowatt/daybook/domain"
)

const (
	windowBytes  = 2 << 20 // of frames asked for at once; the last may exceed it
	windowFrames = 1024
)

// The statuses and headers with which the server answers direct questions for messages.
const (
	headerStatus   = "Status"
	headerSequence = "Nats-Sequence"
	statusMissing  = "404"
	statusEnd      = "204"
)

// message asks for one message, of any server that has a copy, and of the leader where that one has not caught up.
func (l *Log) message(ctx context.Context, seq uint64) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, l.answerTime)
	defer cancel()
	reply, err := l.nc.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+l.stream, []byte(`{"seq":`+strconv.FormatUint(seq, 10)+`}`))
	if err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "read a message"), err)
	}
	if reply.Header.Get(headerStatus) != "" {
		return l.leaderMessage(ctx, seq)
	}
	return reply, nil
}

// window reads some consecutive frames, from sequence first on and never beyond last: at least one.
func (l *Log) window(ctx context.Context, first, last uint64) ([]frame, error) {
	ctx, cancel := context.WithTimeout(ctx, l.answerTime)
	defer cancel()
	inbox := l.nc.NewInbox()
	sub, err := l.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "prepare to read"), err)
	}
	defer sub.Unsubscribe()                              //nolint:errcheck // it fails only where the connection is closed, and then there is nothing left to end
	if err := sub.SetPendingLimits(-1, -1); err != nil { // the window bounds what can come
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "prepare to read"), err)
	}
	n := min(last-first+1, windowFrames)
	request := []byte(`{"seq":`)
	request = strconv.AppendUint(request, first, 10)
	request = append(request, `,"batch":`...)
	request = strconv.AppendUint(request, n, 10)
	request = append(request, `,"max_bytes":`...)
	request = append(strconv.AppendInt(request, windowBytes, 10), '}')
	if err := l.nc.PublishRequest("$JS.API.DIRECT.GET."+l.stream, inbox, request); err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "ask for frames"), err)
	}
	frames := make([]frame, 0, n)
	for seq := first; seq < first+n; seq++ {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "wait for frames"), err)
		}
		if status := m.Header.Get(headerStatus); status == statusEnd && seq > first {
			break
		} else if status != "" && status != statusEnd && status != statusMissing {
			return nil, errors.Wrapf(domain.ErrUnavailable, "the server answers a reading with %s", errors.Safe(status))
		} else if status != "" { // this server has not caught up, or the message is gone: the leader knows
			if m, err = l.leaderMessage(ctx, seq); err != nil {
				return nil, err
			}
			n = 1
		} else if got := m.Header.Get(headerSequence); got != strconv.FormatUint(seq, 10) {
			return nil, errors.AssertionFailedf("message %d of the stream is missing: the next one is %s", errors.Safe(seq), errors.Safe(got))
		}
		h, err := parseHead(m.Header, seq)
		if err != nil {
			return nil, err
		}
		f, err := parseFrame(h, m.Data)
		if err != nil {
			return nil, err
		}
		frames = append(frames, f)
	}
	return frames, nil
}
