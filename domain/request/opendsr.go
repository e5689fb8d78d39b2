package request

import "github.com/jigowatt/daybook/domain"

// DSRStatus is a request's status in OpenDSR 2.0.
type DSRStatus string

// The statuses that OpenDSR 2.0 knows.
const (
	DSRPending    DSRStatus = "pending"
	DSRInProgress DSRStatus = "in_progress"
	DSRCompleted  DSRStatus = "completed"
	DSRCancelled  DSRStatus = "cancelled"
)

// KindFromDSR reads OpenDSR's subject_request_type: access, portability or erasure, the three that it knows. It returns ErrInvalid.
func KindFromDSR(kind string) (Kind, error) {
	switch k := Kind(kind); k {
	case Access, Portability, Erasure:
		return k, nil
	default:
		return "", wrong(domain.ErrInvalid, "OpenDSR request type", "OpenDSR 2.0 knows access, portability and erasure.")
	}
}

// DSR gives OpenDSR's subject_request_type, and whether it has one for the kind.
func (k Kind) DSR() (kind string, known bool) {
	_, err := KindFromDSR(string(k))
	if err != nil {
		return "", false
	}
	return string(k), true
}

// DSRStatus gives the case's status in OpenDSR 2.0. That format has no refusal and no part: exact is false where the status says
// less than the case does. A refusal is reported as cancelled, because nothing was carried out, and a part as completed.
func (s State) DSRStatus() (status DSRStatus, exact bool) {
	switch s.Stage() {
	case IsWithdrawn:
		return DSRCancelled, true
	case IsRefused, IsTransferred:
		return DSRCancelled, false
	case IsClosed:
		return DSRCompleted, s.Closed.Outcome == Accepted
	case Finding, Waiting, Acknowledging:
		return DSRPending, true
	default:
		return DSRInProgress, true
	}
}

// RegimeFromDSR reads OpenDSR's regulation. Only gdpr is known here; the controller's own regime says which of the two it is. It
// returns ErrInvalid.
func RegimeFromDSR(regulation string, controllers domain.Regime) (domain.Regime, error) {
	if regulation != "gdpr" {
		return "", wrong(domain.ErrInvalid, "OpenDSR regulation", "Daybook answers requests under the GDPR: regulation gdpr.")
	}
	return domain.ParseRegime(string(controllers))
}
