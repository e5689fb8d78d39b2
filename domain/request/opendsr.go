package request

import (
	"slices"

	"github.com/jigowatt/daybook/domain"
)

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

// Untold gives the callbacks to which the status has not been sent since it changed. That a request was received, its answer has said.
func (s State) Untold() []Notified {
	status, _ := s.DSRStatus()
	var list []Notified
	for _, address := range s.Received.Callbacks {
		last := DSRPending
		for _, n := range s.Notified {
			if n.Callback == address {
				last = n.Status
			}
		}
		if last != status {
			list = append(list, Notified{Of: Of{Controller: s.Received.Controller, Case: s.Received.Case}, Callback: address, Status: status})
		}
	}
	return list
}

func (e Notified) check(s State) (bool, error) {
	if !slices.Contains(s.Received.Callbacks, e.Callback) {
		return false, wrong(domain.ErrConflict, "callback that the request does not name", "Name an address that came with the request.")
	}
	if !slices.Contains([]DSRStatus{DSRPending, DSRInProgress, DSRCompleted, DSRCancelled}, e.Status) {
		return false, wrong(domain.ErrInvalid, "OpenDSR status", "OpenDSR 2.0 knows pending, in_progress, completed and cancelled.")
	}
	return slices.ContainsFunc(s.Notified, func(n Notified) bool {
		return n.Callback == e.Callback && n.Status == e.Status && n.Delivered == e.Delivered
	}), nil
}

// RegimeFromDSR reads OpenDSR's regulation. Only gdpr is known here; the controller's own regime says which of the two it is. It
// returns ErrInvalid.
func RegimeFromDSR(regulation string, controllers domain.Regime) (domain.Regime, error) {
	if regulation != "gdpr" {
		return "", wrong(domain.ErrInvalid, "OpenDSR regulation", "Daybook answers requests under the GDPR: regulation gdpr.")
	}
	return domain.ParseRegime(string(controllers))
}
