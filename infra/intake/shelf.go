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
	// shelfBytes and shelfMessages bound what waits for the disk. Of the bytes large messages may take a part, so that small ones
	// always find some, beside what nobody waits for; see unawaitedBytes.
	shelfBytes      = 48 << 20
	shelfLargeBytes = 16 << 20
	shelfMessages   = 16 << 10
	// shelfInFlight bounds what is sent and not answered for: what somebody waits for waits behind no more than this.
	shelfInFlight = 256
	// shelfWait bounds the wait for the disk.
	shelfWait = 30 * time.Second
	// headerRoom is more than JetStream's own headers of a message take.
	headerRoom = 512
)

var (
	errFull   = errors.WithHint(errors.Wrap(domain.ErrBusy, "too much waits for the disk"), "Send again after a pause.")
	errClosed = errors.Wrap(domain.ErrUnavailable, "resting messages are closed")
)

// shelf keeps sealed messages in a stream of its own. What somebody waits for goes before what nobody does.
type shelf struct {
	nc              *nats.Conn
	js              jetstream.JetStream
	stream, subject string
	box             *Box
	room, large     *semaphore.Weighted // in bytes
	accepted        func(sequence uint64)

	mu      sync.RWMutex // held for reading by whoever puts
	closed  bool         // under mu
	first   chan item    // that somebody waits for; has room for all that the shelf has room for
	rest    chan item    // likewise
	written chan written // in the order in which they were sent
	owned   sync.WaitGroup
}

// item is a message that is to rest.
type item struct {
	id    string // by which the server knows a repetition; empty for none
	about boxed
	body  []byte
	done  func(sequence uint64, err error) // called once; must not wait

	room   []*semaphore.Weighted // of which it takes weight each
	weight int64
}

// acquire takes room, everywhere or nowhere.
func (i *item) acquire() bool {
	for n, room := range i.room {
		if !room.TryAcquire(i.weight) {
			i.release(n)
			return false
		}
	}
	return true
}

// release gives room back, in the first n places.
func (i *item) release(n int) {
	for _, room := range i.room[:n] {
		room.Release(i.weight)
	}
}

// settle gives the room back and answers.
func (i *item) settle(sequence uint64, err error) {
	i.release(len(i.room))
	i.done(sequence, err)
}

// written is a message that was sent to its stream and not answered for.
type written struct {
	item
	future jetstream.PubAckFuture
}

// openShelf makes sure of the stream. The caller closes the shelf. It returns domain.ErrUnavailable.
func openShelf(ctx context.Context, nc *nats.Conn, box *Box, cfg jetstream.StreamConfig, accepted func(uint64)) (*shelf, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(4*shelfInFlight), jetstream.WithPublishAsyncTimeout(shelfWait))
	if err != nil {
		return nil, unavailable(err, "JetStream for resting messages")
	}
	cfg = resting(cfg)
	if _, err := js.CreateOrUpdateStream(ctx, cfg); err != nil {
		return nil, unavailable(err, "stream of resting messages")
	}
	s := &shelf{
		nc: nc, js: js, stream: cfg.Name, subject: cfg.Subjects[0], box: box, accepted: accepted,
		room: semaphore.NewWeighted(shelfBytes), large: semaphore.NewWeighted(shelfLargeBytes),
		first: make(chan item, shelfMessages), rest: make(chan item, shelfMessages), written: make(chan written, shelfInFlight),
	}
	s.owned.Go(s.send)
	s.owned.Go(s.settle)
	return s, nil
}

// resting gives the settings of a stream of messages that rest.
func resting(cfg jetstream.StreamConfig) jetstream.StreamConfig {
	cfg.Storage, cfg.Discard, cfg.MaxBytes, cfg.Duplicates = jetstream.FileStorage, jetstream.DiscardNew, restingBytes, repeatWindow
	cfg.AllowDirect = true // a message is read as it is, not wrapped into JSON
	return cfg
}

// most is the largest message that has room in the stream once it is sealed, head and body together.
func (s *shelf) most() int { return int(s.nc.MaxPayload()) - headerRoom - s.box.overhead() }

// put seals a message and calls done once, with the stream's sequence when it is on disk, or with an error when it is not, or may
// not be. A message of the same id that is on disk already counts as the message. It never waits, and done must not either.
func (s *shelf) put(i item, awaited bool) {
	if err := s.take(i, awaited); err != nil {
		i.done(0, err)
	}
}

func (s *shelf) take(i item, awaited bool) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return errors.WithStack(errClosed)
	}
	if len(i.body) > s.most() {
		return tooLarge()
	}
	i.room, i.weight = []*semaphore.Weighted{s.room}, max(int64(len(i.body)), shelfBytes/shelfMessages)
	if len(i.body) >= largeBody {
		i.room, i.weight = append(i.room, s.large), min(i.weight, shelfLargeBytes)
	}
	if !i.acquire() {
		return errors.WithStack(errFull)
	}
	if awaited {
		s.first <- i
	} else {
		s.rest <- i
	}
	return nil
}

// send seals and sends, one after another, until the shelf is closed and nothing is left.
func (s *shelf) send() {
	defer close(s.written)
	first, rest := s.first, s.rest
	for first != nil || rest != nil {
		var i item
		var open bool
		select {
		case i, open = <-first:
			if !open {
				first = nil
			}
		default:
			select {
			case i, open = <-first:
				if !open {
					first = nil
				}
			case i, open = <-rest:
				if !open {
					rest = nil
				}
			}
		}
		if !open {
			continue
		}
		future, err := s.publish(i)
		if err != nil {
			i.settle(0, err)
			continue
		}
		i.body = nil
		s.written <- written{i, future}
	}
}

func (s *shelf) publish(i item) (jetstream.PubAckFuture, error) {
	sealed, err := s.box.seal(s.stream, i.about, i.body)
	if err != nil {
		return nil, err
	}
	m := &nats.Msg{Subject: s.subject, Data: sealed}
	if i.id != "" {
		m.Header = nats.Header{jetstream.MsgIDHeader: {i.id}}
	}
	future, err := s.js.PublishMsgAsync(m)
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		return nil, tooLarge()
	case err != nil:
		return nil, unavailable(err, "send a message to rest")
	}
	return future, nil
}

func tooLarge() error {
	return problem.New(wire.TooLarge, "the message has no room in the inbox", "Send fewer events in a message.")
}

// settle answers for what was sent, until the shelf is closed.
func (s *shelf) settle() {
	for w := range s.written {
		select {
		case ack := <-w.future.Ok():
			s.accepted(ack.Sequence) // before anybody is told
			w.item.settle(ack.Sequence, nil)
		case err := <-w.future.Err():
			w.item.settle(0, unavailable(err, "write a message to rest"))
		}
	}
}

// write is put for a caller who waits until ctx ends.
func (s *shelf) write(ctx context.Context, i item) error {
	answer := make(chan error, 1)
	i.done = func(_ uint64, err error) { answer <- err }
	s.put(i, false)
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return unavailable(ctx.Err(), "wait for a message to rest")
	}
}

// close takes nothing more and waits until all that was put is answered for. It may be called again.
func (s *shelf) close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.first)
		close(s.rest)
	}
	s.mu.Unlock()
	s.owned.Wait()
}
