package request

import "github.com/jigowatt/daybook/domain"

// PlaceKind is what holds or received a person's data.
type PlaceKind string

// The kinds of places.
const (
	System    PlaceKind = "system"
	Service   PlaceKind = "service"
	Recipient PlaceKind = "recipient"
)

// Place is one place where a person's data are, or a recipient that had them. Two places are one where all members are equal.
type Place struct {
	Kind PlaceKind `json:"kind"`
	// Name is the system's, the service's or the recipient's.
	Name string `json:"name"`
	// Service carries orders out there, where that is not the place itself.
	Service domain.ServiceID `json:"service,omitempty"`
}

const placeHint = "Name each place as kind and name: a system as actions name it, a service or a recipient as the register does."

func (p Place) check() error {
	switch p.Kind {
	case System:
		if domain.ValidText(p.Name) != nil {
			return wrong(domain.ErrInvalid, "name of a system", placeHint)
		}
	case Service, Recipient:
		if _, err := domain.ParseName[domain.ServiceID](p.Name); err != nil {
			return wrong(domain.ErrInvalid, "name of a service or recipient", placeHint)
		}
	default:
		return wrong(domain.ErrInvalid, "kind of a place", "A place is a system, a service or a recipient.")
	}
	if p.Service != "" {
		if _, err := domain.ParseName[domain.ServiceID](string(p.Service)); err != nil {
			return wrong(domain.ErrInvalid, "service of a place", placeHint)
		}
	}
	return nil
}

// How is what closed a place.
type How string

// The ways to close a place.
const (
	ByAction    How = "action"    // a recorded action: the removal, the correction, the restriction
	ByOrder     How = "order"     // the service confirmed the order
	ByTelling   How = "told"      // the recipient was told (Art. 19)
	ByExemption How = "exemption" // a cited provision lets it stay
	ByAbsence   How = "absent"    // there was nothing, or no longer
)

// Words gives the way in plain words.
func (h How) Words() string {
	switch h {
	case ByAction:
		return "the action is recorded"
	case ByOrder:
		return "the service confirmed the order"
	case ByTelling:
		return "the recipient was told"
	case ByExemption:
		return "exempt"
	case ByAbsence:
		return "nothing is held there"
	default:
		return ""
	}
}

// Issued is an order issued for a place.
type Issued struct {
	Order string
	Task  Task
}

// PlaceState is a place and what became of it.
type PlaceState struct {
	Place   Place
	Orders  []Issued
	Settled *Settled // nil while it is open
}
