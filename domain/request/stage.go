package request

import "github.com/jigowatt/daybook/domain"

// Stage is where a case stands: what is to be done next.
type Stage string

// The stages.
const (
	Acknowledging Stage = "acknowledging"
	Waiting       Stage = "waiting"
	Finding       Stage = "finding"
	Reviewing     Stage = "reviewing"
	Deciding      Stage = "deciding"
	CarryingOut   Stage = "carrying-out"
	CarriedOut    Stage = "carried-out"
	Answering     Stage = "answering"
	Closing       Stage = "closing"
	IsClosed      Stage = "closed"
	IsRefused     Stage = "refused"
	IsWithdrawn   Stage = "withdrawn"
	IsTransferred Stage = "transferred"
)

var stageWords = map[Stage]string{
	Acknowledging: "Tell the person that the complaint was received.",
	Waiting:       "Wait for what the person was asked for.",
	Finding:       "Find where the person's data are.",
	Reviewing:     "Go through the copy and leave out what is other people's.",
	Deciding:      "The controller decides.",
	CarryingOut:   "Carry the decision out: close every place by its evidence or an exemption.",
	CarriedOut:    "It is carried out everywhere: answer the person.",
	Answering:     "Answer the person.",
	Closing:       "Nothing is left to do: close the case.",
	IsClosed:      "Closed.",
	IsRefused:     "Refused, and closed.",
	IsWithdrawn:   "Withdrawn by the person.",
	IsTransferred: "Handed to the right controller.",
}

// Words says in a sentence what is to be done, or how it ended.
func (st Stage) Words() string { return stageWords[st] }

// Stage gives where the case stands. Steps may be taken before it asks for them.
func (s State) Stage() Stage {
	switch {
	case s.Closed != nil && s.Closed.Outcome == Refused && s.Received.Kind != Complaint:
		return IsRefused
	case s.Closed != nil:
		return IsClosed
	case !s.Withdrawn.IsZero():
		return IsWithdrawn
	case s.Transferred != nil:
		return IsTransferred
	case s.Answered != nil && len(s.Unsettled()) > 0:
		return CarryingOut
	case s.Answered != nil:
		return Closing
	case s.Decided != nil && len(s.Unsettled()) > 0:
		return CarryingOut
	case s.carriedOut():
		return CarriedOut
	case s.Decided != nil:
		return Answering
	case s.Open(Identity) || s.Open(Fee) || s.Open(Clarification):
		return Waiting
	case s.Received.Kind == Complaint:
		if s.Received.Regime == domain.UK && s.Acknowledged.IsZero() {
			return Acknowledging
		}
		return Deciding
	case s.Searched.IsZero():
		return Finding
	case kinds[s.Received.Kind].reviewed && s.Reviewed == nil:
		return Reviewing
	default:
		return Deciding
	}
}
