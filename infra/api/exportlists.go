package api

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jigowatt/daybook/domain"
	"github.com/jigowatt/daybook/infra/export"
	"github.com/jigowatt/daybook/infra/wire"
)

// asked asks for a list with other parameters in the address, so that an export gets what any other caller does.
func asked[T any](c *call, values url.Values, list func(*call) (T, domain.Position, error)) (T, domain.Position, error) {
	one := *c
	one.r, one.releases = c.r.Clone(c.ctx()), nil
	one.r.URL.RawQuery = values.Encode()
	defer one.release()
	return list(&one)
}

func scopeOf(in wire.ExportRequest) url.Values {
	v := url.Values{}
	if in.Controller != "" {
		v.Set("controller", in.Controller)
	}
	if in.Secret {
		v.Set("secret", "show")
	}
	return v
}

// columns reads names with their kinds: a name that ends in # is a number, and in @ a time.
func columns(names ...string) []export.Column {
	list := make([]export.Column, len(names))
	for i, name := range names {
		switch name[len(name)-1] {
		case '#':
			list[i] = export.Column{Name: name[:len(name)-1], Kind: export.Number}
		case '@':
			list[i] = export.Column{Name: name[:len(name)-1], Kind: export.Moment}
		default:
			list[i] = export.Column{Name: name}
		}
	}
	return list
}

func word(s string) export.Cell             { return export.Cell{Text: s} }
func words(list []string) export.Cell       { return export.Cell{Text: strings.Join(list, " ")} }
func number(n uint64) export.Cell           { return export.Cell{Number: n} }
func moment(t time.Time) export.Cell        { return export.Cell{Time: t} }
func optional(n int) export.Cell            { return export.Cell{Number: uint64(n), Empty: n == 0} }
func momentOrNone(t *time.Time) export.Cell { return export.Cell{Time: at(t)} }

func foundCodes(list []wire.Finding) export.Cell {
	texts := make([]string, len(list))
	for i, f := range list {
		texts[i] = f.Code
	}
	return words(texts)
}

var findingColumns = columns("entry#", "time@", "recorded@", "controller", "service", "operation", "instruction", "version#", "basis", "stated",
	"categories", "system", "location", "recipient", "order", "findings", "sentence")

func (e *exporting) findingRows(c *call, in wire.ExportRequest) func(func(export.Row) error) error {
	return func(each func(export.Row) error) error {
		v := scopeOf(in)
		v.Set("limit", "500")
		for {
			page, end, err := asked(c, v, (*call).listFindings)
			if err != nil {
				return err
			}
			e.restsOn(end)
			for _, f := range page.Entries {
				if err := each(export.Row{Value: f, Cells: []export.Cell{
					number(f.Position), moment(f.Time), moment(f.Recorded), word(f.Controller), word(f.Service), word(f.Operation), word(f.Instruction),
					optional(f.Version), word(f.Basis), word(f.Stated), words(f.Categories), word(f.System), word(f.Location), word(f.Recipient),
					word(f.Order), foundCodes(f.Findings), word(f.Sentence),
				}}); err != nil {
					return err
				}
			}
			if page.Next == nil {
				return nil
			}
			v.Set("after", strconv.FormatUint(*page.Next, 10))
		}
	}
}

var recipientColumns = columns("recipient", "name", "kind", "country", "listed", "controller", "first@", "last@", "entries#", "people#", "services",
	"instructions", "operations", "categories", "countries", "safeguards")

func recipientRow(r wire.RecipientSeen) export.Row {
	return export.Row{Value: r, Cells: []export.Cell{
		word(r.Recipient), word(r.Name), word(r.Kind), word(r.Country), word(strconv.FormatBool(r.Listed)), word(r.Controller), moment(r.First), moment(r.Last),
		number(r.Entries), number(r.People), words(r.Services), words(r.Instructions), words(r.Operations), words(r.Categories), words(r.Countries),
		words(r.Safeguards),
	}}
}

func (e *exporting) recipientRows(c *call, in wire.ExportRequest) func(func(export.Row) error) error {
	return func(each func(export.Row) error) error {
		list, end, err := asked(c, scopeOf(in), (*call).recipientsSeen)
		if err != nil {
			return err
		}
		e.restsOn(end)
		for _, r := range list.Recipients {
			if err := each(recipientRow(r)); err != nil {
				return err
			}
		}
		return nil
	}
}

var disclosureColumns = columns("what", "controller", "recipient", "country", "safeguard", "order", "first@", "last@", "entries#", "operations", "categories")

// disclosureRows gives the register of disclosures and transfers: each row says which of the three it is.
func (e *exporting) disclosureRows(c *call, in wire.ExportRequest) func(func(export.Row) error) error {
	return func(each func(export.Row) error) error {
		all, end, err := asked(c, scopeOf(in), (*call).disclosures)
		if err != nil {
			return err
		}
		e.restsOn(end)
		type entry struct {
			What string `json:"what"`
			Of   any    `json:"of"`
		}
		var rows []export.Row
		for _, r := range all.Recipients {
			rows = append(rows, export.Row{Value: entry{"recipient", r}, Cells: []export.Cell{
				word("recipient"), word(r.Controller), word(r.Recipient), words(r.Countries), words(r.Safeguards), {}, moment(r.First), moment(r.Last),
				number(r.Entries), words(r.Operations), words(r.Categories),
			}})
		}
		for _, t := range all.Transfers {
			rows = append(rows, export.Row{Value: entry{"transfer", t}, Cells: []export.Cell{
				word("transfer"), word(t.Controller), word(t.Recipient), word(t.Country), word(t.Safeguard), {}, moment(t.First), moment(t.Last),
				number(t.Entries), words(t.Operations), words(t.Categories),
			}})
		}
		for _, o := range all.Compelled {
			rows = append(rows, export.Row{Value: entry{"court-order", o}, Cells: []export.Cell{
				word("court-order"), word(o.Controller), word(o.Authority), word(o.Jurisdiction), {}, word(o.Order), {}, {}, number(o.Entries), {}, words(o.Given),
			}})
		}
		for _, row := range rows {
			if err := each(row); err != nil {
				return err
			}
		}
		return nil
	}
}

var retentionColumns = columns("due@", "state", "controller", "person", "instruction", "version#", "basis", "system", "service", "categories", "reason",
	"holds", "order", "first@", "newest@", "sentence")

// retentionRows gives what falls due at any time, the longest due first. People are shown masked.
func (e *exporting) retentionRows(c *call, in wire.ExportRequest) func(func(export.Row) error) error {
	return func(each func(export.Row) error) error {
		v := scopeOf(in)
		v.Del("secret")
		v.Set("limit", "500")
		v.Set("by", "9999-12-30")
		for {
			page, end, err := asked(c, v, (*call).retentionDue)
			if err != nil {
				return err
			}
			e.restsOn(end)
			for _, i := range page.Items {
				// The list was asked for as of a day on which all is due.
				if i.Due != nil && i.Due.After(c.now()) && (i.State == "due" || i.State == "overdue") {
					i.State, i.Sentence = "running", "" // the sentence speaks of that day
				}
				person := make([]string, len(i.Person))
				for n, masked := range i.Person {
					person[n] = string(masked)
				}
				if err := each(export.Row{Value: i, Cells: []export.Cell{
					momentOrNone(i.Due), word(i.State), word(i.Controller), words(person), word(i.Instruction), optional(i.Version), word(i.Basis), word(i.System),
					word(i.Service), words(i.Categories), word(i.Reason), words(i.Holds), word(i.Order), moment(i.First), moment(i.Newest), word(i.Sentence),
				}}); err != nil {
					return err
				}
			}
			if page.Next == "" {
				return nil
			}
			v.Set("after", page.Next)
		}
	}
}
