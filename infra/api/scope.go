package api

import (
	"slices"
	"time"

	"github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/problem"
	"github.com/jigowatt/daybook/infra/wire"
)

// scoped describes parameters that narrow a list down to a name of the register.
func scoped(names ...string) []*huma.Param {
	var list []*huma.Param
	for _, name := range names {
		list = append(list, query(name, "string", "Of this "+name+" only; of all by default."))
	}
	return list
}

// secret describes the parameter that shows what the law forbids telling the controller and the person.
func secret() *huma.Param {
	return &huma.Param{
		Name: "secret", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"show"}},
		Description: "show includes what was done under orders that the law forbids telling of: for the processor and the regulator, " +
			"never for the controller or a person. It needs Daybook-Actor and Daybook-Reason, and is recorded.",
	}
}

// countedSecret is the parameter of lists that count secret entries, too.
func countedSecret() *huma.Param {
	return &huma.Param{
		Name: "secret", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"show", "count"}},
		Description: "count says how much the law forbids telling of and is left out; show shows it. Both are for the processor and the " +
			"regulator, never for the controller or a person. They need Daybook-Actor and Daybook-Reason, and are recorded.",
	}
}

// asksForSecret reads that parameter: nothing, "show" or "count".
func (c *call) asksForSecret() (string, error) {
	asked := c.query("secret")
	if asked != "" && asked != "show" && asked != "count" {
		return "", problem.New(wire.InvalidField, "secret is neither show nor count", "Write secret=show or secret=count, or leave it out.")
	}
	return asked, nil
}

// parameter reads a name of the register from the query string, empty where it is not there.
func parameter[T ~string](c *call, in string) (T, error) {
	text := c.query(in)
	if text == "" {
		return "", nil
	}
	n, err := domain.ParseName[T](text)
	return n, errors.Wrapf(err, "parameter %s", errors.Safe(in))
}

// day reads a day in UTC from the query string, zero where it is not there.
func (c *call) day(in string) (time.Time, error) {
	text := c.query(in)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, problem.New(wire.InvalidField, "a day of the address is none", "Write days as 2026-11-23.")
	}
	return t, nil
}

// sees says whether the answer shows what the law forbids telling the controller and the person.
func (c *call) sees() (bool, error) {
	switch c.query("secret") {
	case "":
		return false, nil
	case "show":
		return true, nil
	}
	return false, problem.New(wire.InvalidField, "secret is not show", "Write secret=show, or leave it out.")
}

// masked gives the identifiers of a person who was found by what is recorded of them, masked at the last moment, so that no key
// leaves the ledger for them.
func (c *call) masked(keys ...domain.SubjectKey) (names []wire.Text, forgotten bool, err error) {
	for _, key := range keys {
		ids, err := c.api.cfg.Vault.Identifiers(c.ctx(), key)
		if errors.Is(err, domain.ErrForgotten) {
			forgotten = true
			continue
		}
		if err != nil {
			return nil, false, errors.Wrap(err, "identifiers of a person in a list")
		}
		for _, id := range ids {
			if masked := wire.Text(id.Masked().Reveal()); !slices.Contains(names, masked) {
				names = append(names, masked)
			}
		}
	}
	return names, forgotten, nil
}
