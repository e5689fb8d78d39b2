package request

import (
	"slices"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/domain/calendar"
)

// The steps between the case and the person.

func (e Assigned) check(s State) (bool, error) {
	if _, err := domain.ParseName[domain.ContactID](string(e.Owner)); err != nil {
		return false, wrong(domain.ErrInvalid, "new owner of a case", "Name the contact who looks after the case from now on.")
	}
	return e.Owner == s.Owner, nil
}

func (e Acknowledged) check(s State) (bool, error) {
	if !s.Acknowledged.IsZero() && s.Acknowledged != e.On {
		return false, wrong(domain.ErrConflict, "the receipt was acknowledged before", "The first acknowledgement counts; nothing is left to record.")
	}
	return s.Acknowledged == e.On, nil
}

func (e Asked) check(s State) (bool, error) {
	if !slices.Contains([]Question{Identity, Fee, Clarification}, e.For) {
		return false, wrong(domain.ErrInvalid, "question to the person", "Articles 12(5) and 12(6): ask for identity, fee or clarification.")
	}
	if s.Open(e.For) {
		w := s.waits(e.For)
		if w[len(w)-1].Asked == e.On {
			return true, nil
		}
		return false, wrong(domain.ErrConflict, "the question is open already",
			"Article 12: a reminder starts no new count. Record the reply to the first question, or decide without it.")
	}
	if w := s.waits(e.For); len(w) > 0 && w[len(w)-1].Came.After(e.On) {
		return false, wrong(domain.ErrInvalid, "a question before the last reply", "Give the day on which the question was put.")
	}
	if s.Decided != nil {
		return false, wrong(domain.ErrConflict, "the controller has decided", "Article 12(6): ask before the controller decides.")
	}
	if e.For == Fee && s.Received.Kind == Complaint {
		return false, wrong(domain.ErrInvalid, "fee for a complaint", "Article 12(5): a fee is for manifestly unfounded or excessive requests; a complaint is free.")
	}
	return false, nil
}

func (e Replied) check(s State) (bool, error) {
	w := s.waits(e.For)
	switch {
	case len(w) == 0:
		return false, wrong(domain.ErrConflict, "nothing was asked", "Article 12(6): record first what the person was asked for, and when.")
	case !s.Open(e.For):
		if e.Enough && w[len(w)-1].Came == e.On {
			return true, nil
		}
		return false, wrong(domain.ErrConflict, "the reply came before", "Article 12(3): the first sufficient reply counts; ask again if more is needed.")
	case e.On.Before(w[len(w)-1].Asked):
		return false, wrong(domain.ErrInvalid, "a reply before its question", "Give the day on which the reply came.")
	}
	return false, nil
}

// Art. 12(3); UK GDPR Art. 12A(3), (4): told with reasons before the first month is over, once.
func (e Extended) check(s State) (bool, error) {
	if s.Extended != nil {
		if e.On == s.Extended.On && e.Months == s.Extended.Months && slices.Equal(e.Reasons, s.Extended.Reasons) {
			return true, nil
		}
		return false, wrong(domain.ErrConflict, "the period was extended before", "Article 12(3): the month can be extended once, by two further months in all.")
	}
	if s.Received.Kind == Complaint {
		return false, wrong(domain.ErrConflict, "extension of a complaint",
			"Article 12(3) extends answers to requests under Articles 15 to 22; a complaint's outcome is told without undue delay.")
	}
	if e.Months < 1 || e.Months > 2 {
		return false, wrong(domain.ErrInvalid, "further months", "Article 12(3): extend by one or two further months.")
	}
	if len(e.Reasons) == 0 {
		return false, wrong(domain.ErrInvalid, "extension without reasons",
			"Article 12(3): tell the person the reasons: JustificationA12Complexity, JustificationA12HighVolume, or both.")
	}
	for i, r := range e.Reasons {
		if r.Words() == "" || slices.Contains(e.Reasons[:i], r) {
			return false, wrong(domain.ErrInvalid, "reason of an extension",
				"Article 12(3): only the complexity and the number of the requests extend the period: JustificationA12Complexity, JustificationA12HighVolume.")
		}
	}
	if s.Answered != nil {
		return false, wrong(domain.ErrConflict, "extension of an answered request", "Article 12(3): the request was answered; there is nothing to extend.")
	}
	if first := s.FirstMonth(); first.Now == calendar.Running && e.On.After(first.Due) {
		return false, wrong(domain.ErrConflict, "extension told after the first month",
			"Article 12(3): the person had to be told of the extension within one month of receipt. Answer now: the first month's limit stands.")
	}
	return false, nil
}

// Art. 12(3), 12(4).
func (e Answered) check(s State) (bool, error) {
	if s.Answered != nil {
		if s.Answered.On == e.On && s.Answered.Remedies == e.Remedies {
			return true, nil
		}
		return false, wrong(domain.ErrConflict, "the person was answered before", "Article 12(3): the first answer counts; open a new case for a further request.")
	}
	if s.Decided == nil {
		return false, wrong(domain.ErrConflict, "answer without a decision",
			"Article 28(3)(a): the controller decides before the person is answered. Record the decision first.")
	}
	if e.On.Before(s.Decided.On) {
		return false, wrong(domain.ErrInvalid, "an answer before its decision", "Give the day on which the person was answered.")
	}
	if s.Decided.Outcome != Accepted && s.Received.Kind != Complaint && !e.Remedies {
		return false, wrong(domain.ErrInvalid, "refusal without remedies",
			"Article 12(4): the answer names the reasons, the complaint to the authority and the judicial remedy. Send it so, and record remedies.")
	}
	return false, nil
}

func (e Delivered) check(s State) (bool, error) {
	switch {
	case s.Delivered == e.On:
		return true, nil
	case !s.Delivered.IsZero():
		return false, wrong(domain.ErrConflict, "delivered to the client before", "The first delivery counts; nothing is left to record.")
	case s.Received.Kind != Complaint && s.Searched.IsZero():
		return false, wrong(domain.ErrConflict, "delivery of nothing", "Article 28(3)(e): find the person's data before you deliver your part to the client.")
	}
	return false, nil
}

func (e Corresponded) check(s State) (bool, error) {
	if s.Received.Kind != Complaint {
		return false, wrong(domain.ErrConflict, "authority's letter in a request",
			"Article 77: open a complaint that follows this case, and record the authority's letters there.")
	}
	if _, err := domain.ParseName[domain.RecipientID](string(e.Authority)); err != nil {
		return false, wrong(domain.ErrInvalid, "authority of a letter", "Article 77: name the authority as the register does, for example ico.")
	}
	if e.Direction != Incoming && e.Direction != Outgoing {
		return false, wrong(domain.ErrInvalid, "direction of a letter", "Say whether the letter came in or went out.")
	}
	if e.Reference != "" && domain.ValidText(e.Reference) != nil {
		return false, wrong(domain.ErrInvalid, "reference of a letter", "Give the authority's reference in 1 to 200 bytes on one line, without names.")
	}
	return slices.ContainsFunc(s.Correspondence, func(o Corresponded) bool {
		return o.On == e.On && o.Authority == e.Authority && o.Direction == e.Direction && o.Reference == e.Reference
	}), nil
}

// Art. 18(3): a restriction that was placed does not end before the person was told.
func (e Withdrawn) check(s State) (bool, error) {
	if s.Withdrawn == e.On {
		return true, nil
	}
	if s.Received.Kind == Restriction && s.carriedOut() && e.Told.IsZero() {
		return false, wrong(domain.ErrConflict, "lifting of a restriction untold",
			"Article 18(3): with the request the restriction ends. Tell the person first, and record the day on which that was as told.")
	}
	return false, e.Of.told(s, e.Told)
}

// told checks the day on which the person was told that a restriction ends with a step.
func (o Of) told(s State, told calendar.Date) error {
	switch {
	case told.IsZero():
		return nil
	case s.Received.Kind != Restriction || !s.carriedOut():
		return wrong(domain.ErrInvalid, "telling of a restriction that was not placed", "Article 18(3): only the end of a restriction is told of; leave told out.")
	case told.After(o.On) || told.Before(s.Decided.On):
		return wrong(domain.ErrInvalid, "day of telling that a restriction ends",
			"Article 18(3): the person is told before the restriction is lifted: after the decision, and at the latest on the day of this step.")
	}
	return nil
}

func (e Transferred) check(s State) (bool, error) {
	switch {
	case s.Transferred != nil:
		return true, nil
	case e.To == e.Controller:
		return false, wrong(domain.ErrInvalid, "transfer to the same controller", "Name the controller the request was meant for, or none where it is no client of ours.")
	case e.To != "":
		if _, err := domain.ParseName[domain.ControllerID](string(e.To)); err != nil {
			return false, err
		}
	}
	if s.Decided != nil {
		return false, wrong(domain.ErrConflict, "transfer after the decision", "Article 28(3)(a): the controller has decided on this case. Answer the person and close it.")
	}
	return false, nil
}
