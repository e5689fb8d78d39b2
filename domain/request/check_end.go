package request

import (
	"slices"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
)

// The steps by which places and the case are closed.

// Art. 17(1), 17(3), 19: a place closes by an event or a cited exemption, and by nothing else.
func (e Settled) check(s State) (bool, error) {
	i, err := s.open(e.Place)
	if err != nil {
		return false, err
	}
	if done := s.Places[i].Settled; done != nil {
		if e.equal(*done) {
			return true, nil
		}
		return false, wrong(domain.ErrConflict, "the place is closed already", "What closed it stands; open a new case where the data came back.")
	}
	if e.How != ByExemption && e.Exemption != nil {
		return false, wrong(domain.ErrInvalid, "exemption beside evidence", "Close a place by evidence or by an exemption, not by both.")
	}
	switch e.How {
	case ByAction:
		return false, e.byAction(s.Received.Kind)
	case ByOrder:
		ordered := slices.ContainsFunc(s.Places[i].Orders, func(o Issued) bool { return o.Order == e.Order })
		if !ordered {
			return false, wrong(domain.ErrConflict, "no such order for the place", "Name an order that was issued for this place.")
		}
		return false, nil
	case ByTelling:
		if e.Place.Kind != Recipient {
			return false, wrong(domain.ErrInvalid, "telling what is no recipient",
				"Article 19: only recipients are told. Systems and services are closed by the action, an order or an exemption.")
		}
		return false, e.evidence()
	case ByExemption:
		if e.Exemption == nil {
			return false, wrong(domain.ErrInvalid, "exemption without a provision", "Article 17(3): cite the provision that lets the data stay.")
		}
		u := forPlace
		if e.Place.Kind == Recipient {
			u = forRecipient
		}
		return false, e.Exemption.check(s.Received.Kind, u)
	case ByAbsence:
		return false, nil
	default:
		return false, wrong(domain.ErrInvalid, "how a place was closed", "Say how: action, order, told, exemption or absent.")
	}
}

// byAction checks the recorded action that closes a place. A removal must be one that the controller's instruction counts as erasure.
func (e Settled) byAction(k Kind) error {
	if err := e.evidence(); err != nil {
		return err
	}
	if _, err := domain.ParseOperation(string(e.Operation)); err != nil {
		return err
	}
	removal := e.Operation.Effect() == domain.Removes || e.Operation.Effect() == domain.Withdraws
	if k == Erasure && !(removal && e.Erases) {
		return wrong(domain.ErrConflict, "what does not erase",
			"Article 17(1): close the place by a removal that the controller's instruction counts as erasure; a deletion that can be undone often is not.")
	}
	return nil
}

func (e Settled) evidence() error {
	if _, err := domain.ParseID(e.Event); err != nil {
		return wrong(domain.ErrInvalid, "evidence of a closed place", "Article 5(2): name the id of the recorded action that is the evidence.")
	}
	if e.Source != "" && domain.ValidText(e.Source) != nil {
		return wrong(domain.ErrInvalid, "source of the evidence", "Name the source under which the action was recorded: /controller/service.")
	}
	return nil
}

func (e Settled) equal(o Settled) bool {
	if (e.Exemption == nil) != (o.Exemption == nil) || e.Exemption != nil && *e.Exemption != *o.Exemption {
		return false
	}
	return e.On == o.On && e.How == o.How && e.Event == o.Event && e.Source == o.Source && e.Order == o.Order &&
		e.Operation == o.Operation && e.Erases == o.Erases
}

// Art. 12(3), 17, 19: a case closes when the person was answered and every place is closed.
func (e Closed) check(s State) (bool, error) {
	if s.Closed != nil {
		return true, nil
	}
	if s.Answered == nil {
		return false, wrong(domain.ErrConflict, "the person was not answered", "Article 12(3): answer the person, and record that, before the case is closed.")
	}
	if e.Outcome != s.Decided.Outcome {
		return false, wrong(domain.ErrInvalid, "outcome other than was decided", "Close the case with the outcome that the controller decided.")
	}
	if s.Received.Kind == Complaint {
		w := calendar.Acknowledgement(s.Received.Regime, s.Received.Calendar, s.Received.On)
		if w.Now == calendar.Running && s.Acknowledged.IsZero() && s.Answered.On.After(w.Due) {
			return false, wrong(domain.ErrConflict, "a complaint not acknowledged",
				"DPA 2018 s.164A: record when the receipt of the complaint was acknowledged; an answer within the 30 days would have done.")
		}
	}
	if n := len(s.Unsettled()); n > 0 {
		return false, errors.Wrapf(wrong(domain.ErrConflict, "places are open",
			"Articles 17(3), 19: close every place and recipient first, each by a recorded action, a confirmed order, a recipient told, or a cited exemption."),
			"%d of %d", errors.Safe(n), errors.Safe(len(s.Places)))
	}
	return false, e.Of.told(s, e.Told)
}
