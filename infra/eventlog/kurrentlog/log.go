package kurrentlog

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/eventlog"
)

var _ commands.Log = (*Log)(nil)

const (
	// DefaultAnswerTime is how long an append or a question waits for the server where Config does not say.
	DefaultAnswerTime = 5 * time.Second
	// DefaultMaxAppendSize is what a server takes in one append unless it is configured otherwise (its setting MaxAppendSize).
	DefaultMaxAppendSize = 1 << 20
	// LargestMaxAppendSize is the most that a server can be configured to: one record of its log is at most 16 MiB, less what it
	// puts around it.
	LargestMaxAppendSize = 16<<20 - 1<<10
)

// Config says which log to open. URL is required.
type Config struct {
	// URL is the connection string: esdb://host:2113, or esdb+discover:// or several hosts for a cluster, with the settings of the
	// official clients, among them tls, tlsCAFile, userCertFile and userKeyFile. It may hold a password and is never repeated.
	URL string
	// Name is the ledger's: at most 20 of a–z, 0–9 and the hyphen, or nothing.
	Name string
	// MaxAppendSize is the server's setting of that name in bytes; 0 means DefaultMaxAppendSize.
	MaxAppendSize int
	// AnswerTime bounds the wait for each answer of the server; 0 means DefaultAnswerTime.
	AnswerTime time.Duration
	// Random tells this handle from others; nil means the system's random source.
	Random io.Reader
	// Logger takes what the client has to say, without addresses and credentials; nil discards it.
	Logger *slog.Logger
}

// Log is an event log on KurrentDB. It may be used by any number of writers and followers at once; writers take turns.
type Log struct {
	stream     string
	writer     writer
	maxFrame   int
	answerTime time.Duration
	logger     *slog.Logger
	settings   esdb.Configuration

	mu   sync.Mutex // guards idle, and that no call begins when done has ended
	idle []*esdb.Client

	turn eventlog.Turn // of writers
	tail *tail

	stop context.CancelFunc // ends follow
	done context.Context
	wg   sync.WaitGroup // follow, and calls
}

// Open opens the log of a ledger; its stream comes to be with the first append. The caller ends the log with Close. It returns
// domain.ErrInvalid for a configuration that cannot be, domain.ErrUnavailable where the server does not answer or does not let
// us in, and an assertion failure where the stream was deleted or is not a ledger's.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	settings, err := cfg.check()
	if err != nil {
		return nil, err
	}
	l := &Log{
		stream: cfg.stream(), maxFrame: cfg.MaxAppendSize, answerTime: cfg.AnswerTime, logger: cfg.Logger, settings: settings,
		tail: newTail(),
	}
	if _, err := io.ReadFull(cfg.Random, l.writer[:]); err != nil {
		return nil, errors.Wrap(err, "tell this writer from others")
	}
	l.settings.Logger = l.hear
	l.done, l.stop = context.WithCancel(context.Background())
	l.turn = eventlog.NewTurn(l.done)
	for _, check := range []func(context.Context) error{l.checkMetadata, l.refresh} {
		if err := check(ctx); err != nil {
			l.Close()
			return nil, err
		}
	}
	l.wg.Go(l.follow)
	return l, nil
}

// Close ends the readings that are under way and what the log runs in the background, and waits for the latter, which may be looking
// for servers that do not answer: as many times Config.AnswerTime as the connection string names servers.
func (l *Log) Close() {
	l.mu.Lock()
	l.stop()
	l.mu.Unlock()
	l.tail.interrupt(errors.Wrap(domain.ErrUnavailable, "the KurrentDB log was closed"))
	l.wg.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.idle {
		retire(c)
	}
	l.idle = nil
}

// MaxFrame gives the most bytes that one Append takes, as eventlog.Size counts them: the server's largest append, for the server
// counts the type of each event twice over and nothing more.
func (l *Log) MaxFrame() int { return l.maxFrame }

// Health says why readings do not hear of what is written: domain.ErrUnavailable while the server is out of reach, an assertion
// failure where the stream is not what it was.
func (l *Log) Health() error { return l.tail.trouble() }

func (cfg *Config) stream() string {
	if cfg.Name == "" {
		return "daybook"
	}
	return "daybook-" + cfg.Name
}

// check returns domain.ErrInvalid for a configuration that cannot be, and fills in what it does not say.
func (cfg *Config) check() (esdb.Configuration, error) {
	if err := eventlog.CheckName(cfg.Name); err != nil {
		return esdb.Configuration{}, err
	}
	if cfg.MaxAppendSize == 0 {
		cfg.MaxAppendSize = DefaultMaxAppendSize
	}
	if cfg.MaxAppendSize < eventlog.MinMaxFrame || cfg.MaxAppendSize > LargestMaxAppendSize {
		return esdb.Configuration{}, errors.WithHintf(
			errors.Wrapf(domain.ErrInvalid, "a largest append of %d bytes", errors.Safe(cfg.MaxAppendSize)),
			"Give the server's own MaxAppendSize, from %d to %d bytes.", eventlog.MinMaxFrame, LargestMaxAppendSize)
	}
	if cfg.AnswerTime == 0 {
		cfg.AnswerTime = DefaultAnswerTime
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return parse(cfg.URL, cfg.AnswerTime)
}
