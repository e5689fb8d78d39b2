package commands

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/google/uuid"

	"github.com/jigowatt/daybook/domain"
)

// Config is what a ledger needs. Log, Vault and Memory are required; zero values of the rest mean the defaults.
type Config struct {
	Log    Log
	Vault  Vault
	Memory Memory
	Now    func() time.Time // the clock; time.Now
	NewID  func() string    // ids of the ledger's own events; UUIDv7
	Logger *slog.Logger     // discards by default

	QueueActions   int // that may wait; 16,384
	QueueBytes     int // that may wait; 64 MiB
	MaxFrameEvents int // 4,096
	// MaxFrameBytes is the most that Log takes in one append, with domain.EventOverhead for each event; 8 MiB. It bounds what one
	// action and what one command may write; it is raised to what two of the largest events take.
	MaxFrameBytes int

	claims *claims // of the epoch
}

func (c *Config) fill() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		c.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	for _, limit := range []struct {
		value   *int
		initial int
	}{{&c.QueueActions, 16_384}, {&c.QueueBytes, 64 << 20}, {&c.MaxFrameEvents, 4_096}, {&c.MaxFrameBytes, 8<<20 - 1<<10}} {
		if *limit.value == 0 {
			*limit.value = limit.initial
		}
	}
	c.MaxFrameBytes = max(c.MaxFrameBytes, 2*(domain.MaxEventBytes+domain.EventOverhead))
}

// actionBytes bounds the events of one action together.
func (c *Config) actionBytes() int { return min(MaxActionBytes, c.MaxFrameBytes) }

// commandBytes bounds the events of one command together. What they come to is known when they are decided, and then they must fit
// into a frame that others have begun to fill: so a command has half of it, and waits for a frame that is not half full.
func (c *Config) commandBytes() int { return c.MaxFrameBytes / 2 }

// Ledger is the one door of the write side. Open folds its state; Run is its one writer.
type Ledger struct {
	cfg   Config
	queue *queue
	looks *looks
	state atomic.Pointer[State] // what is durable
	// matters are ahead of what is durable by what is being written; folding replaces them.
	matters atomic.Pointer[matters]
	// people holds one token while nobody joins or destroys dossiers. Whoever waits for it can leave.
	people chan struct{}
	last   time.Time // recorded time of the newest event; owned by Open, then by Run
}

// Open brings the memory and the state up to the end of the log. It returns domain.ErrUnavailable when the log cannot be read
// now, and an assertion failure when the log is shorter than what was acknowledged, or holds what this program cannot read.
func Open(ctx context.Context, cfg Config) (*Ledger, error) {
	cfg.fill()
	l := &Ledger{cfg: cfg, queue: newQueue(cfg.QueueActions, cfg.QueueBytes), looks: newLooks(), people: make(chan struct{}, 1)}
	l.people <- struct{}{}
	return l, l.fold(ctx)
}

// Run writes until ctx ends. What was taken on by then is written and answered before Run returns nil. When an append fails it
// folds the log again and goes on; it returns an error only when going on would risk the record.
func (l *Ledger) Run(ctx context.Context) error {
	// The pipeline outlives ctx by as long as it takes to write the looks that wait.
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	looking, end := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer end()
	beside.Go(func() {
		defer stop()
		l.writeLooks(looking)
	})
	defer func() {
		for _, s := range l.queue.close() {
			s.fail(ErrClosed)
		}
	}()
	for {
		e := &epoch{ledger: l, claims: &claims{byKey: map[MessageKey]*claim{}}, failed: make(chan struct{}), snapped: l.State()}
		cause := e.run(writing, *l.state.Load(), l.last)
		if writing.Err() != nil {
			return nil
		}
		l.cfg.Logger.WarnContext(ctx, "the writer lost its place and folds the log again", slog.Any("error", cause))
		if err := l.refold(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// Health says why the ledger takes nothing on now, nil where it does.
func (l *Ledger) Health() error { return l.queue.refusal() }

// patience is how long callers are left waiting for a log that cannot be folded, in the pauses of refold.
const patience = 2 * time.Second

// refold folds until the log can be read and the memory written again. Where that takes long, callers are told instead of kept.
func (l *Ledger) refold(ctx context.Context) error {
	defer l.queue.refuse(nil)
	waited := time.Duration(0)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := l.fold(ctx)
		if err == nil || !errors.Is(err, domain.ErrUnavailable) {
			return err
		}
		if waited += pause; waited > patience {
			for _, s := range l.queue.refuse(err) {
				s.fail(err)
			}
		}
		l.cfg.Logger.WarnContext(ctx, "the log cannot be read yet", slog.Any("error", err))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// State gives what is durable now.
func (l *Ledger) State() State { return *l.state.Load() }

// Submit takes actions on, and calls done once with their outcomes in order, when all of them are on disk or refused. done is
// called from a stage of the pipeline and must not block. Submit itself never waits: it returns domain.ErrBusy when too much is
// waiting already, and ErrClosed; then nothing was taken on and done is not called.
func (l *Ledger) Submit(actions []Action, done func([]Outcome)) error {
	s := &submission{actions: actions, outcomes: make([]Outcome, len(actions)), done: l.noticed(actions, done)}
	if len(actions) == 0 {
		done(nil)
		return nil
	}
	s.left.Store(int64(len(actions)))
	for i := range actions {
		s.bytes += len(actions[i].Details.Reveal()) + 64*len(actions[i].Subjects)
	}
	return l.queue.push(s)
}

// Record is Submit for a caller who waits. When ctx ends first it returns ctx's error, and the outcomes remain unknown: the
// caller repeats the actions under the same ids.
func (l *Ledger) Record(ctx context.Context, actions []Action) ([]Outcome, error) {
	answer := make(chan []Outcome, 1)
	if err := l.Submit(actions, func(o []Outcome) { answer <- o }); err != nil {
		return nil, err
	}
	select {
	case outcomes := <-answer:
		return outcomes, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// command is something to decide in order that is not an action.
type command struct {
	decide func(ctx context.Context, on deciding) (value any, events []domain.Event, err error)
	done   chan commandResult // buffered for one
}

// deciding is what a command is decided on.
type deciding struct {
	state State
	*matters
	now time.Time
}

type commandResult struct {
	value    any
	position domain.Position
	events   int
	err      error
}

// do sends a command through the door and waits for it to be durable.
func (l *Ledger) do(ctx context.Context, c *command) (commandResult, error) {
	c.done = make(chan commandResult, 1)
	if err := l.queue.push(&submission{command: c}); err != nil {
		return commandResult{}, err
	}
	select {
	case result := <-c.done:
		return result, result.err
	case <-ctx.Done():
		return commandResult{}, ctx.Err()
	}
}
