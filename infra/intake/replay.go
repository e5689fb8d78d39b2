package intake

import (
	"context"

	"github.com/cockroachdb/errors"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

// Replay records a message again. What was recorded leaves the quarantine; a message of which anything is refused again stays,
// and its items say why. It returns domain.ErrNotFound and domain.ErrUnavailable, and the error for which the whole message is
// refused.
func (q *Quarantine) Replay(ctx context.Context, id string) (wire.Replayed, error) {
	sequence, o, err := q.get(ctx, id)
	if err != nil {
		return wire.Replayed{}, err
	}
	if o.cut {
		return wire.Replayed{}, problem.New(wire.TooLarge, "the message was longer than the quarantine keeps, which has its beginning only",
			"Have the service send it again in smaller parts.")
	}
	rep, err := q.again(ctx, o.message)
	if err != nil {
		return wire.Replayed{}, err
	}
	var out wire.Replayed
	whole := true
	for _, item := range rep.items {
		if item.Err != nil {
			whole = false
			p := problem.Of(item.Err)
			out.Items = append(out.Items, wire.Item{Problem: &p})
			continue
		}
		receipt := report.Receipt(item.Receipt)
		out.Items = append(out.Items, wire.Item{Receipt: &receipt})
	}
	if !whole {
		return out, nil
	}
	// Overwritten, not only deleted. That it is gone already says that somebody else replayed it at the same time.
	if err := q.stream.SecureDeleteMsg(ctx, sequence); err != nil && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return out, unavailable(err, "take a replayed message out of quarantine")
	}
	return out, nil
}

// again records a message that had been set aside.
func (s *Service) again(ctx context.Context, m message) (*reported, error) {
	rep, err := s.read(m)
	if err != nil {
		return nil, err
	}
	return rep, s.submit(ctx, rep)
}
