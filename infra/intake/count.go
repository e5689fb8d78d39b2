package intake

import (
	"context"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/commands"
	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/source"
)

// count is one count among the events of a message.
type count struct {
	id    string
	place int // among the items
	at    time.Time
	says  source.CountReported
}

const (
	// countingMessages bounds the messages with counts that are being recorded. Services count now and then, and not many at once.
	countingMessages = 32
	countWait        = 10 * time.Second
)

var errCounting = errors.WithHint(errors.Wrap(domain.ErrBusy, "too many counts at once"), "Send the counts again after a pause.")

// take records what was read, and calls done once with it filled, unless it returns an error, where it takes nothing on. It does not
// wait, and done must not either.
func (s *Service) take(rep *reported, done func(*reported)) error {
	if len(rep.counts) == 0 {
		return s.cfg.Ledger.Submit(rep.actions, func(outcomes []commands.Outcome) { done(rep.fill(outcomes)) })
	}
	taken := s.counting.TryGo(func() error {
		s.count(rep)
		if len(rep.actions) == 0 {
			done(rep)
			return nil
		}
		if err := s.cfg.Ledger.Submit(rep.actions, func(outcomes []commands.Outcome) { done(rep.fill(outcomes)) }); err != nil {
			for _, place := range rep.places {
				rep.items[place].Err = err
			}
			done(rep)
		}
		return nil
	})
	if !taken {
		return errors.WithStack(errCounting)
	}
	return nil
}

// count records the counts of a message. A count is not remembered by its id: when it comes again, the newer stands for the same.
func (s *Service) count(rep *reported) {
	ctx, cancel := context.WithTimeout(context.Background(), countWait)
	defer cancel()
	for _, c := range rep.counts {
		settled, err := s.cfg.Ledger.Count(ctx, c.says, c.at)
		rep.items[c.place] = commands.Outcome{
			Receipt: commands.Receipt{ID: c.id, Position: settled.Position, Events: settled.Events}, Err: err,
		}
	}
}
