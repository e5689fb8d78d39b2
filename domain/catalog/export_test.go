package catalog

import "github.com/jigowatt/daybook/domain"

// General reads an event by the general decoder alone.
func General(b []byte) (domain.Event, error) { return decodeGeneral(b) }

// Canonical reads an event by the short way alone.
func Canonical(b []byte) (domain.Event, bool) { return new(Decoder).canonicalAction(b) }
