package reactions

import (
	"context"
	"log/slog"
	"time"

	"github.com/cockroachdb/errors"
	"golang.org/x/sync/errgroup"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/dossier"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/orders"
	"github.com/jigowatt/daybook/projections/retention"
)

// Ledger is what reactions ask of the write side.
type Ledger interface {
	// AboutDossier records a matter of a person. It returns what the matter's decision returns, domain.ErrBusy and
	// domain.ErrUnavailable.
	AboutDossier(ctx context.Context, of dossier.Of, what dossier.Matter, at time.Time) (commands.Settled, error)
	// State gives what is durable now.
	State() commands.State
	// Case gives a case as it stands. It returns domain.ErrNotFound for one that was never opened.
	Case(key request.Key) (request.State, error)
}

// View is a view that can be waited for.
type View interface {
	projections.Reader
	// Await returns when the view has the event at a position. It returns domain.ErrUnavailable.
	Await(ctx context.Context, event domain.Position) error
}

var (
	_ Ledger = (*commands.Ledger)(nil)
	_ View   = (*projections.View)(nil)
)

// Cases closes by itself what recorded actions close in cases; infra/casework implements it.
type Cases interface {
	// Sweep settles the cases of whose people something new is recorded, and gives how many places that closed. It returns
	// domain.ErrUnavailable; done again it goes on.
	Sweep(ctx context.Context) (closed int, err error)
	// Notices gives the orders to tell the recipients of a person's data that an order was carried out. It returns
	// domain.ErrUnavailable.
	Notices(ctx context.Context, about dossier.OrderSent) ([]dossier.OrderSent, error)
}

// Config is what reactions need. Ledger, Retention, Orders, Stream and Key are required; zero values of the rest mean the defaults.
type Config struct {
	Ledger            Ledger
	Retention, Orders View
	Stream            *Stream
	// Cases is what closes the places of cases and knows the recipients of data; without it no place is closed and nobody told.
	Cases Cases
	// Key makes the ids of orders, so that they tell nothing of whom they are about. It must stay the same.
	Key []byte
	// Now is the clock; time.Now. After gives a channel on which one time comes after a pause; time.After.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
	// Every is the pause between sweeps; a minute.
	Every time.Duration
	// Patience is how long a service may leave an order unanswered before a person is told; seven days.
	Patience time.Duration
	// Again is how long data whose order was answered without erasing it stays unordered; a day.
	Again  time.Duration
	Logger *slog.Logger // discards by default
}

func (c *Config) fill() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
	for _, d := range []struct {
		value   *time.Duration
		initial time.Duration
	}{{&c.Every, time.Minute}, {&c.Patience, 7 * 24 * time.Hour}, {&c.Again, 24 * time.Hour}} {
		if *d.value == 0 {
			*d.value = d.initial
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// Reactions are the reactions of one ledger.
type Reactions struct {
	cfg       Config
	retention *retention.Retentions
	orders    *orders.Orders

	// told is the position of the newest answer to an order of which recipients were told. It is owned by Sweep.
	told *domain.Position
}

// New makes the reactions.
func New(cfg Config) *Reactions {
	cfg.fill()
	return &Reactions{cfg: cfg, retention: retention.New(cfg.Retention), orders: orders.New(cfg.Orders)}
}

const (
	// pageSize is how much is read from a view at once.
	pageSize = 500
	// atOnce is how many commands wait for the writer together.
	atOnce = 64
	// viewTime bounds how long a sweep waits for the views.
	viewTime = 30 * time.Second
	// gatherTime is how long publishing waits after the view has grown, so that a busy ledger does not wake it for every event.
	gatherTime = 100 * time.Millisecond
	// settleTime is the pause between two looks at the cases that are being carried out.
	settleTime = time.Second
	// retryTime is the pause after something did not work.
	retryTime = 2 * time.Second
)

// Run reacts until ctx ends, and returns when nothing of it goes on any more. What does not work is logged and tried again.
func (r *Reactions) Run(ctx context.Context) error {
	var all errgroup.Group
	all.Go(func() error { return r.sweeps(ctx) })
	all.Go(func() error { return r.publishing(ctx) })
	if r.cfg.Cases != nil {
		all.Go(func() error { return r.settling(ctx) })
	}
	return all.Wait()
}

// sweeps sweeps at once and then in intervals.
func (r *Reactions) sweeps(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Logger.WarnContext(ctx, "a sweep for what is due ended early and will be tried again", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
		case <-r.cfg.After(r.cfg.Every):
		}
	}
	return nil
}

// publishing publishes orders as they are sent.
func (r *Reactions) publishing(ctx context.Context) error {
	for ctx.Err() == nil {
		err := r.follow(ctx)
		if ctx.Err() != nil {
			break
		}
		r.cfg.Logger.WarnContext(ctx, "orders cannot be published now", slog.Any("error", err))
		pause(ctx, retryTime)
	}
	return nil
}

// pause waits, or less where ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// await waits until both views have everything that is durable, so that what was done is not done again.
func (r *Reactions) await(ctx context.Context) error {
	end := r.cfg.Ledger.State().End
	if end == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, viewTime)
	defer cancel()
	for _, v := range []View{r.cfg.Retention, r.cfg.Orders} {
		if err := v.Await(ctx, end-1); err != nil {
			return errors.Wrap(err, "wait for the views")
		}
	}
	return nil
}
