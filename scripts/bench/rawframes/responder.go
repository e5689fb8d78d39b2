package rawframes

import (
	"context"
	"strconv"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// maxWaiting bounds the requests that wait for the next frame.
const maxWaiting = 1 << 16

// responder gathers requests into frames: while one is being made durable, the next one fills.
type responder struct {
	conn    *nats.Conn
	js      jetstream.JetStream
	waiting chan *nats.Msg
	end     uint64 // the stream's last sequence, owned by run
}

func newResponder(ctx context.Context, conn *nats.Conn) (*responder, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, errors.Wrap(err, "raw frames jetstream")
	}
	r := &responder{conn: conn, js: js, waiting: make(chan *nats.Msg, maxWaiting)}
	for name, subject := range map[string]string{framesStream: frameSubject, plainStream: PlainSubject} {
		if _, err := js.CreateStream(ctx, streamConfig(name, subject)); err != nil {
			return nil, errors.Wrap(err, "raw frames stream")
		}
	}
	_, err = conn.ChanQueueSubscribe(Subjects, "rawframes", r.waiting)
	if err == nil {
		// Decoding runs beside the committing, in the subscription's goroutine. A full queue holds it up, as it should.
		_, err = conn.QueueSubscribe(CheckedSubjects, "rawframes", func(m *nats.Msg) {
			if !validated(m) {
				_ = m.Respond([]byte("invalid"))
				return
			}
			select {
			case r.waiting <- m:
			case <-ctx.Done():
			}
		})
	}
	if err == nil {
		err = conn.Flush()
	}
	return r, errors.Wrap(err, "raw frames subscription")
}

func (r *responder) run(ctx context.Context) error {
	var frame []byte
	var asked []*nats.Msg
	var left *nats.Msg // did not fit into the frame before
	for {
		frame, asked = frame[:0], asked[:0]
		if left == nil {
			select {
			case left = <-r.waiting:
			case <-ctx.Done():
				return nil
			}
		}
		for left != nil && (len(asked) == 0 || len(frame)+len(left.Data)+1 <= MaxPayload) {
			frame = append(append(frame, left.Data...), '\n')
			asked, left = append(asked, left), nil
			select {
			case left = <-r.waiting:
			default:
			}
		}
		ack, err := r.js.PublishMsg(ctx, &nats.Msg{Subject: frameSubject, Data: frame}, jetstream.WithExpectLastSequence(r.end))
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return errors.Wrap(err, "publish a raw frame")
		}
		r.end = ack.Sequence
		answer := strconv.AppendUint([]byte(`{"frame":`), ack.Sequence, 10)
		answer = append(answer, '}')
		for _, m := range asked {
			if err := m.Respond(answer); err != nil {
				return errors.Wrap(err, "answer a raw request")
			}
		}
	}
}
