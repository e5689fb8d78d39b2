package request

import "github.com/jigowatt/daybook/domain"

// Noted gives the step with a note, which the caller has sealed under the key of the case's first person.
func Noted(step Step, note domain.Sealed) Step {
	switch e := step.(type) {
	case Received:
		e.Note = note
		return e
	case Assigned:
		e.Note = note
		return e
	case Acknowledged:
		e.Note = note
		return e
	case Asked:
		e.Note = note
		return e
	case Replied:
		e.Note = note
		return e
	case Extended:
		e.Note = note
		return e
	case Found:
		e.Note = note
		return e
	case Reviewed:
		e.Note = note
		return e
	case Decided:
		e.Note = note
		return e
	case Ordered:
		e.Note = note
		return e
	case Settled:
		e.Note = note
		return e
	}
	return notedEnd(step, note)
}

func notedEnd(step Step, note domain.Sealed) Step {
	switch e := step.(type) {
	case Delivered:
		e.Note = note
		return e
	case Answered:
		e.Note = note
		return e
	case Corresponded:
		e.Note = note
		return e
	case Withdrawn:
		e.Note = note
		return e
	case Transferred:
		e.Note = note
		return e
	case Closed:
		e.Note = note
		return e
	case Notified:
		e.Note = note
		return e
	}
	return step
}

// Details gives what every step says: its case, its day, who took it, and the sealed note.
func Details(step Step) Of { return step.of() }
