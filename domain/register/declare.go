package register

import (
	"reflect"
	"slices"
	"time"

	"github.com/cockroachdb/errors"

	"github.com/jigowatt/daybook/domain"
)

// MaxReportsWithin bounds the time in which a service may report: ten years, for the import of old logs.
const MaxReportsWithin = 10 * 366 * 24 * time.Hour

// Decide gives the event, or none where the same is declared. It returns domain.ErrInvalid.
func (c ProcessorDeclared) Decide(s State) ([]domain.Fact, error) {
	if err := errors.CombineErrors(domain.ValidText(c.Name), optional(c.Registration)); err != nil {
		return nil, errors.Wrap(err, "processor")
	}
	if len(c.Measures) > domain.MaxListed || len(c.Territory) == 0 || len(c.Territory) > domain.MaxListed {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "processor lists"),
			"List the territory, and at most 64 measures of Article 32.")
	}
	for _, measure := range c.Measures {
		if err := domain.ValidText(measure); err != nil {
			return nil, errors.Wrap(err, "measure")
		}
	}
	if s.Processor != nil && s.Processor.equal(c) {
		return nil, nil
	}
	return []domain.Fact{c}, nil
}

// equal compares list for list: an empty list and none are written alike, so they are one.
func (c ProcessorDeclared) equal(o ProcessorDeclared) bool {
	return c.Name == o.Name && c.Registration == o.Registration && c.Regime == o.Regime &&
		slices.Equal(c.Territory, o.Territory) && slices.Equal(c.Measures, o.Measures)
}

// Decide gives the event, or none where the same is declared. It returns domain.ErrInvalid.
func (c ControllerDeclared) Decide(s State) ([]domain.Fact, error) {
	if c.Controller == Itself {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "reserved controller name"),
			"The name daybook stands for the processor itself; give the controller another.")
	}
	if err := domain.ValidText(c.Name); err != nil {
		return nil, errors.Wrapf(err, "controller %s", c.Controller)
	}
	if c.Nation != "" && c.Country != "GB" {
		return nil, errors.WithHint(errors.Wrapf(domain.ErrInvalid, "nation of controller %s", c.Controller),
			"A nation is one of the United Kingdom: the controller's country is GB then.")
	}
	if len(c.Callbacks) > MaxCallbacks {
		return nil, errors.WithHint(errors.Wrap(domain.ErrInvalid, "number of callbacks"), "Declare at most 8 addresses of a controller.")
	}
	for _, address := range c.Callbacks {
		if err := callback(address); err != nil {
			return nil, errors.Wrapf(err, "controller %s", c.Controller)
		}
	}
	if known, is := s.Controllers[c.Controller]; is && known.equal(c) {
		return nil, nil
	}
	return []domain.Fact{c}, nil
}

func (c ControllerDeclared) equal(o ControllerDeclared) bool {
	return c.Controller == o.Controller && c.Name == o.Name && c.Regime == o.Regime && c.Country == o.Country && c.Nation == o.Nation && slices.Equal(c.Callbacks, o.Callbacks)
}

// Decide gives the event, or none where the same is declared. It returns domain.ErrInvalid, and domain.ErrNotFound where the
// controller was never declared.
func (c ServiceDeclared) Decide(s State) ([]domain.Fact, error) {
	if _, known := s.Controllers[c.Controller]; !known {
		return nil, errors.Wrapf(domain.ErrNotFound, "controller %s of a service", c.Controller)
	}
	if err := domain.ValidText(c.Name); err != nil {
		return nil, errors.Wrapf(err, "service %s", c.Service)
	}
	if c.ReportsWithin <= 0 || c.ReportsWithin > int64(MaxReportsWithin/time.Second) {
		return nil, errors.WithHint(errors.Wrapf(domain.ErrInvalid, "reporting time of %s", c.Service),
			"A service reports within more than nothing and at most ten years.")
	}
	return changed(s.Services[ServiceKey{c.Controller, c.Service}], c), nil
}

// Decide gives the event, or none where the same is declared. It returns domain.ErrInvalid.
func (c RecipientDeclared) Decide(s State) ([]domain.Fact, error) {
	if err := errors.CombineErrors(domain.ValidText(c.Name), optional(c.Contract)); err != nil {
		return nil, errors.Wrapf(err, "recipient %s", c.Recipient)
	}
	switch c.Kind {
	case SubProcessor, OtherController, Authority, ThirdParty:
	default:
		return nil, errors.WithHint(errors.Wrapf(domain.ErrInvalid, "kind of recipient %s", c.Recipient),
			"Article 4(8)-(10): a recipient is a sub-processor, controller, authority or third-party.")
	}
	if c.Safeguard != "" && !domain.ValidSafeguard(c.Safeguard) {
		return nil, errors.WithHint(errors.Wrapf(domain.ErrInvalid, "safeguard of recipient %s", c.Recipient),
			"Articles 45-49: name the safeguard as DPV does, for example A45-3 or A46-2-c.")
	}
	return changed(s.Recipients[c.Recipient], c), nil
}

// Decide gives the event, or none where the same is declared. It returns domain.ErrInvalid, and domain.ErrNotFound where the
// controller or a recipient was never declared.
func (c AuthorisationDeclared) Decide(s State) ([]domain.Fact, error) {
	if _, known := s.Controllers[c.Controller]; !known {
		return nil, errors.Wrapf(domain.ErrNotFound, "controller %s of an authorisation", c.Controller)
	}
	if c.Mode != General && c.Mode != Specific {
		return nil, errors.WithHint(errors.Wrapf(domain.ErrInvalid, "authorisation of %s", c.Controller),
			"Article 28(2): a controller authorises sub-processors in general or specific terms.")
	}
	for _, r := range append(slices.Clone(c.Authorised), c.Refused...) {
		if _, known := s.Recipients[r]; !known {
			return nil, errors.WithHint(errors.Wrapf(domain.ErrNotFound, "recipient %s of an authorisation", r), "Declare the recipient.")
		}
	}
	if old, known := s.Authorisations[c.Controller]; known && reflect.DeepEqual(old, c) {
		return nil, nil
	}
	return []domain.Fact{c}, nil
}

// Decide gives the event, or none where the same is declared: the caller hands in the details that are already sealed where
// they did not change. It returns domain.ErrInvalid.
func (c ContactDeclared) Decide(s State) ([]domain.Fact, error) {
	if err := domain.ValidText(c.Role); err != nil {
		return nil, errors.Wrapf(err, "role of contact %s", c.Contact)
	}
	if old, known := s.Contacts[ContactKey{c.Controller, c.Contact}]; known && reflect.DeepEqual(old.ContactDeclared, c) {
		return nil, nil
	}
	return []domain.Fact{c}, nil
}

func changed[T interface {
	comparable
	domain.Fact
}](old, declared T) []domain.Fact {
	if old == declared {
		return nil
	}
	return []domain.Fact{declared}
}

func optional(s string) error {
	if s == "" {
		return nil
	}
	return domain.ValidText(s)
}
