package intake

import (
	"context"
	"sync"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

const (
	// restingBytes bounds each stream; what would go beyond is refused, never what is there dropped.
	restingBytes = 4 << 30
	// repeatWindow is how long the server knows the id of a message that is kept, so that it is kept once.
	repeatWindow = 10 * time.Minute
	// shelfBytes and shelfMessages bound what waits for the disk.
	shelfBytes    = 32 << 20
	shelfMessages = 32 << 10
	// shelfWait bounds the wait for the disk.
	shelfWait = 30 * time.Second
	// headerRoom is more than JetStream's own headers of a message take.
	headerRoom = 512
)

var (
	errFull   = errors.WithHint(errors.Wrap(domain.ErrBusy, "too much waits for the disk"), "Send again after a pause.")
	errClosed = errors.Wrap(domain.ErrUnavailable, "resting messages are closed")
)

// shelf keeps sealed messages in a stream of its own. It writes them without waiting for one another.
type shelf struct {
	nc              *nats.Conn
	js              jetstream.JetStream
	stream, subject string
	box             *Box
	room            *semaphore.Weighted

	mu      sync.RWMutex // held for reading by whoever puts
	closed  bool         // under mu
	written chan written // in the order in which they were sent; has room for all that the shelf has room for
	owned   sync.WaitGroup
}

// written is a message that was sent to its stream and not answered for.
type written struct {
	future jetstream.PubAckFuture
	weight int64
	done   func(sequence uint64, err error)
}

// openShelf makes sure of the stream. The caller closes the shelf. It returns domain.ErrUnavailable.
func openShelf(ctx context.Context, nc *nats.Conn, box *Box, cfg jetstream.StreamConfig) (*shelf, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(2*shelfMessages), jetstream.WithPublishAsyncTimeout(shelfWait))
	if err != nil {
		return nil, unavailable(err, "JetStream for resting messages")
	}
	cfg.Storage, cfg.Discard, cfg.MaxBytes, cfg.Duplicates = jetstream.FileStorage, jetstream.DiscardNew, restingBytes, repeatWindow
	cfg.AllowDirect = true // a message is read as it is, not wrapped into JSON
	if _, err := js.CreateOrUpdateStream(ctx, cfg); err != nil {
		return nil, unavailable(err, "stream of resting messages")
	}
	s := &shelf{
		nc: nc, js: js, stream: cfg.Name, subject: cfg.Subjects[0], box: box,
		room: semaphore.NewWeighted(shelfBytes), written: make(chan written, shelfMessages),
	}
	s.owned.Go(s.settle)
	return s, nil
}

// most is the largest message that has room in the stream once it is sealed, head and body together.
func (s *shelf) most() int { return int(s.nc.MaxPayload()) - headerRoom - s.box.overhead() }

// put seals a message and calls done once, with the stream's sequence when it is on disk, or with an error when it is not, or may
// not be. A message of the same id that is on disk already counts as the message. It never waits, and done must not either.
func (s *shelf) put(id string, about boxed, body []byte, done func(uint64, error)) {
	if err := s.send(id, about, body, done); err != nil {
		done(0, err)
	}
}

func (s *shelf) send(id string, about boxed, body []byte, done func(uint64, error)) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return errors.WithStack(errClosed)
	}
	if len(body) > s.most() {
		return tooLarge()
	}
	w := written{weight: max(int64(len(body)), shelfBytes/shelfMessages), done: done}
	if w.weight = min(w.weight, shelfBytes); !s.room.TryAcquire(w.weight) {
		return errors.WithStack(errFull)
	}
	err := s.publish(id, about, body, &w)
	if err != nil {
		s.room.Release(w.weight)
	}
	return err
}

func (s *shelf) publish(id string, about boxed, body []byte, w *written) (err error) {
	m := &nats.Msg{Subject: s.subject}
	if m.Data, err = s.box.seal(s.stream, about, body); err != nil {
		return err
	}
	if id != "" {
		m.Header = nats.Header{jetstream.MsgIDHeader: {id}}
	}
	switch w.future, err = s.js.PublishMsgAsync(m); {
	case errors.Is(err, nats.ErrMaxPayload):
		return tooLarge()
	case err != nil:
		return unavailable(err, "send a message to rest")
	}
	s.written <- *w
	return nil
}

func tooLarge() error {
	return problem.New(wire.TooLarge, "the message has no room in the inbox", "Send fewer events in a message.")
}

// settle answers for what was sent, until the shelf is closed.
func (s *shelf) settle() {
	for w := range s.written {
		var sequence uint64
		var err error
		select {
		case ack := <-w.future.Ok():
			sequence = ack.Sequence
		case cause := <-w.future.Err():
			err = unavailable(cause, "write a message to rest")
		}
		s.room.Release(w.weight)
		w.done(sequence, err)
	}
}

// write is put for a caller who waits.
func (s *shelf) write(ctx context.Context, id string, about boxed, body []byte) (uint64, error) {
	type result struct {
		sequence uint64
		err      error
	}
	answer := make(chan result, 1)
	s.put(id, about, body, func(sequence uint64, err error) { answer <- result{sequence, err} })
	select {
	case r := <-answer:
		return r.sequence, r.err
	case <-ctx.Done():
		return 0, unavailable(ctx.Err(), "wait for a message to rest")
	}
}

// close takes nothing more and waits until all that was sent is answered for. It may be called again.
func (s *shelf) close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.written)
	}
	s.mu.Unlock()
	s.owned.Wait()
}
