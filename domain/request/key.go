package request

import "github.com/jigowatt/daybook/domain"

// Key names a case: two controllers' may bear one id.
type Key struct {
	Controller domain.ControllerID
	Case       ID
}

// KeyOf gives the case that a step belongs to.
func KeyOf(s Step) Key { return Key{s.of().Controller, s.of().Case} }
