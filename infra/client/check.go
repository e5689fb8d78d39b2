package client

import (
	"strconv"
	"unicode/utf8"

	"github.com/jigowatt/daybook/infra/wire"
)

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// check refuses here what the ledger would refuse later, when nobody waits for the answer any more.
func check(id string, a wire.Action) error {
	if !wire.ValidID(id) {
		return invalid("", wire.InvalidField, "/id", "an id has 1 to 64 letters, digits and . _ : -")
	}
	words := []struct {
		value, pointer string
		valid          func(string) bool
		required       bool
	}{
		{a.Operation, "/data/operation", wire.ValidToken[string], true},
		{a.Instruction, "/data/instruction", wire.ValidName[string], false},
		{a.System, "/data/system", wire.ValidToken[string], false},
		{a.Location, "/data/location", wire.ValidCode[string], false},
		{a.Recipient, "/data/recipient", wire.ValidName[string], false},
		{a.Order, "/data/order", wire.ValidID[string], false},
		{a.Basis, "/data/basis", wire.ValidCode[string], false},
	}
	for _, w := range words {
		if w.value == "" && !w.required {
			continue
		}
		if !w.valid(w.value) {
			return invalid(id, wire.InvalidField, w.pointer, "missing, or not of the characters and length that the schema allows")
		}
	}
	if len(a.Subjects) == 0 {
		return invalid(id, wire.InvalidField, "/data/subjects", "an action concerns at least one person")
	}
	if len(a.Subjects) > wire.MaxSubjects {
		return invalid(id, wire.TooLarge, "/data/subjects", "an action concerns at most 1,000 people")
	}
	for i, s := range a.Subjects {
		if s == "" || len(s) > wire.MaxSubjectBytes || !utf8.ValidString(s) {
			return invalid(id, wire.InvalidField, "/data/subjects/"+strconv.Itoa(i), "a person is 1 to 289 bytes of kind:value")
		}
	}
	if len(a.Categories) > wire.MaxCategories {
		return invalid(id, wire.TooLarge, "/data/categories", "an action names at most 64 categories")
	}
	for i, s := range a.Categories {
		if !wire.ValidToken(s) {
			return invalid(id, wire.InvalidField, "/data/categories/"+strconv.Itoa(i), "a term has 1 to 64 letters, digits and . _ : / -")
		}
	}
	if len(a.Details) > wire.MaxDetailsBytes {
		return invalid(id, wire.TooLarge, "/data/details", "details are at most 16 KiB")
	}
	return nil
}
