package request

import (
	"slices"

	"github.com/jigowatt/daybook/domain"
)

// The steps by which a request is examined, decided and carried out.

func (e Found) check(s State) (bool, error) {
	if s.Received.Kind == Complaint {
		return false, wrong(domain.ErrConflict, "search in a complaint", "Open a request for the right that is exercised; a complaint finds no data.")
	}
	added := 0
	for i, p := range e.Places {
		if err := p.check(); err != nil {
			return false, err
		}
		if slices.Contains(e.Places[:i], p) {
			return false, wrong(domain.ErrInvalid, "a place named twice", "Name each place once.")
		}
		if s.place(p) < 0 {
			added++
		}
	}
	if len(s.Places)+added > MaxPlaces {
		return false, wrong(domain.ErrInvalid, "number of places", "A case has at most 512 places; name systems rather than tables.")
	}
	return added == 0 && !s.Searched.IsZero(), nil
}

// Art. 15(4), 20(4): what is left out of a copy has its ground.
func (e Reviewed) check(s State) (bool, error) {
	switch {
	case s.Received.Kind == Complaint:
		return false, wrong(domain.ErrConflict, "review in a complaint", "Open a request for the right that is exercised.")
	case s.Searched.IsZero():
		return false, wrong(domain.ErrConflict, "review of nothing", "Article 15(4): find the person's data before you go through them.")
	case s.Answered != nil:
		return false, wrong(domain.ErrConflict, "review after the answer", "Article 15(4): the copy has gone out. Open a new case where it was wrong.")
	case len(e.Withheld) > MaxListed:
		return false, wrong(domain.ErrInvalid, "number of grounds withheld on", "List at most 64 grounds, each with its count.")
	}
	for _, w := range e.Withheld {
		if err := w.Cited.check(s.Received.Kind, forCopy); err != nil {
			return false, err
		}
		if w.Items < 1 {
			return false, wrong(domain.ErrInvalid, "count of what is withheld", "Article 15(4): count what is left out on each ground, at least 1.")
		}
	}
	return s.Reviewed != nil && s.Reviewed.On == e.On && slices.Equal(s.Reviewed.Withheld, e.Withheld), nil
}

// Art. 28(3)(a): only the controller decides, before anything is done.
func (e Decided) check(s State) (bool, error) {
	if err := e.Warrant.Valid(); err != nil {
		return false, err
	}
	if s.Decided != nil && e.equal(*s.Decided) {
		return true, nil
	}
	if s.Answered != nil || s.Decided != nil && slices.ContainsFunc(s.Places, func(p PlaceState) bool { return p.Settled != nil || len(p.Orders) > 0 }) {
		return false, wrong(domain.ErrConflict, "another decision", "Article 28(3)(a): the first decision was answered or is being carried out. Open a new case that follows this one.")
	}
	switch e.Outcome {
	case Accepted, Partly, Refused:
	default:
		return false, wrong(domain.ErrInvalid, "outcome of a case", "The controller's decision is accepted, partly or refused.")
	}
	if s.Received.Kind == Complaint {
		if len(e.Grounds)+len(e.Refusals) > 0 {
			return false, wrong(domain.ErrInvalid, "grounds of a complaint", "A complaint is upheld or not; the reasons stand in the letter.")
		}
		return false, nil
	}
	if err := e.accepts(s); err != nil {
		return false, err
	}
	return false, e.refuses(s)
}

// accepts checks what an acceptance in whole or in part needs.
func (e Decided) accepts(s State) error {
	if e.Outcome == Refused {
		if len(e.Grounds) > 0 {
			return wrong(domain.ErrInvalid, "grounds of a refusal", "Name grounds only for what is accepted; a refusal cites why in refusals.")
		}
		return nil
	}
	k := s.Received.Kind
	switch {
	case s.Open(Identity):
		return wrong(domain.ErrConflict, "the person's identity is not confirmed",
			"Articles 5(1)(f), 12(6): confirm who asks before data are given or changed; or refuse on JustificationA12IdentityFailure.")
	case s.Searched.IsZero():
		return wrong(domain.ErrConflict, "decision before a search", "Articles 12(3), 15: find where the person's data are, and record that, be it nowhere.")
	case kinds[k].reviewed && s.Reviewed == nil:
		return wrong(domain.ErrConflict, "copy without a review", "Articles 15(4), 20(4): go through the copy for other people's data before it goes out, and record that.")
	case len(Grounds(k)) > 0 && len(e.Grounds) == 0:
		return wrong(domain.ErrInvalid, "acceptance without a ground",
			"Name the ground the right rests on: Article 17(1)(a) to (f) for erasure, 18(1)(a) to (d) for restriction, 21 for an objection.")
	}
	return allOf(k, e.Grounds)
}

// refuses checks what a refusal in whole or in part needs (Art. 12(4)).
func (e Decided) refuses(s State) error {
	if e.Outcome == Accepted {
		if len(e.Refusals) > 0 {
			return wrong(domain.ErrInvalid, "acceptance with a refusal", "Where something is refused the outcome is partly.")
		}
		return nil
	}
	if len(e.Refusals) == 0 || len(e.Refusals) > MaxListed {
		return wrong(domain.ErrInvalid, "refusal without a ground", "Article 12(4): cite the ground on which the request is refused, for example JustificationA12ManifestlyUnfounded.")
	}
	for _, c := range e.Refusals {
		if err := c.check(s.Received.Kind, forRequest); err != nil {
			return err
		}
		if c.Ground == IdentityFailure && !s.Open(Identity) {
			return wrong(domain.ErrConflict, "identity was not asked for or is confirmed",
				"Articles 12(2), 12(6): ask for proof of identity first; only where it does not come may the request be refused for that.")
		}
	}
	return e.marketing(s)
}

// marketing holds that the objection to direct marketing is absolute (Art. 21(2), 21(3)): nothing overrides it, and only somebody
// who cannot be identified may be refused.
func (e Decided) marketing(s State) error {
	if s.Received.Kind != Objection || !slices.Contains(s.Received.Grounds, DirectMarketing) {
		return nil
	}
	identity := func(c Cited) bool { return c.Ground == IdentityFailure }
	switch {
	case e.Outcome == Refused && slices.ContainsFunc(e.Refusals, identity):
		return nil
	case e.Outcome == Refused:
	case e.Outcome == Partly && !slices.Contains(e.Grounds, DirectMarketing):
	default:
		return nil
	}
	return wrong(domain.ErrConflict, "objection to direct marketing",
		"Article 21(3): the data shall no longer be processed for direct marketing; nothing overrides that. Accept it on A21-2.")
}

func (e Decided) equal(o Decided) bool {
	return e.On == o.On && e.Outcome == o.Outcome && slices.Equal(e.Grounds, o.Grounds) && slices.Equal(e.Refusals, o.Refusals) && e.Warrant.Equal(o.Warrant)
}

// Art. 28(3)(a), 29: a service acts on the controller's decision.
func (e Ordered) check(s State) (bool, error) {
	i, err := s.open(e.Place)
	if err != nil {
		return false, err
	}
	if _, err := domain.ParseID(e.Order); err != nil {
		return false, err
	}
	issued := Issued{e.Order, e.Task}
	if slices.Contains(s.Places[i].Orders, issued) {
		return true, nil
	}
	if slices.ContainsFunc(s.Places, func(p PlaceState) bool {
		return slices.ContainsFunc(p.Orders, func(o Issued) bool { return o.Order == e.Order })
	}) {
		return false, wrong(domain.ErrConflict, "an order's id used twice", "Give each order an id of its own.")
	}
	k := s.Received.Kind
	if e.Task != k.Task() && !(e.Task == Tell && e.Place.Kind == Recipient) {
		return false, wrong(domain.ErrInvalid, "task of an order",
			"Articles 16 to 19, 21: order what was decided: rectify, erase, restrict or stop; tell is for recipients.")
	}
	if s.Places[i].Settled != nil {
		return false, wrong(domain.ErrConflict, "order for a closed place", "Nothing is left to do there.")
	}
	return false, nil
}

// open gives the place's index, where the decision is to be carried out there.
func (s State) open(p Place) (int, error) {
	if !s.Received.Kind.CarriedOut() {
		return 0, wrong(domain.ErrConflict, "nothing is carried out in this kind of case", "Articles 16 to 18 and 21 change what is held; the other cases end with the answer.")
	}
	if !s.carriedOut() {
		return 0, wrong(domain.ErrConflict, "no acceptance to carry out", "Articles 28(3)(a), 29: the controller accepts the request before anything is done.")
	}
	i := s.place(p)
	if i < 0 {
		return 0, wrong(domain.ErrNotFound, "no such place in the case", "Record first that the data were found there.")
	}
	return i, nil
}
