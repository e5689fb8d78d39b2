package dossier

import (
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

var (
	// ErrTooMany says that a person has as many open holds or orders as the ledger keeps.
	ErrTooMany = errors.Wrap(domain.ErrConflict, "too many open matters of one person")
	// ErrNoSuchMatter says that what is to be ended was never begun, or has ended.
	ErrNoSuchMatter = errors.Wrap(domain.ErrNotFound, "matter of the person")
)

// Decide gives the event, or none where the hold stands already, and with it the recall of every open order that the hold forbids. It
// returns domain.ErrInvalid, and domain.ErrConflict where another hold of the person bears the id.
func (c HoldPlaced) Decide(s Standing, now time.Time) ([]domain.Fact, error) {
	if err := errors.CombineErrors(named(c.Hold), domain.ValidText(c.Reference)); err != nil {
		return nil, errors.Wrap(err, "hold")
	}
	if !slices.Contains(HoldGrounds(), c.Ground) {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "ground of a hold"),
			"Article 17(3): a hold rests on "+holdGrounds+".")
	}
	for _, h := range s.Holds {
		if h.Hold == c.Hold {
			if h.equal(c) {
				return nil, nil
			}
			return nil, errors.WithHint(errors.Wrap(domain.ErrConflict, "another hold bears the id"), "Give every hold an id of its own.")
		}
	}
	if len(s.Holds) >= MaxOpen {
		return nil, ErrTooMany
	}
	facts := []domain.Fact{c}
	for _, o := range s.Orders {
		if o.Kind == TaskErase && c.Forbids(o.erasing(now)) {
			facts = append(facts, OrderRecalled{Of: c.Of, Order: o.Order, Hold: c.Hold})
		}
	}
	return facts, nil
}

// erasing gives the action that an order to erase asks for.
func (c OrderSent) erasing(now time.Time) Action {
	return Action{
		Controller: c.Controller, Service: c.Service, Time: now, Operation: domain.Erase, Instruction: c.Instruction, System: c.System,
		Categories: c.Categories,
	}
}

const holdGrounds = "court-order, legal-claim, A17-3-a, A17-3-b, A17-3-c, A17-3-d or A17-3-e"

// HoldGrounds lists the grounds on which data is kept although somebody asked for its erasure (Art. 17(3), 18(2)).
func HoldGrounds() []string {
	return []string{"court-order", "legal-claim", "A17-3-a", "A17-3-b", "A17-3-c", "A17-3-d", "A17-3-e"}
}

func (h HoldPlaced) equal(o HoldPlaced) bool {
	return h.Ground == o.Ground && h.Reference == o.Reference && h.Instruction == o.Instruction && h.Until.Equal(o.Until) &&
		slices.Equal(h.Categories, o.Categories) && slices.Equal(h.Systems, o.Systems)
}

// Decide gives the event. It returns ErrNoSuchMatter where no such hold stands.
func (c HoldReleased) Decide(s Standing, _ time.Time) ([]domain.Fact, error) {
	if !slices.ContainsFunc(s.Holds, func(h HoldPlaced) bool { return h.Hold == c.Hold }) {
		return nil, errors.WithHint(errors.Wrap(ErrNoSuchMatter, "hold to release"), "Name a hold that stands.")
	}
	return []domain.Fact{c}, nil
}

// Decide gives the event, or none where the restriction stands already. It returns domain.ErrInvalid.
func (c RestrictionPlaced) Decide(s Standing, _ time.Time) ([]domain.Fact, error) {
	if err := named(c.Restriction); err != nil {
		return nil, errors.Wrap(err, "restriction")
	}
	if len(c.Ground) != len("A18-1-a") || !strings.HasPrefix(c.Ground, "A18-1-") || c.Ground[6] < 'a' || c.Ground[6] > 'd' {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "ground of a restriction"),
			"Article 18(1): a restriction rests on A18-1-a (accuracy contested), -b (unlawful), -c (needed for claims) or -d (objection pending).")
	}
	if slices.ContainsFunc(s.Restrictions, func(r Restriction) bool { return r.Restriction == c.Restriction && r.Lifted.IsZero() }) {
		return nil, nil
	}
	return []domain.Fact{c}, nil
}

// Decide gives the event. It returns ErrNoSuchMatter where no such restriction stands, and domain.ErrInvalid where the person was
// not told before (Art. 18(3)).
func (c RestrictionLifted) Decide(s Standing, _ time.Time) ([]domain.Fact, error) {
	if !slices.ContainsFunc(s.Restrictions, func(r Restriction) bool { return r.Restriction == c.Restriction && r.Lifted.IsZero() }) {
		return nil, errors.WithHint(errors.Wrap(ErrNoSuchMatter, "restriction to lift"), "Name a restriction that stands.")
	}
	if c.Told.IsZero() {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "lifting untold"),
			"Article 18(3): the person is informed before the restriction is lifted. Tell them, and give the day on which that was as told (--told).")
	}
	return []domain.Fact{c}, nil
}

// Decide gives the event, or none where the objection stands already. It returns domain.ErrInvalid.
func (c ObjectionRaised) Decide(s Standing, _ time.Time) ([]domain.Fact, error) {
	if err := named(c.Objection); err != nil {
		return nil, errors.Wrap(err, "objection")
	}
	if slices.ContainsFunc(s.Objections, func(o Objection) bool { return o.Objection == c.Objection }) {
		return nil, nil
	}
	return []domain.Fact{c}, nil
}

// Decide gives the event. It returns ErrNoSuchMatter where no such objection waits for a decision, or stands that can end without
// one, domain.ErrForbidden where one to direct marketing is to be overridden (Art. 21(3)), and domain.ErrInvalid where the ground is
// missing.
func (c ObjectionResolved) Decide(s Standing, now time.Time) ([]domain.Fact, error) {
	at := slices.IndexFunc(s.Objections, func(o Objection) bool {
		return o.Objection == c.Objection && (o.Resolved.IsZero() || c.Void && !o.Ended(now))
	})
	if at < 0 {
		return nil, errors.WithHint(errors.Wrap(ErrNoSuchMatter, "objection to decide on"), "Name an objection that waits for a decision.")
	}
	if c.Void && (c.Overridden || domain.ValidText(c.Ground) != nil) {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "end of an objection without a decision"),
			"Article 21: say why there is no objection any more: the person took it back, or it was not theirs. What is decided is not void.")
	}
	if c.Overridden && s.Objections[at].Marketing {
		return nil, errors.WithHint(errors.Wrap(domain.ErrForbidden, "overriding an objection to marketing"),
			"Article 21(3): an objection to direct marketing is final.")
	}
	if c.Overridden && domain.ValidText(c.Ground) != nil {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "ground of overriding"),
			"Article 21(1): name the controller's compelling legitimate grounds.")
	}
	return []domain.Fact{c}, nil
}

// Decide gives the event, or none where the order was sent already. It returns domain.ErrConflict, with the hold, where one
// forbids what the order asks.
func (c OrderSent) Decide(s Standing, now time.Time) ([]domain.Fact, error) {
	if err := named(c.Order); err != nil {
		return nil, errors.Wrap(err, "order")
	}
	for _, o := range s.Orders {
		if o.Order == c.Order {
			return nil, nil
		}
	}
	if len(s.Orders) >= MaxOpen {
		return nil, ErrTooMany
	}
	if c.Kind == TaskErase {
		if h := s.Held(c.erasing(now)); h != nil {
			return nil, errors.WithHint(errors.Wrapf(ErrHeld, "hold %s", errors.Safe(h.Hold)), "Article 17(3): release the hold first.")
		}
	}
	return []domain.Fact{c}, nil
}

// ErrHeld says that a hold forbids erasing what an order would ask to erase.
var ErrHeld = errors.Wrap(domain.ErrConflict, "a hold stands")

// Decide gives the event, or none where the order waits for no answer any more.
func (c OrderRecalled) Decide(s Standing, _ time.Time) ([]domain.Fact, error) {
	if !slices.ContainsFunc(s.Orders, func(o OrderSent) bool { return o.Order == c.Order }) {
		return nil, nil
	}
	return []domain.Fact{c}, nil
}

// Decide gives the event, or none where the order was escalated before. It returns ErrNoSuchMatter where it was answered or never
// sent.
func (c OrderEscalated) Decide(s Standing, _ time.Time) ([]domain.Fact, error) {
	if !slices.ContainsFunc(s.Orders, func(o OrderSent) bool { return o.Order == c.Order }) {
		return nil, errors.Wrap(ErrNoSuchMatter, "order to escalate")
	}
	if slices.Contains(s.Escalated, c.Order) {
		return nil, nil
	}
	return []domain.Fact{c}, nil
}

// Decide gives the event. It returns domain.ErrInvalid where the consent is not described.
func (c ConsentGiven) Decide(Standing, time.Time) ([]domain.Fact, error) {
	if err := errors.CombineErrors(named(string(c.Instruction)), domain.ValidText(c.How)); err != nil {
		return nil, errors.WithHint(errors.Wrap(err, "consent"), "Article 7(1): name the instruction, and say how the consent was given.")
	}
	return []domain.Fact{c}, nil
}

// Decide gives the event. It returns domain.ErrInvalid where the withdrawal is not described. A consent that is not on record can
// be withdrawn: the person's word counts, not our record.
func (c ConsentWithdrawn) Decide(Standing, time.Time) ([]domain.Fact, error) {
	if err := errors.CombineErrors(named(string(c.Instruction)), domain.ValidText(c.How)); err != nil {
		return nil, errors.WithHint(errors.Wrap(err, "withdrawal of consent"), "Article 7(3): name the instruction, and say how it was withdrawn.")
	}
	return []domain.Fact{c}, nil
}

// Decide gives the event. It returns domain.ErrInvalid for an occasion that starts no period.
func (c OccasionRecorded) Decide(Standing, time.Time) ([]domain.Fact, error) {
	if !c.Occasion.Occasion() {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "occasion of a person"),
			"Article 5(1)(e): an occasion is order-closed, enquiry-answered, quote-declined or contract-ended; what else a period runs from is known without saying.")
	}
	return []domain.Fact{c}, named(string(c.Instruction))
}

// Matter is a command about one person: an event that is decided against the person's standing.
type Matter interface {
	domain.Fact
	Decide(Standing, time.Time) ([]domain.Fact, error)
}

// For gives an event about a person as one about another: who asked did not know the subject key.
func For[S domain.Fact](m S, of Of) S {
	return any(about(m, of)).(S)
}

func about(m domain.Fact, of Of) domain.Fact {
	switch e := m.(type) {
	case AnswerRecorded:
		e.Of = of
		return e
	case ActionAnnounced:
		e.Of = of
		return e
	case HoldPlaced:
		e.Of = of
		return e
	case HoldReleased:
		e.Of = of
		return e
	case RestrictionPlaced:
		e.Of = of
		return e
	case RestrictionLifted:
		e.Of = of
		return e
	case ObjectionRaised:
		e.Of = of
		return e
	case ObjectionResolved:
		e.Of = of
		return e
	case OrderSent:
		e.Of = of
		return e
	case OrderEscalated:
		e.Of = of
		return e
	case OrderRecalled:
		e.Of = of
		return e
	case ConsentGiven:
		e.Of = of
		return e
	case ConsentWithdrawn:
		e.Of = of
		return e
	case OccasionRecorded:
		e.Of = of
		return e
	}
	return m
}

// Statement is an event about a person that is not an action.
type Statement interface {
	domain.Fact
	Person() Of
}

// named checks the id of a matter: what message ids are made of, because it rests in the clear for ever.
func named(id string) error {
	_, err := domain.ParseID(id)
	return err
}
