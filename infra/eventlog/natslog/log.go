package natslog

import (
	"context"
	"crypto/rand"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

var _ commands.Log = (*Log)(nil)

const (
	// DefaultAnswerTime is how long an append or a question waits for the server where Config does not say.
	DefaultAnswerTime = 5 * time.Second

	headerRoom = 512 // more than the headers of a frame take, at the longest name and the largest numbers
)

// Config says which log to open. Its zero value is the ledger without a name.
type Config struct {
	// Name is the ledger's: at most 20 of a–z, 0–9 and the hyphen, or nothing.
	Name string
	// Replicas is how many copies a cluster keeps; 0 means 1. A stream that has fewer is refused.
	Replicas int
	// Existing refuses a server that has no stream of the ledger, instead of making one.
	Existing bool
	// MaxFrame limits the bytes of one append further than the server's largest message does; 0 means no further.
	MaxFrame int
	// AnswerTime bounds the wait for each answer of the server; 0 means DefaultAnswerTime.
	AnswerTime time.Duration
	// Random gives the ids of frames; nil means the system's random source.
	Random io.Reader
}

// Log is an event log on JetStream. It may be used by any number of writers and followers at once; writers take turns.
type Log struct {
	nc         *nats.Conn // the caller's
	js         jetstream.JetStream
	stream     string
	subject    string
	bell       string
	maxFrame   int
	answerTime time.Duration
	random     io.Reader

	turn  eventlog.Turn // of writers
	tail  *tail
	marks *marks

	lastTime atomic.Int64 // of the newest message when it was last known to be the one that was known

	sending atomic.Pointer[sending] // the publish that waits for its answer
	changes chan nats.Status        // tells watch that the connection was lost; ended by Close

	stop context.CancelFunc // ends follow
	done context.Context
	wg   sync.WaitGroup // follow and watch
}

// Open opens the log of a ledger, and makes its stream where there is none. The connection stays the caller's and must outlive the
// log; the caller ends the log with Close. It returns domain.ErrInvalid for a configuration that cannot be, domain.ErrNotFound where
// there is to be a stream and is none, domain.ErrConflict
// where the stream exists with settings that could lose or rewrite events, domain.ErrUnavailable where the server does not answer,
// and an assertion failure where the stream has already lost something.
func Open(ctx context.Context, nc *nats.Conn, cfg Config) (*Log, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, errors.Wrap(err, "prepare the connection for JetStream")
	}
	l := &Log{
		nc: nc, js: js, stream: cfg.stream(), subject: cfg.subject(), bell: cfg.bell(), answerTime: cfg.AnswerTime, random: cfg.Random,
		tail: newTail(), marks: newMarks(),
	}
	if l.answerTime == 0 {
		l.answerTime = DefaultAnswerTime
	}
	if l.random == nil {
		l.random = rand.Reader
	}
	if err := l.prepare(ctx, cfg); err != nil {
		return nil, err
	}
	if l.maxFrame, err = cfg.frameLimit(nc.MaxPayload()); err != nil {
		return nil, err
	}
	if err := l.look(ctx); err != nil {
		return nil, err
	}
	bell, err := nc.SubscribeSync(l.bell)
	if err != nil {
		return nil, errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "listen for other writers"), err)
	}
	l.done, l.stop = context.WithCancel(context.Background())
	l.turn = eventlog.NewTurn(l.done)
	l.changes = nc.StatusChanged(nats.RECONNECTING, nats.DISCONNECTED, nats.CLOSED)
	l.wg.Go(l.watch)
	l.wg.Go(func() {
		defer func() { _ = bell.Unsubscribe() }() // it fails only where the connection is closed: there is nothing left to end
		l.follow(l.done, bell)
	})
	return l, nil
}

// Close ends the readings that are under way and what the log runs in the background, and waits for the latter. The connection
// stays open.
func (l *Log) Close() {
	l.stop()
	l.nc.RemoveStatusListener(l.changes)
	l.tail.interrupt(errors.Wrap(domain.ErrUnavailable, "the log was closed"))
	l.wg.Wait()
}

// MaxFrame gives the most bytes that one Append takes, as eventlog.Size counts them: the server's largest message, less the room
// that headers need.
func (l *Log) MaxFrame() int { return l.maxFrame }

// check returns domain.ErrInvalid for a configuration that cannot be.
func (cfg Config) check() error {
	if err := eventlog.CheckName(cfg.Name); err != nil {
		return err
	}
	if cfg.Replicas < 0 || cfg.Replicas > 5 {
		return errors.Wrapf(domain.ErrInvalid, "%d copies of the stream", errors.Safe(cfg.Replicas))
	}
	if cfg.MaxFrame < 0 || cfg.MaxFrame > 0 && cfg.MaxFrame < eventlog.MinMaxFrame {
		return errors.Wrapf(domain.ErrInvalid, "a largest frame of %d bytes", errors.Safe(cfg.MaxFrame))
	}
	return nil
}

// frameLimit gives what the events of a frame may count, where the server takes messages of at most maxPayload bytes.
func (cfg Config) frameLimit(maxPayload int64) (int, error) {
	limit := int(maxPayload) - headerRoom - frameBrackets
	if limit < eventlog.MinMaxFrame {
		return 0, errors.WithHintf(
			errors.Wrapf(domain.ErrInvalid, "the server takes messages of %d bytes at most", errors.Safe(maxPayload)),
			"Raise max_payload in the NATS server's configuration to at least 1 MB, better 8 MB: one event can take %d bytes.",
			domain.MaxEventBytes)
	}
	if cfg.MaxFrame > 0 {
		limit = min(limit, cfg.MaxFrame)
	}
	return limit, nil
}
