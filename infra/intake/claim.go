package intake

import (
	"context"
	"encoding/json"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/report"
	"github.com/jigowatt/daybook/infra/wire"
)

// Orders knows whom the orders to services are about.
type Orders interface {
	// Claims gives the names of the person whom an order to the service is about. It returns domain.ErrNotFound for an order that was
	// answered, or never sent to the service, and domain.ErrUnavailable.
	Claims(ctx context.Context, c domain.ControllerID, s domain.ServiceID, order string) ([]domain.Identifier, error)
}

const claimWait = 5 * time.Second

// claim answers whom an order is about. An order rests on disk and names nobody; here it is the service that asks, for what is its own.
func (s *Service) claim(m message) {
	if m.reply == "" {
		return
	}
	body, err := s.claimed(m)
	if err != nil {
		s.refuse(m, err)
		return
	}
	s.respond(m, nil, body)
}

func (s *Service) claimed(m message) ([]byte, error) {
	controller, service, err := address(m.subject)
	if err != nil {
		return nil, err
	}
	var request wire.ClaimRequest
	if err := wire.Decode(m.body, &request); err != nil {
		return nil, err
	}
	if _, err := domain.ParseID(request.Order); err != nil {
		return nil, errors.Wrap(err, "order")
	}
	if s.cfg.Orders == nil {
		return nil, errors.Wrap(domain.ErrNotFound, "orders to services")
	}
	ctx, cancel := context.WithTimeout(context.Background(), claimWait)
	defer cancel()
	people, err := s.cfg.Orders.Claims(ctx, controller, service, request.Order)
	if err != nil {
		return nil, err
	}
	if len(people) == 0 {
		return nil, errors.Wrap(domain.ErrNotFound, "names of the person of an order")
	}
	return json.Marshal(report.Claim(request.Order, people))
}
