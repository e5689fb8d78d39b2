package cloudevents

import "github.com/jigowatt/daybook/infra/wire"

// intern gives one string for bytes that come again and again: operations, categories, systems. Only what passed as a name or
// token goes through it. A newcomer takes the slot of whatever was there, so it stays as small as it is.
type intern [256]string

func (t *intern) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > wire.MaxTokenBytes {
		return string(b)
	}
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	slot := &t[(h^h>>16)%uint32(len(t))]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
