package opendsr

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"golang.org/x/sync/errgroup"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
	"github.com/jigowatt/daybook/domain/request"
	"github.com/jigowatt/daybook/infra/wire"
	"github.com/jigowatt/daybook/projections"
	"github.com/jigowatt/daybook/projections/requests"
)

// Ledger is what is asked of the write side; see commands.Ledger.
type Ledger interface {
	Case(key request.Key) (request.State, error)
	TakeStep(ctx context.Context, s commands.Stepped) (commands.Settled, error)
	State() commands.State
}

// View is the view of cases.
type View interface {
	projections.Reader
	// Await returns when the view has the event at a position. It returns domain.ErrUnavailable.
	Await(ctx context.Context, event domain.Position) error
}

var _ Ledger = (*commands.Ledger)(nil)

// Config is what callbacks need. Ledger, Requests, Signer, Now and Today are required; zero values of the rest mean the defaults.
type Config struct {
	Ledger   Ledger
	Requests View
	Signer   *Signer
	Now      func() time.Time
	// Today gives the day that it is in a case's calendar.
	Today func(request.State) calendar.Date
	// Pauses are those before the second try, the third and so on; after the last one it is given up. A second, ten, a minute, ten
	// minutes and an hour.
	Pauses []time.Duration
	Logger *slog.Logger // discards by default
}

const (
	// callTime bounds one call.
	callTime = 10 * time.Second
	// atOnce is how many calls are made together.
	atOnce = 8
	// restTime is the pause between two looks.
	restTime = time.Second
	// maxAnswer bounds what is read of an answer, which says nothing that counts.
	maxAnswer = 4 << 10
)

// Callbacks tells controllers' systems how their requests stand.
type Callbacks struct {
	cfg    Config
	client *http.Client

	// tried and next are owned by Send.
	tried map[request.Key]map[string]attempt
	next  domain.Position
}

// attempt is how often a status was sent in vain, and when it is due again.
type attempt struct {
	status request.DSRStatus
	n      int
	due    time.Time
}

// NewCallbacks makes the callbacks.
func NewCallbacks(cfg Config) *Callbacks {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Pauses == nil {
		cfg.Pauses = []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour}
	}
	return &Callbacks{
		cfg: cfg, tried: map[request.Key]map[string]attempt{},
		client: &http.Client{
			Timeout: callTime,
			// No proxy: what goes to this machine must stay on it.
			Transport: &http.Transport{
				DialContext: (&net.Dialer{Timeout: callTime}).DialContext, ForceAttemptHTTP2: true, MaxIdleConns: atOnce, IdleConnTimeout: time.Minute,
				TLSHandshakeTimeout: callTime,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Run tells of every change until ctx ends. What does not work is logged and tried again.
func (c *Callbacks) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := c.Send(ctx); err != nil && ctx.Err() == nil {
			c.cfg.Logger.WarnContext(ctx, "callbacks cannot be sent now", slog.Any("error", err))
		}
		timer := time.NewTimer(restTime)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	c.client.CloseIdleConnections()
	return nil
}

// Send sends every status that changed and is due, once, and returns when it has. It returns domain.ErrUnavailable where the view or
// the writer does not answer; done again it goes on.
func (c *Callbacks) Send(ctx context.Context) error {
	// Cases are looked at that have a step since the last look; what was sent in vain is remembered beside.
	changed, at, err := requests.New(c.cfg.Requests).Since(ctx, c.next)
	if err != nil {
		return errors.Wrap(err, "cases with callbacks")
	}
	for key := range c.tried {
		if !slices.Contains(changed, key) {
			changed = append(changed, key)
		}
	}
	var all errgroup.Group
	all.SetLimit(atOnce)
	results := make([]map[string]attempt, len(changed))
	for i, key := range changed {
		s, err := c.cfg.Ledger.Case(key)
		if err != nil {
			return errors.CombineErrors(err, all.Wait())
		}
		if untold := s.Untold(); len(untold) > 0 {
			before := c.tried[key]
			all.Go(func() (err error) {
				results[i], err = c.tell(ctx, s, untold, before)
				return err
			})
		}
	}
	if err := all.Wait(); err != nil {
		return err
	}
	for i, key := range changed {
		if len(results[i]) == 0 {
			delete(c.tried, key)
		} else {
			c.tried[key] = results[i]
		}
	}
	c.next = at
	return nil
}

// tell sends a case's status to the addresses to which it was not sent, and gives those that are to be tried again.
func (c *Callbacks) tell(ctx context.Context, s request.State, untold []request.Notified, before map[string]attempt) (map[string]attempt, error) {
	again := map[string]attempt{}
	for _, n := range untold {
		a := before[n.Callback]
		if a.status != n.Status {
			a = attempt{status: n.Status}
		}
		if c.cfg.Now().Before(a.due) {
			again[n.Callback] = a
			continue
		}
		err := c.call(ctx, s, n)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if n.Delivered = err == nil; err != nil && a.n < len(c.cfg.Pauses) {
			a.due = c.cfg.Now().Add(c.cfg.Pauses[a.n])
			a.n++
			again[n.Callback] = a
			continue
		}
		if err != nil {
			c.cfg.Logger.ErrorContext(ctx, "a client's system cannot be told how its request stands", slog.Any("error", err))
		}
		n.On = c.cfg.Today(s)
		if _, err := c.cfg.Ledger.TakeStep(ctx, commands.Stepped{Step: n, Today: n.On}); err != nil {
			return nil, errors.Wrap(err, "record that a client's system was told")
		}
	}
	return again, nil
}

// call sends one callback. It returns domain.ErrForbidden for an address that the register does not hold any more, and
// domain.ErrUnavailable where the other side does not take it.
func (c *Callbacks) call(ctx context.Context, s request.State, n request.Notified) error {
	if !slices.Contains(c.cfg.Ledger.State().Register.Controllers[n.Controller].Callbacks, n.Callback) {
		return errors.WithHint(errors.Wrapf(domain.ErrForbidden, "callback of %s", n.Controller), "Declare the address among the controller's callbacks, or leave it.")
	}
	out := wire.OpenDSRCallback{
		Controller: string(n.Controller), Callback: n.Callback, ID: string(n.Case), Status: string(n.Status), Version: wire.OpenDSRVersion,
	}
	if due := s.Legal().Due; !due.IsZero() {
		at := due.Time()
		out.Expected = &at
	}
	body, err := json.Marshal(out)
	if err != nil {
		return errors.Wrap(err, "encode a callback")
	}
	signature, of, err := c.cfg.Signer.Sign(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.Callback, bytes.NewReader(body))
	if err != nil {
		return errors.WithSecondaryError(errors.Wrap(domain.ErrUnavailable, "make a callback"), err)
	}
	r.Header.Set("Content-Type", wire.ContentJSON)
	r.Header.Set(wire.HeaderDSRDomain, of)
	r.Header.Set(wire.HeaderDSRSignature, signature)
	res, err := c.client.Do(r)
	if err != nil {
		// The address stands in net/http's error; the register holds it, so that the cause alone is enough.
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return errors.WithSecondaryError(errors.Wrapf(domain.ErrUnavailable, "callback of %s", n.Controller), err)
	}
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer)
	if err := res.Body.Close(); err != nil || res.StatusCode < 200 || res.StatusCode > 299 {
		return errors.Wrapf(domain.ErrUnavailable, "callback of %s: status %d", n.Controller, errors.Safe(res.StatusCode))
	}
	return nil
}
