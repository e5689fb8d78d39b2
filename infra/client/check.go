package client

import (
	"cmp"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/jigowatt/daybook/infra/wire"
)

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// place is what is wrong with the data of an event, and where: what the ledger would refuse later, when nobody waits for the
// answer any more.
type place struct {
	code            wire.Code
	pointer, detail string
}

// word is a member of the data that rests in the clear.
type word struct {
	value, pointer string
	valid          func(string) bool
	required       bool
}

func wrong(pointer, detail string) *place { return &place{wire.InvalidField, pointer, detail} }

func checkAction(a wire.Action) *place {
	if p := checkWords(
		word{a.Operation, "/data/operation", wire.ValidToken[string], true},
		word{a.Instruction, "/data/instruction", wire.ValidName[string], false},
		word{a.System, "/data/system", wire.ValidToken[string], false},
		word{a.From, "/data/from", wire.ValidToken[string], false},
		word{a.Location, "/data/location", wire.ValidCode[string], false},
		word{a.Recipient, "/data/recipient", wire.ValidName[string], false},
		word{a.Order, "/data/order", wire.ValidID[string], false},
		word{a.Announced, "/data/announced", wire.ValidID[string], false},
		word{a.Basis, "/data/basis", wire.ValidCode[string], false},
	); p != nil {
		return p
	}
	if p := cmp.Or(checkSubjects(a.Subjects), checkCategories(a.Categories)); p != nil {
		return p
	}
	if len(a.Details) > wire.MaxDetailsBytes {
		return &place{wire.TooLarge, "/data/details", "details are at most 16 KiB"}
	}
	return nil
}

func checkWords(words ...word) *place {
	for _, w := range words {
		if w.value == "" && !w.required {
			continue
		}
		if !w.valid(w.value) {
			return wrong(w.pointer, "missing, or not of the characters and length that the schema allows")
		}
	}
	return nil
}

func checkSubjects(subjects []string) *place {
	if len(subjects) == 0 {
		return wrong("/data/subjects", "an event concerns at least one person")
	}
	if len(subjects) > wire.MaxSubjects {
		return &place{wire.TooLarge, "/data/subjects", "an event concerns at most 1,000 people"}
	}
	for i, s := range subjects {
		if s == "" || len(s) > wire.MaxSubjectBytes || !utf8.ValidString(s) {
			return wrong("/data/subjects/"+strconv.Itoa(i), "a person is 1 to 289 bytes of kind:value")
		}
	}
	return nil
}

func checkCategories(categories []string) *place {
	if len(categories) > wire.MaxCategories {
		return &place{wire.TooLarge, "/data/categories", "an action names at most 64 categories"}
	}
	if i := slices.IndexFunc(categories, func(s string) bool { return !wire.ValidToken(s) }); i >= 0 {
		return wrong("/data/categories/"+strconv.Itoa(i), "a term has 1 to 64 letters, digits and . _ : / -")
	}
	return nil
}
